internal import Torch

/// Song et al. 2020 (arXiv 2010.02502, equations 12 and 16); the numbers are those of diffusers'
/// `DDIMScheduler`.
final class DDIMSampler: Sampler {
    private let schedule: DiscreteSchedule
    private let predictionType: PredictionType
    private let clipped: ClippedPrediction
    private let stride: Int
    private let finalSignal: Float
    private let eta: Float

    init(
        _ configuration: SchedulerConfiguration, stepCount: Int, eta: Double
    ) throws(SamplerError) {
        schedule = try DiscreteSchedule(configuration, stepCount: stepCount, sampler: .ddim)
        predictionType = configuration.predictionType
        clipped = ClippedPrediction(configuration, clips: true)
        stride = configuration.trainingStepCount / stepCount
        finalSignal = configuration.setsAlphaToOne ?? true ? 1 : schedule.alphas[0]
        self.eta = Float(eta)
    }

    var timesteps: [Double] { schedule.timesteps.map { Double($0) } }

    func step(
        _ modelOutput: Tensor, step: Int, latents: Tensor, noise: (_ shape: [Int]) -> Tensor
    ) -> Tensor {
        let timestep = schedule.timesteps[step]
        // Always one stride on, which with `linspace` and `trailing` is not quite the next step.
        let next = timestep - stride
        let signal = schedule.alphas[timestep]
        let nextSignal = next >= 0 ? schedule.alphas[next] : finalSignal
        let spread = 1 - signal
        let nextSpread = 1 - nextSignal
        let signalRoot = Double(signal.squareRoot())
        let spreadRoot = Double(spread.squareRoot())

        let output = modelOutput.cast(to: .float32)
        let predicted = predictionType.clean(
            output, latents: latents, signal: signal, spread: spread)
        let predictedNoise =
            switch predictionType {
            case .epsilon: output
            case .sample: (latents - signalRoot * predicted) / spreadRoot
            case .vPrediction: signalRoot * output + spreadRoot * latents
            }

        let variance = nextSpread / spread * (1 - signal / nextSignal)
        // With few training steps the variance at the end can round to just below 0.
        let deviation = eta * max(variance, 0).squareRoot()
        let direction = max(nextSpread - deviation * deviation, 0).squareRoot()
        let result =
            Double(nextSignal.squareRoot()) * clipped(predicted)
            + Double(direction) * predictedNoise
        return eta > 0 ? result + Double(deviation) * noise(latents.shape) : result
    }
}
