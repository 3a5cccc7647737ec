internal import Torch

/// DPM-Solver-2 with fresh noise after every step, as k-diffusion's `sample_dpm_2_ancestral` has
/// it; the numbers are those of diffusers' `KDPM2AncestralDiscreteScheduler`.
final class DPM2AncestralSampler: Sampler {
    private let steps: SecondOrderSteps
    private var start: Tensor?

    init(_ configuration: SchedulerConfiguration, stepCount: Int) throws(SamplerError) {
        // With all of the noise fresh that is the step's own end; in fp32, only nearly, and the
        // reference stands there.
        steps = try SecondOrderSteps(
            configuration, stepCount: stepCount, sampler: .dpm2Ancestral, roundsKarras: true
        ) { SecondOrderSteps.middle($0, AncestralStep(from: $0, to: $1).down) }
    }

    var timesteps: [Double] { steps.timesteps }
    var initialNoiseScale: Double { steps.initialNoiseScale }

    func scaledInput(_ latents: Tensor, step: Int) -> Tensor {
        steps.scaledInput(latents, call: step)
    }

    func step(
        _ modelOutput: Tensor, step: Int, latents: Tensor, noise: (_ shape: [Int]) -> Tensor
    ) -> Tensor {
        let clean = steps.clean(modelOutput, latents: latents, call: step)
        let derivative = (latents - clean) / Double(steps.sigma(step))
        let sigma = steps.sigmas[step / 2]
        if step % 2 == 0 {
            start = latents
            let end = step / 2 < steps.seconds.count ? steps.seconds[step / 2] : 0
            return latents + derivative * Double(end - sigma)
        }
        let parts = AncestralStep(from: sigma, to: steps.sigmas[step / 2 + 1])
        return (start ?? latents) + derivative * Double(parts.down - sigma)
            + noise(latents.shape) * Double(parts.up)
    }
}
