public import Torch

/// GLoRA: a low-rank change, and a low-rank map of the layer's own weights (Chavan et al. 2023,
/// arXiv 2306.07967), of which LyCORIS' `modules/glora.py` has these two terms.
///
/// `(weight · a1 · a2 + b1 · b2) · alpha / rank`, `a1` and `a2` on the side of the inputs.
public final class GeneralizedAdapter: LayerAdapter {
    /// `[inputs, rank]`.
    public let a1: Tensor
    /// `[rank, inputs]`.
    public let a2: Tensor
    /// `[outputs, rank]`.
    public let b1: Tensor
    /// `[rank, inputs · height · width]`.
    public let b2: Tensor
    /// Divided by the rank it is the factor of the change.
    public let alpha: Double
    /// How much the change counts: 1 is what was trained.
    public var strength = 1.0

    /// - Parameter alpha: nil: the rank, which makes the factor 1.
    public init(a1: Tensor, a2: Tensor, b1: Tensor, b2: Tensor, alpha: Double? = nil) {
        self.a1 = a1
        self.a2 = a2
        self.b1 = b1
        self.b2 = b2
        self.alpha = alpha ?? Double(b2.size(0))
    }

    /// The thin axis.
    public var rank: Int { b2.size(0) }

    /// What is trained, by the names that LyCORIS gives it.
    public var parameters: [(name: String, tensor: Tensor)] {
        [("a1.weight", a1), ("a2.weight", a2), ("b1.weight", b1), ("b2.weight", b2)]
    }

    /// The change at full strength, in the shape of the weight.
    public func weightDifference(_ weight: Tensor) -> Tensor {
        let (outputs, inputs) = (weight.size(0), weight.size(1))
        // [outputs, inputs, area] → [outputs, area, inputs], so that the maps are on the last axis.
        let own = weight.cast(to: .float32).reshaped(outputs, inputs, -1).transposed(1, 2)
        let mapped = own.matmul(a1).matmul(a2).transposed(1, 2).reshaped(weight.shape)
        return (mapped + b1.matmul(b2).reshaped(weight.shape)) * (alpha / Double(rank))
    }
}
