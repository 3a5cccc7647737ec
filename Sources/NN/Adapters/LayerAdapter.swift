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

    /// What the change adds to the layer's output.
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
    /// The layer's map of the weights' difference; adapters that know a shorter way have their own.
    public func outputDifference(
        _ input: Tensor, weight: Tensor, layer: (_ input: Tensor, _ weight: Tensor) -> Tensor
    ) -> Tensor {
        layer(input, weightDifference(weight) * strength)
    }
}

/// A layer with weights that adapters can change: a linear map or a convolution.
public protocol AdaptableLayer: AnyObject {
    /// `[outputs, inputs]` or `[outputs, inputs, height, width]`.
    var weight: Tensor { get }
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
            return sum + adapter.outputDifference(input, weight: weight, layer: layer)
        }
    }

    /// Puts the adapters' changes into the weights, which need no adapter then.
    public func mergeAdapters() {
        withoutGradients {
            for adapter in adapters {
                let difference = adapter.weightDifference(weight) * adapter.strength
                weight.copy(from: weight + difference.cast(to: weight.dtype))
            }
        }
        adapters = []
    }
}
