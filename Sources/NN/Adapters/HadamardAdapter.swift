public import Torch

/// LoHa: the elementwise product of two low-rank matrices (Hyeon-Woo et al. 2021,
/// arXiv 2108.06098, proposition 2; the factors' names are those of LyCORIS).
public final class HadamardAdapter: LayerAdapter {
    /// One of the two matrices as its factors.
    public struct Factors {
        /// `[outputs, rank]`; with a core `[rank, outputs]`.
        public let a: Tensor
        /// `[rank, inputs · height · width]`; with a core `[rank, inputs]`.
        public let b: Tensor
        /// `[rank, rank, height, width]`: a Tucker core.
        public let core: Tensor?

        /// Factors; see the members.
        public init(a: Tensor, b: Tensor, core: Tensor? = nil) {
            self.a = a
            self.b = b
            self.core = core
        }

        func product(_ shape: [Int]) -> Tensor {
            core.map { tucker($0, a, b).reshaped(shape) } ?? a.matmul(b).reshaped(shape)
        }
    }

    /// The first matrix.
    public let first: Factors
    /// The second matrix.
    public let second: Factors
    /// Divided by the rank it is the factor of the change.
    public let alpha: Double
    /// How much the change counts: 1 is what was trained.
    public var strength = 1.0

    /// - Parameter alpha: nil: the rank.
    public init(first: Factors, second: Factors, alpha: Double? = nil) {
        self.first = first
        self.second = second
        self.alpha = alpha ?? Double(first.b.size(0))
    }

    /// The thin axis of both.
    public var rank: Int { first.b.size(0) }

    /// What is trained, by the names that LyCORIS and kohya give it.
    public var parameters: [(name: String, tensor: Tensor)] {
        var result: [(name: String, tensor: Tensor)] = []
        for (name, number, factors) in [
            ("hada_w1", "hada_t1", first), ("hada_w2", "hada_t2", second),
        ] {
            if let core = factors.core { result.append((number, core)) }
            result.append(("\(name)_a", factors.a))
            result.append(("\(name)_b", factors.b))
        }
        return result
    }

    /// The change at full strength, in the shape of the weight.
    public func weightDifference(_ weight: Tensor) -> Tensor {
        first.product(weight.shape) * second.product(weight.shape) * (alpha / Double(rank))
    }
}
