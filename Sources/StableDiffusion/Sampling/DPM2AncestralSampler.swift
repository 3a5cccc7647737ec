internal import Torch

/// DPM-Solver-2 with fresh noise after every step, as k-diffusion's `sample_dpm_2_ancestral` has
/// it; the numbers are those of diffusers' `KDPM2AncestralDiscreteScheduler`.
final class DPM2AncestralSampler: Sampler {
    private var steps: SecondOrderSteps
    private var start: Tensor?

    init(_ configuration: SchedulerConfiguration, stepCount: Int) throws(SamplerError) {
        // With all of the noise fresh, the middle of the way down is, by the logarithm, the step's
        // own end.
        steps = try SecondOrderSteps(
            configuration, stepCount: stepCount, sampler: .dpm2Ancestral, roundsKarras: true
        ) { $1 }
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
        let parts = AncestralStep(from: sigma, to: steps.sigmas[step / 2 + 1])
        return steps.rounded(
            start + derivative * (parts.down - sigma) + noise(latents.shape) * parts.up)
    }
}
