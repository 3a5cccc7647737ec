public import Torch

/// Losses by row, and the weights of rows. Everything that weighs rows is a vector with a number
/// for each, so that all of it can be multiplied.
public enum Losses {
    /// The mean square error of each row.
    ///
    /// - Parameters:
    ///   - output: what the network said, `[rows, …]`, of any dtype; compared in fp32.
    ///   - target: what it should have said, of the same shape.
    ///   - weights: what each square is multiplied by before the mean over all of them is taken, as
    ///     kohya's masked loss does it; a shape that broadcasts, nil: 1.
    /// - Returns: float32 `[rows]`.
    public static func squaredErrors(
        _ output: Tensor, _ target: Tensor, weights: Tensor? = nil
    ) -> Tensor {
        let squares = (output.cast(to: .float32) - target.cast(to: .float32)).squared()
        return rowMeans(squares, weights: weights)
    }

    /// The mean cost of each row.
    ///
    /// - Parameters:
    ///   - costs: of every value, `[rows, …]`.
    ///   - weights: as in ``squaredErrors(_:_:weights:)``.
    public static func rowMeans(_ costs: Tensor, weights: Tensor? = nil) -> Tensor {
        (weights.map { costs * $0 } ?? costs).mean(Array(1..<costs.rank))
    }

    /// The sum of the rows' losses, each times its weight.
    public static func weighted(_ rows: Tensor, by weights: [Double]) -> Tensor {
        precondition(rows.count == weights.count, "\(weights.count) weights for \(rows) rows")
        let vector = Tensor(weights.map(Float.init), device: rows.device)
        return (rows * vector).sum()
    }

    /// Weights that make the mean over the instance rows, plus `priorWeight` times the mean over
    /// the class rows (Ruiz et al. 2022, arXiv 2208.12242, equation 2).
    ///
    /// - Parameters:
    ///   - areClass: for each row, whether it is a class picture.
    ///   - counts: of how many rows the means are; nil: of those that are here.
    public static func priorWeights(
        areClass: [Bool], priorWeight: Double, counts: (instances: Int, classes: Int)? = nil
    ) -> [Double] {
        let classCount = counts?.classes ?? areClass.count { $0 }
        let instanceCount = counts?.instances ?? areClass.count - classCount
        return areClass.map { $0 ? priorWeight / Double(classCount) : 1 / Double(instanceCount) }
    }
}
