public import Torch

/// IA³: every input or every output of a layer gets a factor (Liu et al. 2022, arXiv 2205.05638,
/// section 3.3), as LyCORIS' `modules/ia3.py` lays it over weights: the bias stays.
public final class ScaleAdapter: LayerAdapter {
    /// Which weights share a factor.
    public enum Axis: Sendable {
        case output
        case input
    }

    /// The factors less 1, `[outputs]` or `[inputs]` elements.
    public let factors: Tensor
    /// Which weights share one.
    public let axis: Axis
    /// How much the change counts: 1 is what was trained.
    public var strength = 1.0

    /// An adapter from stored factors less 1, of any shape.
    public init(factors: Tensor, axis: Axis) {
        self.factors = factors
        self.axis = axis
    }

    /// What is trained, by the name that LyCORIS gives it.
    public var parameters: [(name: String, tensor: Tensor)] { [("weight", factors)] }

    /// The change at full strength, in the shape of the weight.
    public func weightDifference(_ weight: Tensor) -> Tensor {
        let kept = axis == .output ? 0 : 1
        let shape = (0..<weight.rank).map { $0 == kept ? factors.count : 1 }
        return weight.cast(to: .float32) * factors.reshaped(shape)
    }
}
