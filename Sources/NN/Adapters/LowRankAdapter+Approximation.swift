public import Torch

extension LowRankAdapter {
    /// The adapter of a rank that comes nearest to a difference of weights (Eckart and Young 1936),
    /// with alpha equal to the rank.
    ///
    /// The roots of the singular values go to both factors, so that neither is much larger.
    ///
    /// - Parameters:
    ///   - difference: `[outputs, inputs]` or `[outputs, inputs, height, width]`.
    ///   - rank: at most the smaller side of the difference as a matrix; more is cut to that.
    public static func approximating(_ difference: Tensor, rank: Int) -> LowRankAdapter {
        withoutGradients {
            let shape = difference.shape
            let matrix = difference.cast(to: .float32).reshaped(shape[0], -1)
            let (u, s, v) = matrix.singularValues()
            let kept = min(rank, s.count)
            let roots = s.narrowed(0, start: 0, length: kept).squareRoot()
            let up = u.narrowed(1, start: 0, length: kept) * roots.unsqueezed(0)
            let down = v.narrowed(0, start: 0, length: kept) * roots.unsqueezed(1)
            return LowRankAdapter(
                down: down.reshaped([kept] + shape.dropFirst()).copied(),
                up: up.reshaped([shape[0], kept] + shape.dropFirst(2).map { _ in 1 }).copied())
        }
    }
}
