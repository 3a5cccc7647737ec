import Foundation
internal import Torch

/// DPM-Solver++ of third order for the stochastic equation; the numbers are those of k-diffusion's
/// `sample_dpmpp_3m_sde`.
final class DPMPlusPlus3MSDESampler: Sampler {
    let timesteps: [Double]
    let initialNoiseScale: Double
    private let sigmas: [Float]
    private let pieces: [BrownianPiece?]
    private let predictionType: PredictionType
    /// The newest first, with the widths of the steps that they began.
    private var history: [(clean: Tensor, width: Float)] = []

    init(_ configuration: SchedulerConfiguration, stepCount: Int) throws(SamplerError) {
        let sampler = SamplerKind.dpmPlusPlus3MSDE
        try configuration.checkSigmaKeys(sampler: sampler.rawValue)
        let steps = try EulerSteps(configuration, stepCount: stepCount, sampler: sampler)
        let spaced = steps.spaced(configuration)
        timesteps = spaced.timesteps
        sigmas = spaced.sigmas + [0]
        pieces = BrownianPiece.pieces(of: sigmas)
        predictionType = configuration.predictionType
        initialNoiseScale = EulerSteps.initialNoiseScale(sigmas, configuration)
    }

    var brownianRange: ClosedRange<Float>? { BrownianPiece.range(of: sigmas) }
    func brownianPiece(step: Int) -> BrownianPiece? { pieces[step] }

    func scaledInput(_ latents: Tensor, step: Int) -> Tensor {
        latents / Double((sigmas[step] * sigmas[step] + 1).squareRoot())
    }

    func step(
        _ modelOutput: Tensor, step: Int, latents: Tensor, noise: (_ shape: [Int]) -> Tensor
    ) -> Tensor {
        if step == 0 { history = [] }
        let (sigma, next) = (sigmas[step], sigmas[step + 1])
        let clean = predictionType.clean(
            modelOutput.cast(to: .float32), latents: latents, sigma: sigma)
        guard next > 0 else { return clean }
        let width = Foundation.log(sigma) - Foundation.log(next)
        defer { history = [(clean, width)] + history.prefix(1) }

        // The noise counts as much as the way: in the exponent, the step is twice as wide.
        let double = 2 * width
        let linear = Foundation.expm1(-double) / double + 1
        let square = linear / double - 0.5
        var result =
            Double(Foundation.exp(-double)) * latents
            + Double(-Foundation.expm1(-double)) * clean
        if let last = history.first {
            let ratio = last.width / width
            let slope = (clean - last.clean) / Double(ratio)
            if history.count > 1 {
                let older = history[1]
                let olderRatio = older.width / width
                let olderSlope = (last.clean - older.clean) / Double(olderRatio)
                let change = (slope - olderSlope) / Double(ratio + olderRatio)
                let first = slope + change * Double(ratio)
                result = result + Double(linear) * first - Double(square) * change
            } else {
                result = result + Double(linear) * slope
            }
        }
        let deviation = next * (-Foundation.expm1(-double)).squareRoot()
        return result + noise(latents.shape) * Double(deviation)
    }
}
