internal import Torch

/// DPM-Solver-2 in the form of Karras et al. 2022 (arXiv 2206.00364, algorithm 2 without churn),
/// with the middle of a step by the logarithm; the numbers are those of diffusers'
/// `KDPM2DiscreteScheduler`.
final class DPM2Sampler: Sampler {
    private var steps: SecondOrderSteps
    private var start: Tensor?

    init(_ configuration: SchedulerConfiguration, stepCount: Int) throws(SamplerError) {
        steps = try SecondOrderSteps(
            configuration, stepCount: stepCount, sampler: .dpm2, roundsKarras: true,
            second: SecondOrderSteps.middle)
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
        let clean = steps.clean(modelOutput, latents: latents, call: step)
        let derivative = (latents - clean) / steps.sigma(step)
        let sigma = steps.sigmas[step / 2]
        guard step % 2 == 1, let start else {
            start = latents
            let end = step / 2 < steps.seconds.count ? steps.seconds[step / 2] : 0
            return steps.rounded(latents + derivative * (end - sigma))
        }
        return steps.rounded(start + derivative * (steps.sigmas[step / 2 + 1] - sigma))
    }
}
