public import Torch

/// Losses by row, and the weights of rows. Everything that weighs rows is a vector with a number
/// for each, so that all of it can be multiplied.
public enum Losses {
    /// The mean square error of each row.
    ///
    /// - Parameters:
    ///   - output: what the network said, `[rows, …]`, of any dtype; compared in fp32.
    ///   - target: what it should have said, of the same shape.
    /// - Returns: float32 `[rows]`.
    public static func squaredErrors(_ output: Tensor, _ target: Tensor) -> Tensor {
        let difference = output.cast(to: .float32) - target.cast(to: .float32)
        return difference.squared().mean(Array(1..<difference.rank))
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
    /// - Parameter areClass: for each row, whether it is a class picture.
    public static func priorWeights(areClass: [Bool], priorWeight: Double) -> [Double] {
        let classCount = areClass.count { $0 }
        let instanceCount = areClass.count - classCount
        return areClass.map { $0 ? priorWeight / Double(classCount) : 1 / Double(instanceCount) }
    }
}
