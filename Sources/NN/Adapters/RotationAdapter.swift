public import Torch

/// OFT and BOFT: the layer's outputs are rotated in blocks (Qiu et al. 2023, arXiv 2306.07280,
/// section 4; Liu et al. 2023, arXiv 2311.06243, section 4), as LyCORIS and kohya store it.
///
/// A rotation is the Cayley transform of a block's antisymmetric part: `(I + Q) · (I − Q)⁻¹`.
public final class RotationAdapter: LayerAdapter {
    /// How far the blocks may turn: the norm that all of them together have at most.
    public enum Constraint: Sendable, Equatable {
        case none
        /// Kohya's and LyCORIS' alpha, which is multiplied by the number of outputs.
        case perOutput(Double)
    }

    /// `[blocks, size, size]`; for BOFT `[stages, blocks, size, size]`.
    public let blocks: Tensor
    /// A factor for every output, `[outputs]` elements; nil: 1.
    public let rescale: Tensor?
    /// How far the blocks may turn.
    public let constraint: Constraint
    /// How much the change counts, as a difference of weights: 1 is what was trained.
    public var strength = 1.0
    private lazy var rotations = makeRotations()

    /// An adapter from stored blocks, which are not trained: the rotations are computed once.
    public init(blocks: Tensor, rescale: Tensor? = nil, constraint: Constraint = .none) {
        self.blocks = blocks
        self.rescale = rescale
        self.constraint = constraint
    }

    /// What is trained, by the names that LyCORIS gives it.
    public var parameters: [(name: String, tensor: Tensor)] {
        [("oft_blocks", blocks)] + (rescale.map { [("rescale", $0)] } ?? [])
    }

    /// The number of outputs that the blocks are for.
    public var outputCount: Int { blocks.size(-3) * blocks.size(-2) }

    /// The change at full strength, in the shape of the weight.
    public func weightDifference(_ weight: Tensor) -> Tensor {
        let base = weight.cast(to: .float32)
        let rows = base.reshaped(base.size(0), -1)
        var turned =
            blocks.rank == 4 ? butterfly(rows) : blockwise(rotations.transposed(1, 2), rows)
        if let rescale { turned = turned * rescale.reshaped(-1, 1) }
        return turned.reshaped(base.shape) - base
    }

    /// Multiplies each block of rows by its matrix.
    private func blockwise(_ matrices: Tensor, _ rows: Tensor) -> Tensor {
        let grouped = rows.reshaped(matrices.size(0), matrices.size(1), -1)
        return matrices.matmul(grouped).reshaped(rows.shape)
    }

    /// Stage i turns rows that are 2ⁱ half blocks apart. Reference: `_diff_weight` in LyCORIS'
    /// `functional/boft.py`.
    private func butterfly(_ rows: Tensor) -> Tensor {
        let (count, width) = (rows.size(0), rows.size(1))
        var result = rows
        for stage in 0..<blocks.size(0) {
            let distance = (blocks.size(2) / 2) << stage
            let paired = result.reshaped(count / (2 * distance), 2, distance, width)
                .transposed(1, 2).reshaped(count, width)
            result = blockwise(rotations.selected(0, stage), paired)
                .reshaped(count / (2 * distance), distance, 2, width)
                .transposed(1, 2).reshaped(count, width)
        }
        return result
    }

    private func makeRotations() -> Tensor {
        withoutGradients {
            // On the processor and in 64 bits: files of large blocks turn far.
            let stored = blocks.detached().converted(to: .float64, device: .cpu)
            let axes = (stored.rank - 2, stored.rank - 1)
            var q = stored - stored.transposed(axes.0, axes.1)
            if case .perOutput(let alpha) = constraint {
                let (norm, limit) = (q.norm().item() + 1e-8, alpha * Double(outputCount))
                if norm > limit { q = q * (limit / norm) }
            }
            let size = stored.size(-1)
            let identity = Tensor(
                (0..<size * size).map { Float($0 % (size + 1) == 0 ? 1 : 0) },
                shape: [size, size], device: stored.device
            ).cast(to: .float64)
            let inverse = Self.inverse(identity - q, identity)
            return (identity + q).matmul(inverse).converted(to: .float32, device: blocks.device)
        }
    }

    /// The inverse of `I − Q` by Newton's iteration (Schulz 1933). Of an antisymmetric Q every
    /// singular value of it is 1 or more, so it converges from here in a few steps.
    private static func inverse(_ matrix: Tensor, _ identity: Tensor) -> Tensor {
        let axes = [matrix.rank - 2, matrix.rank - 1]
        // At least the square of the largest singular value.
        let bound = matrix.norm(axes, keepsAxes: true).squared()
        var inverse = matrix.transposed(axes[0], axes[1]) / bound
        for _ in 0..<100 {
            let error = identity - matrix.matmul(inverse)
            if error.abs().maximum().item() < 1e-10 { break }
            inverse = inverse + inverse.matmul(error)
        }
        return inverse
    }
}
