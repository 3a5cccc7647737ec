import Foundation
public import Settings
public import StableDiffusion
public import Torch

/// What a difference between one value of the prediction and of its target costs.
///
/// With d the difference and c the row's threshold, as kohya's `train_util.conditional_loss` and
/// diffusers' scheduled Huber loss have it:
///
///     l2         d²
///     huber      2c (√(d² + c²) - c)
///     smooth_l1  2 (√(d² + c²) - c)
///
/// Both grow like a square near 0 and like |d| far from it, so that outliers in the photos pull
/// less (Khrapov et al. 2024, arXiv 2403.16728).
public struct LossFunction: Sendable, Equatable {
    /// The shape of the cost.
    public typealias Kind = LossKind
    /// How the threshold depends on the timestep.
    public typealias Schedule = HuberSchedule

    /// The shape of the cost.
    public let kind: Kind
    /// c, greater than 0.
    public let threshold: Double
    /// How c depends on the timestep.
    public let schedule: Schedule

    /// A function; see the members. The defaults are those of kohya's trainer.
    public init(_ kind: Kind = .l2, threshold: Double = 0.1, schedule: Schedule = .snr) {
        self.kind = kind
        self.threshold = threshold
        self.schedule = schedule
    }

    /// The threshold at a timestep of a noise schedule.
    public func threshold(at timestep: Int, of noise: NoiseSchedule) -> Double {
        switch schedule {
        case .constant: return threshold
        case .exponential:
            return exp(Double(timestep) / Double(noise.trainingStepCount) * log(threshold))
        case .snr:
            let signal = Double(noise.alphasCumulative[timestep])
            // Infinite where there is noise alone: what is left is c.
            let sigma = ((1 - signal) / signal).squareRoot()
            return (1 - threshold) / ((1 + sigma) * (1 + sigma)) + threshold
        }
    }

    /// The cost of every value.
    ///
    /// - Parameters:
    ///   - output: what the network said, `[rows, …]`, of any dtype; compared in fp32.
    ///   - target: what it should have said, of the same shape.
    ///   - timesteps: one per row.
    /// - Returns: float32, of the same shape.
    public func callAsFunction(
        _ output: Tensor, _ target: Tensor, timesteps: [Int], of noise: NoiseSchedule
    ) -> Tensor {
        let difference = output.cast(to: .float32) - target.cast(to: .float32)
        if kind == .l2 { return difference.squared() }
        let values = timesteps.map { Float(threshold(at: $0, of: noise)) }
        let shape = [values.count] + Array(repeating: 1, count: difference.rank - 1)
        let limits = Tensor(values, shape: shape).moved(to: difference.device)
        let cost = ((difference.squared() + limits.squared()).squareRoot() - limits) * 2
        return kind == .huber ? cost * limits : cost
    }
}

extension TrainingConfiguration {
    /// What an error costs.
    var lossFunction: LossFunction {
        LossFunction(lossType, threshold: huberC, schedule: huberSchedule)
    }
}
