/// Debiased estimation (Yu et al. 2023, arXiv 2310.08442): timesteps with much noise, which decide
/// what a picture shows, weigh more.
public enum DebiasedEstimation {
    /// What a signal-to-noise ratio counts as, at most.
    public static let largestRatio = 1000.0

    /// The weight of one row, as kohya's `apply_debiased_estimation` has it: 1 / √snr for a
    /// prediction of the noise and 1 / (snr + 1) for one of the velocity.
    ///
    /// A prediction of the picture has 1 / snr times the error of the noise, hence √snr here; kohya
    /// does not know it.
    ///
    /// - Parameters:
    ///   - signalToNoise: of the row's timestep, α² / σ²; infinity is allowed, and 0 where the
    ///     noise is not what is predicted.
    public static func weight(signalToNoise: Double, prediction: PredictionType) -> Double {
        let ratio = min(signalToNoise, largestRatio)
        switch prediction {
        case .epsilon: return 1 / ratio.squareRoot()
        case .vPrediction: return 1 / (ratio + 1)
        case .sample: return ratio.squareRoot()
        }
    }
}
