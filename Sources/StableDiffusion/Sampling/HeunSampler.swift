internal import Torch

/// Heun's method (Karras et al. 2022, arXiv 2206.00364, algorithm 1); the numbers are those of
/// diffusers' `HeunDiscreteScheduler`.
final class HeunSampler: Sampler {
    private var steps: SecondOrderSteps
    private let clipped: ClippedPrediction?
    private var start: (latents: Tensor, derivative: Tensor)?

    init(_ configuration: SchedulerConfiguration, stepCount: Int) throws(SamplerError) {
        steps = try SecondOrderSteps(configuration, stepCount: stepCount, sampler: .heun) { $1 }
        // Files of other classes mean their own samplers, of latents on another scale.
        var own = configuration
        own.usesThresholding = false
        clipped =
            configuration.className == SamplerKind.heun.className
            ? ClippedPrediction(own, clips: true) : nil
    }

    var timesteps: [Double] { steps.timesteps }
    var initialNoiseScale: Double { steps.initialNoiseScale }

    func scaledInput(_ latents: Tensor, step: Int) -> Tensor {
        steps.scaledInput(latents, call: step)
    }

    func step(
        _ modelOutput: Tensor, step: Int, latents: Tensor, noise: (_ shape: [Int]) -> Tensor
    ) -> Tensor {
        let latents = steps.exact(latents, call: step)
        let predicted = steps.clean(modelOutput, latents: latents, call: step)
        let clean = clipped?(predicted) ?? predicted
        let derivative = (latents - clean) / steps.sigma(step)
        let width = steps.sigmas[step / 2 + 1] - steps.sigmas[step / 2]
        guard step % 2 == 1, let start else {
            start = (latents, derivative)
            return steps.rounded(latents + derivative * width)
        }
        return steps.rounded(start.latents + (start.derivative + derivative) / 2 * width)
    }
}
