internal import Torch

/// Euler's method with fresh noise after every step, as k-diffusion's `sample_euler_ancestral` has
/// it; the numbers are those of diffusers' `EulerAncestralDiscreteScheduler`.
final class EulerAncestralSampler: Sampler {
    let timesteps: [Double]
    let initialNoiseScale: Double
    private let sigmas: [Float]
    private let predictionType: PredictionType

    init(_ configuration: SchedulerConfiguration, stepCount: Int) throws(SamplerError) {
        let sampler = SamplerKind.eulerAncestral
        guard configuration.predictionType != .sample else {
            throw .unsupported(
                key: "prediction_type", value: "sample", sampler: sampler.rawValue,
                expected: "epsilon or v_prediction")
        }
        let steps = try EulerSteps(configuration, stepCount: stepCount, sampler: sampler)
        let spaced = steps.spaced(configuration, readsKeys: false)
        timesteps = spaced.timesteps
        sigmas = spaced.sigmas + [0]
        predictionType = configuration.predictionType
        initialNoiseScale = EulerSteps.initialNoiseScale(sigmas, configuration)
    }

    func scaledInput(_ latents: Tensor, step: Int) -> Tensor {
        latents / Double((sigmas[step] * sigmas[step] + 1).squareRoot())
    }

    func step(
        _ modelOutput: Tensor, step: Int, latents: Tensor, noise: (_ shape: [Int]) -> Tensor
    ) -> Tensor {
        let (sigma, next) = (sigmas[step], sigmas[step + 1])
        let parts = AncestralStep(from: Double(sigma), to: Double(next))

        let clean = predictionType.clean(
            modelOutput.cast(to: .float32), latents: latents, sigma: sigma)
        let derivative = (latents - clean) / Double(sigma)
        // The last step draws too, and multiplies by zero: the generator must move on.
        return latents + derivative * (parts.down - Double(sigma))
            + noise(latents.shape) * parts.up
    }
}
