internal import Torch

/// DPM-Solver++(2S) (Lu et al. 2022, arXiv 2211.01095, algorithm 1) with fresh noise after every
/// step; the numbers are those of k-diffusion's `sample_dpmpp_2s_ancestral`.
final class DPMPlusPlus2SAncestralSampler: Sampler {
    private var steps: SecondOrderSteps
    private var start: Tensor?

    init(_ configuration: SchedulerConfiguration, stepCount: Int) throws(SamplerError) {
        // With all of the noise fresh, the middle of the way down is, by the logarithm, the step's
        // own end.
        steps = try SecondOrderSteps(
            configuration, stepCount: stepCount, sampler: .dpmPlusPlus2SAncestral
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
        let (sigma, next) = (steps.sigmas[step / 2], steps.sigmas[step / 2 + 1])
        // The last step, to zero noise, ends at what is clean.
        guard next > 0 else { return steps.rounded(clean) }
        guard step % 2 == 1, let start else {
            start = latents
            return steps.rounded(moved(latents, to: steps.seconds[step / 2] / sigma, clean))
        }
        let parts = AncestralStep(from: sigma, to: next)
        return steps.rounded(
            moved(start, to: parts.down / sigma, clean) + noise(latents.shape) * parts.up)
    }

    /// Towards the clean latents, until this share of the noise is left.
    private func moved(_ latents: Tensor, to share: Double, _ clean: Tensor) -> Tensor {
        share * latents + (1 - share) * clean
    }
}
