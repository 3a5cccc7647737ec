/// Min-SNR weighting (Hang et al. 2023, arXiv 2303.09556, section 3.4): timesteps with little
/// noise, which are many and easy, weigh less.
public enum MinimumSNR {
    /// The weight of one row.
    ///
    /// The paper weighs the prediction of the picture with min(snr, γ). A prediction of the noise
    /// has snr times that error, one of the velocity snr + 1 times, so they are divided by it.
    ///
    /// - Parameters:
    ///   - signalToNoise: of the row's timestep, α² / σ²; 0 and infinity are allowed, as a
    ///     schedule with zero terminal SNR has them.
    ///   - gamma: γ, greater than 0.
    /// - Returns: a finite weight.
    public static func weight(
        signalToNoise: Double, gamma: Double, prediction: PredictionType
    ) -> Double {
        let capped = min(signalToNoise, gamma)
        switch prediction {
        case .epsilon:
            // The limit at 0 is 1, where the quotient itself is 0 / 0.
            return signalToNoise <= gamma ? 1 : gamma / signalToNoise
        case .vPrediction:
            return capped / (signalToNoise + 1)
        case .sample:
            return capped
        }
    }
}
