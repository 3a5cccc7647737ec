import NN
import StableDiffusion
import Torch

/// Layers whose weights have changes in them, with what they were before.
///
/// Taking a change off by subtracting it would leave its rounding errors behind; so layers are made
/// anew of their own weights whenever something is put on or taken off.
final class MergedLayers {
    private struct Original {
        let weight: Tensor
        let bias: Tensor?
        var attached: [any LayerAdapter] = []
    }

    private let keepsOriginals: Bool
    private var originals: [ObjectIdentifier: Original] = [:]
    private var isLaid = false

    init(keepsOriginals: Bool) { self.keepsOriginals = keepsOriginals }

    /// Gives the layers of the sets in `touched` the changes that the sets in `stacked` have for
    /// them, and no others.
    func lay(_ stacked: [AdapterSet], over touched: [AdapterSet]) {
        precondition(keepsOriginals || !isLaid, "the stack keeps no originals")
        isLaid = isLaid || !touched.isEmpty
        let changes = Dictionary(
            uniqueKeysWithValues: AdapterSet.byLayer(stacked).map {
                (ObjectIdentifier($0.layer), $0.adapters)
            })
        for (layer, _) in AdapterSet.byLayer(touched) {
            let key = ObjectIdentifier(layer)
            restore(layer)
            guard let adapters = changes[key] else { continue }
            if adapters.allSatisfy(layer.canMerge) {
                if keepsOriginals {
                    originals[key] = Original(
                        weight: layer.weight.detached().copied(),
                        bias: layer.bias?.detached().copied())
                }
                layer.merge(adapters)
            } else {
                // Beside each other, since each of them is a change of the layer's own weights.
                originals[key] = Original(weight: layer.weight, bias: nil, attached: adapters)
                layer.adapters += adapters
            }
        }
    }

    private func restore(_ layer: any AdaptableLayer) {
        guard let original = originals.removeValue(forKey: ObjectIdentifier(layer)) else { return }
        guard original.attached.isEmpty else {
            layer.adapters.removeAll { old in original.attached.contains { $0 === old } }
            return
        }
        withoutGradients {
            layer.weight.copy(from: original.weight)
            if let bias = original.bias { layer.bias?.copy(from: bias) }
        }
    }
}
