internal import Torch

/// DPM-Solver++ of the stochastic equation with two calls a step; the numbers are those of
/// k-diffusion's `sample_dpmpp_sde`, and of diffusers' `DPMSolverSDEScheduler`, for the same noise.
final class DPMPlusPlusSDESampler: Sampler {
    private var steps: SecondOrderSteps
    private var start: Tensor?
    private let pieces: [BrownianPiece?]
    let brownianRange: ClosedRange<Float>?

    init(_ configuration: SchedulerConfiguration, stepCount: Int) throws(SamplerError) {
        steps = try SecondOrderSteps(
            configuration, stepCount: stepCount, sampler: .dpmPlusPlusSDE,
            second: SecondOrderSteps.middle)
        let sigmas = steps.sigmas.map { Float($0) }
        brownianRange = BrownianPiece.range(of: sigmas)
        pieces = DPMPlusPlusSDESampler.pieces(sigmas.filter { $0 > 0 })
    }

    /// Of every call: to the middle of the step, then all of it.
    ///
    /// The reference goes by logarithms and back, in fp32, one at a time, and the last bit of a sigma
    /// counts.
    private static func pieces(_ sigmas: [Float]) -> [BrownianPiece?] {
        func back(_ time: Float) -> Float { Float((-Tensor([time])).exp().item()) }
        let times: [Float] = sigmas.map { Float((-Tensor([$0]).log()).item()) }
        var result: [BrownianPiece?] = []
        for (time, next) in zip(times, times.dropFirst()) {
            let middle = time + (next - time) * 0.5
            result.append(BrownianPiece(from: back(time), to: back(middle)))
            result.append(BrownianPiece(from: back(time), to: back(next)))
        }
        return result + [nil]
    }

    var timesteps: [Double] { steps.timesteps }
    var initialNoiseScale: Double { steps.initialNoiseScale }
    func brownianPiece(step: Int) -> BrownianPiece? { pieces[step] }

    func scaledInput(_ latents: Tensor, step: Int) -> Tensor {
        steps.scaledInput(latents, call: step)
    }

    func step(
        _ modelOutput: Tensor, step: Int, latents: Tensor, noise: (_ shape: [Int]) -> Tensor
    ) -> Tensor {
        let latents = steps.exact(latents, call: step)
        let clean = steps.clean(modelOutput, latents: latents, call: step)
        let (sigma, next) = (steps.sigmas[step / 2], steps.sigmas[step / 2 + 1])
        guard next > 0 else { return steps.rounded(clean) }
        if step % 2 == 0 { start = latents }
        let parts = AncestralStep(from: sigma, to: step % 2 == 0 ? steps.seconds[step / 2] : next)
        let share = parts.down / sigma
        return steps.rounded(
            share * (start ?? latents) + (1 - share) * clean + noise(latents.shape) * parts.up)
    }
}
