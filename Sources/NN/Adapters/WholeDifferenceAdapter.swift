public import Torch

/// A difference of weights stored whole, as LyCORIS' `full` algorithm does.
public final class WholeDifferenceAdapter: LayerAdapter {
    /// In the shape of the layer's weight.
    public let difference: Tensor
    /// How much the change counts: 1 is what was trained.
    public var strength = 1.0

    /// The change that adds this difference.
    public init(_ difference: Tensor) { self.difference = difference }

    /// What is trained, by the names that LyCORIS and kohya give it.
    public var parameters: [(name: String, tensor: Tensor)] { [("diff", difference)] }

    /// The change at full strength, in the shape of the weight.
    public func weightDifference(_ weight: Tensor) -> Tensor { difference.reshaped(weight.shape) }
}
