public import Torch

/// LoKr: a Kronecker product, its factors whole or of low rank (Edalati et al. 2022,
/// arXiv 2212.10650, equation 4; names and factorization are those of LyCORIS).
public final class KroneckerAdapter: LayerAdapter {
    /// A factor of the product.
    public enum Factor {
        case whole(Tensor)
        /// `a · b`, `[outputs, rank]` and `[rank, inputs · height · width]`.
        case lowRank(a: Tensor, b: Tensor)
        /// A Tucker core and its factors `[rank, outputs]` and `[rank, inputs]`.
        case tucker(core: Tensor, a: Tensor, b: Tensor)

        func parameters(_ number: Int) -> [(name: String, tensor: Tensor)] {
            let name = "lokr_w\(number)"
            switch self {
            case .whole(let tensor): return [(name, tensor)]
            case .lowRank(let a, let b): return [("\(name)_a", a), ("\(name)_b", b)]
            case .tucker(let core, let a, let b):
                return [("lokr_t\(number)", core), ("\(name)_a", a), ("\(name)_b", b)]
            }
        }

        /// The factor as one tensor.
        public var product: Tensor {
            switch self {
            case .whole(let tensor): tensor
            case .lowRank(let a, let b): a.matmul(b)
            case .tucker(let core, let a, let b): NN.tucker(core, a, b)
            }
        }

        /// The thin axis; nil where it is whole.
        public var rank: Int? {
            switch self {
            case .whole: nil
            case .lowRank(_, let b): b.size(0)
            case .tucker(_, _, let b): b.size(0)
            }
        }
    }

    /// The outer factor, `[a, c]`.
    public let first: Factor
    /// The inner factor, `[b, d]` or `[b, d, height, width]`.
    public let second: Factor
    /// Divided by the rank it is the factor of the change; without effect where both are whole.
    public let alpha: Double
    /// How much the change counts: 1 is what was trained.
    public var strength = 1.0

    /// - Parameter alpha: nil: the rank.
    public init(first: Factor, second: Factor, alpha: Double? = nil) {
        self.first = first
        self.second = second
        self.alpha = alpha ?? Double(second.rank ?? first.rank ?? 1)
    }

    /// The thin axis of what is of low rank; nil where both factors are whole.
    public var rank: Int? { second.rank ?? first.rank }

    /// What is trained, by the names that LyCORIS and kohya give it.
    public var parameters: [(name: String, tensor: Tensor)] {
        first.parameters(1) + second.parameters(2)
    }

    /// The change at full strength, in the shape of the weight.
    public func weightDifference(_ weight: Tensor) -> Tensor {
        let product = kronecker(first.product, second.product, shape: weight.shape)
        return rank.map { product * (alpha / Double($0)) } ?? product
    }

    /// The two numbers whose product is `dimension`: the largest divisor up to `factor` (for −1 the
    /// largest up to the square root) and the rest, the smaller one first.
    ///
    /// Source: `factorization` in LyCORIS' `functional/general.py`.
    public static func factorization(_ dimension: Int, factor: Int = -1) -> (Int, Int) {
        if factor > 0, dimension % factor == 0 {
            return (min(factor, dimension / factor), max(factor, dimension / factor))
        }
        let limit = factor < 0 ? dimension : factor
        var (small, large) = (1, dimension)
        var length = small + large
        while small < large {
            var next = small + 1
            while dimension % next != 0 { next += 1 }
            let rest = dimension / next
            if next + rest > length || next > limit { break }
            (small, large) = (next, rest)
            length = next + rest
        }
        return (min(small, large), max(small, large))
    }
}

/// The Kronecker product of `[a, c]` and `[b, d, …]`, its axes after the first joined or not, as
/// `[a · b, c · d, …]`.
private func kronecker(_ outer: Tensor, _ inner: Tensor, shape: [Int]) -> Tensor {
    let left = outer.reshaped(outer.size(0), 1, outer.size(1), 1, 1)
    let right = inner.reshaped(1, inner.size(0), 1, shape[1] / outer.size(1), -1)
    return (left * right).reshaped(shape)
}
