public import Torch

/// A difference of weights stored whole, as LyCORIS' `full` and `norm` algorithms do.
public final class WholeDifferenceAdapter: LayerAdapter {
    /// In the shape of the layer's weight.
    public let difference: Tensor
    /// How much the change counts: 1 is what was trained.
    public var strength = 1.0
    private let name: String

    /// The change that adds this difference.
    ///
    /// - Parameter name: what files call it: `diff` for layers, `w_norm` for norms.
    public init(_ difference: Tensor, name: String = "diff") {
        self.difference = difference
        self.name = name
    }

    /// What is trained, by the names that LyCORIS and kohya give it.
    public var parameters: [(name: String, tensor: Tensor)] { [(name, difference)] }

    /// The change at full strength, in the shape of the weight.
    public func weightDifference(_ weight: Tensor) -> Tensor { difference.reshaped(weight.shape) }
}
