import Foundation
internal import Torch

/// DPM-Solver++ of the stochastic equation with two calls a step; the numbers are those of
/// k-diffusion's `sample_dpmpp_sde`, and of diffusers' `DPMSolverSDEScheduler`, for the same noise.
///
/// Both halves of a step see one Brownian path in sigma. As a path is only ever asked for what
/// comes next, it is drawn as it goes, from the picture's own generator.
final class DPMPlusPlusSDESampler: Sampler {
    private let steps: SecondOrderSteps
    private var start: (latents: Tensor, path: Tensor?)?

    init(_ configuration: SchedulerConfiguration, stepCount: Int) throws(SamplerError) {
        steps = try SecondOrderSteps(
            configuration, stepCount: stepCount, sampler: .dpmPlusPlusSDE,
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
        let clean = steps.clean(modelOutput, latents: latents, call: step)
        let (sigma, next) = (steps.sigmas[step / 2], steps.sigmas[step / 2 + 1])
        guard next > 0 else { return clean }
        let middle = steps.seconds[step / 2]
        if step % 2 == 0 {
            let path = noise(latents.shape) * Double((sigma - middle).squareRoot())
            start = (latents, path)
            return moved(latents, from: sigma, to: middle, clean, path)
        }
        var path = noise(latents.shape) * Double((middle - next).squareRoot())
        if let before = start?.path { path = before + path }
        return moved(start?.latents ?? latents, from: sigma, to: next, clean, path)
    }

    /// - Parameter path: how far the Brownian motion went; its variance is the sigmas' difference.
    private func moved(
        _ latents: Tensor, from sigma: Float, to next: Float, _ clean: Tensor, _ path: Tensor
    ) -> Tensor {
        let parts = AncestralStep(from: sigma, to: next)
        let share = parts.down / sigma
        let scale = parts.up / (sigma - next).squareRoot()
        return Double(share) * latents + Double(1 - share) * clean + path * Double(scale)
    }
}
