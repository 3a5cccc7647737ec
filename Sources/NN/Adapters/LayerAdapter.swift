public import Torch

/// A trained change to one layer, whose own weights stay as they are.
public protocol LayerAdapter: AnyObject {
    /// How much the change counts: 1 is what was trained, 0 is none.
    var strength: Double { get set }

    /// What is trained, under the names that files give it after the layer's own.
    var parameters: [(name: String, tensor: Tensor)] { get }

    /// The change at full strength as a difference of weights.
    ///
    /// - Parameter weight: the layer's own, in any dtype.
    /// - Returns: in the shape of the weight, in the dtype of the adapter's parameters.
    func weightDifference(_ weight: Tensor) -> Tensor

    /// The change of the layer's bias at full strength, `[outputs]`; nil: none.
    var biasDifference: Tensor? { get }

    /// What the change of the weights adds to the layer's output.
    ///
    /// - Parameters:
    ///   - input: what the layer gets.
    ///   - weight: the layer's own.
    ///   - layer: the layer's map with other weights in place of its own, without bias.
    func outputDifference(
        _ input: Tensor, weight: Tensor, layer: (_ input: Tensor, _ weight: Tensor) -> Tensor
    ) -> Tensor
}

extension LayerAdapter {
    /// Most adapters leave the bias alone.
    public var biasDifference: Tensor? { nil }

    /// The layer's map of the weights' difference; adapters that know a shorter way have their own.
    public func outputDifference(
        _ input: Tensor, weight: Tensor, layer: (_ input: Tensor, _ weight: Tensor) -> Tensor
    ) -> Tensor {
        layer(input, weightDifference(weight) * strength)
    }
}

/// A layer with weights that adapters can change: a linear map, a convolution or a norm.
public protocol AdaptableLayer: AnyObject {
    /// `[outputs, inputs]` or `[outputs, inputs, height, width]`; a norm's is `[channels]`.
    var weight: Tensor { get }
    /// `[outputs]`; nil where the layer has none.
    var bias: Tensor? { get }
    /// The changes in force; their effects add up.
    var adapters: [any LayerAdapter] { get set }
}

extension AdaptableLayer {
    /// What the layer gives, with what the adapters change.
    ///
    /// - Parameter map: the layer's map with these weights and this bias, in the dtype of the input
    ///   but where an adapter asks.
    func adapted(
        _ input: Tensor, _ weight: Parameter, _ bias: Parameter?,
        _ map: (_ input: Tensor, _ weight: Tensor, _ bias: Tensor?) -> Tensor
    ) -> Tensor {
        let used = weight.used(with: input)
        let output = map(input, used, bias?.used(with: input))
        guard !adapters.isEmpty else { return output }
        // Adapters have the weights as they are where that can be, unrounded.
        let own = weight.tensor.device == input.device ? weight.tensor : used
        return adapters.reduce(output) { sum, adapter in
            guard adapter.strength != 0 else { return sum }
            let difference = adapter.outputDifference(input, weight: own) { input, weight in
                map(input, weight.cast(to: input.dtype), nil)
            }
            let moved = sum + difference
            guard let bias = adapter.biasDifference else { return moved }
            // The channels of a picture are its second axis, those of anything else the last.
            let shape = output.rank == 4 ? [1, -1, 1, 1] : [-1]
            return moved + (bias * adapter.strength).cast(to: output.dtype).reshaped(shape)
        }
    }

    /// Whether weights and bias can take the change up: a layer without bias has no place for one.
    public func canMerge(_ adapter: any LayerAdapter) -> Bool {
        bias != nil || adapter.biasDifference == nil
    }

    /// Puts changes into the weights and the bias, which need no adapters then.
    ///
    /// All of them are changes of the weights as they are now, so that the layer computes what it
    /// would with all of them in force, in whatever order they are given. What is merged by a
    /// second call is a change of the weights that the first one left: DoRA, OFT, GLoRA and IA³
    /// depend on them.
    ///
    /// - Parameter adapters: they need not be in force.
    /// - Precondition: a layer whose bias is to change has one; see ``canMerge(_:)``.
    public func merge(_ adapters: [any LayerAdapter]) {
        precondition(adapters.allSatisfy(canMerge), "a layer without bias cannot take one up")
        guard !adapters.isEmpty else { return }
        withoutGradients {
            // Rounded once, at the end: in half precision a small change could be lost otherwise.
            var changed = weight.cast(to: .float32)
            var moved = bias?.cast(to: .float32)
            for adapter in adapters {
                let change = adapter.weightDifference(weight) * adapter.strength
                changed = changed + change.cast(to: .float32)
                guard let before = moved, let difference = adapter.biasDifference else { continue }
                let shift = (difference * adapter.strength).cast(to: .float32)
                moved = before + shift.reshaped(before.shape)
            }
            weight.copy(from: changed)
            if let moved { bias?.copy(from: moved) }
        }
    }
}
