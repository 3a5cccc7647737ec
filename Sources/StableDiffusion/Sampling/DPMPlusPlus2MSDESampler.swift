import Foundation
internal import Torch

/// DPM-Solver++(2M) of the stochastic equation (Lu et al. 2022, arXiv 2211.01095); the numbers are
/// those of diffusers' `DPMSolverMultistepScheduler` with `sde-dpmsolver++`, and of k-diffusion's
/// `sample_dpmpp_2m_sde`, whose noise is Brownian.
final class DPMPlusPlus2MSDESampler: Sampler {
    let timesteps: [Double]
    private let sigmas: [Float]
    private let pieces: [BrownianPiece?]
    private let clipped: ClippedPrediction
    private let configuration: SchedulerConfiguration
    private var previousClean: Tensor?

    init(_ configuration: SchedulerConfiguration, stepCount: Int) throws(SamplerError) {
        try DPMPlusPlus2MSampler.check(configuration, sampler: .dpmPlusPlus2MSDE)
        let steps = try MultistepSteps(
            configuration, stepCount: stepCount, sampler: .dpmPlusPlus2MSDE)
        timesteps = steps.timesteps
        sigmas = steps.sigmas
        pieces = BrownianPiece.pieces(of: sigmas)
        clipped = ClippedPrediction(configuration, clips: false)
        self.configuration = configuration
    }

    var brownianRange: ClosedRange<Float>? { BrownianPiece.range(of: sigmas) }
    func brownianPiece(step: Int) -> BrownianPiece? { pieces[step] }

    func step(
        _ modelOutput: Tensor, step: Int, latents: Tensor, noise: (_ shape: [Int]) -> Tensor
    ) -> Tensor {
        if step == 0 { previousClean = nil }
        let (now, next) = (NoiseLevel(sigmas[step]), NoiseLevel(sigmas[step + 1]))
        let clean = clipped(
            configuration.predictionType.clean(
                modelOutput.cast(to: .float32), latents: latents, level: now))
        defer { previousClean = clean }

        let width = next.lambda - now.lambda
        let gain = 1 - Foundation.exp(-2 * width)
        let decay = next.sigma / now.sigma * Foundation.exp(-width)
        let deviation = next.sigma * gain.squareRoot()
        // The last step draws too, and multiplies by zero: the generator must move on.
        let first =
            Double(decay) * latents + Double(next.alpha * gain) * clean
            + Double(deviation) * noise(latents.shape)
        guard let previousClean, configuration.solverOrder == 2, width != 0,
            !configuration.isFirstOrderEnd(step, of: timesteps.count)
        else { return first }
        let ratio = (now.lambda - NoiseLevel(sigmas[step - 1]).lambda) / width
        let slope = Double(1 / ratio) * (clean - previousClean)
        let weight =
            configuration.solverType == "heun"
            ? next.alpha * (gain / (-2 * width) + 1) : 0.5 * next.alpha * gain
        return first + Double(weight) * slope
    }
}
