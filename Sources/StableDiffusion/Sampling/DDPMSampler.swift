internal import Torch

/// Ancestral sampling of Ho et al. 2020 (arXiv 2006.11239, equation 7), over a part of the steps;
/// the numbers are those of diffusers' `DDPMScheduler`.
final class DDPMSampler: Sampler {
    private enum Variance { case small, smallLogarithm, large }

    private let schedule: DiscreteSchedule
    private let predictionType: PredictionType
    private let clipped: ClippedPrediction
    private let variance: Variance

    init(_ configuration: SchedulerConfiguration, stepCount: Int) throws(SamplerError) {
        schedule = try DiscreteSchedule(configuration, stepCount: stepCount, sampler: .ddpm)
        predictionType = configuration.predictionType
        clipped = ClippedPrediction(configuration, clips: true)
        switch configuration.varianceType ?? "fixed_small" {
        case "fixed_small": variance = .small
        case "fixed_small_log": variance = .smallLogarithm
        case "fixed_large": variance = .large
        case let other:
            throw .unsupported(
                key: "variance_type", value: other, sampler: SamplerKind.ddpm.rawValue,
                expected: "fixed_small, fixed_small_log or fixed_large")
        }
    }

    var timesteps: [Double] { schedule.timesteps.map { Double($0) } }

    func step(
        _ modelOutput: Tensor, step: Int, latents: Tensor, noise: (_ shape: [Int]) -> Tensor
    ) -> Tensor {
        let isLast = step == schedule.timesteps.count - 1
        let signal = schedule.alphas[schedule.timesteps[step]]
        let nextSignal = isLast ? 1 : schedule.alphas[schedule.timesteps[step + 1]]
        let spread = 1 - signal
        let nextSpread = 1 - nextSignal
        let kept = signal / nextSignal
        let added = 1 - kept

        let clean = clipped(
            predictionType.clean(
                modelOutput.cast(to: .float32), latents: latents, signal: signal, spread: spread))
        let cleanWeight = nextSignal.squareRoot() * added / spread
        let latentWeight = kept.squareRoot() * nextSpread / spread
        let mean = Double(cleanWeight) * clean + Double(latentWeight) * latents

        guard schedule.timesteps[step] > 0 else { return mean }
        let small = max(nextSpread / spread * added, 1e-20)
        let deviation =
            switch variance {
            case .small, .smallLogarithm: small.squareRoot()
            case .large: added.squareRoot()
            }
        return mean + noise(latents.shape) * Double(deviation)
    }
}

extension PredictionType {
    /// The clean latents that a prediction stands for, where `latents` are
    /// `sqrt(signal) * clean + sqrt(spread) * noise`.
    func clean(_ prediction: Tensor, latents: Tensor, signal: Float, spread: Float) -> Tensor {
        let (signalRoot, spreadRoot) = (signal.squareRoot(), spread.squareRoot())
        return switch self {
        case .epsilon: (latents - Double(spreadRoot) * prediction) / Double(signalRoot)
        case .sample: prediction
        case .vPrediction: Double(signalRoot) * latents - Double(spreadRoot) * prediction
        }
    }
}
