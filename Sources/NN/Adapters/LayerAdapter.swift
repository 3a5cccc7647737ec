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
    /// Adds what the adapters change to what the layer gives without them.
    func adapted(
        _ output: Tensor, _ input: Tensor, _ layer: (_ input: Tensor, _ weight: Tensor) -> Tensor
    ) -> Tensor {
        adapters.reduce(output) { sum, adapter in
            guard adapter.strength != 0 else { return sum }
            let moved = sum + adapter.outputDifference(input, weight: weight, layer: layer)
            guard let bias = adapter.biasDifference else { return moved }
            // The channels of a picture are its second axis, those of anything else the last.
            let shape = output.rank == 4 ? [1, -1, 1, 1] : [-1]
            return moved + (bias * adapter.strength).cast(to: output.dtype).reshaped(shape)
        }
    }

    /// Puts the adapters' changes into the weights, which need no adapter then.
    ///
    /// - Precondition: a layer whose bias is to change has one; see ``canMerge(_:)``.
    public func mergeAdapters() {
        for adapter in adapters { merge(adapter) }
        adapters = []
    }

    /// Whether weights and bias can take the change up: a layer without bias has no place for one.
    public func canMerge(_ adapter: any LayerAdapter) -> Bool {
        bias != nil || adapter.biasDifference == nil
    }

    /// Puts one change into the weights and the bias; it need not be in force.
    public func merge(_ adapter: any LayerAdapter) {
        precondition(canMerge(adapter), "a layer without bias cannot take one up")
        withoutGradients {
            let change = adapter.weightDifference(weight) * adapter.strength
            weight.copy(from: weight.cast(to: .float32) + change.cast(to: .float32))
            guard let bias, let difference = adapter.biasDifference else { return }
            let moved = (difference * adapter.strength).cast(to: .float32).reshaped(bias.shape)
            bias.copy(from: bias.cast(to: .float32) + moved)
        }
    }
}
