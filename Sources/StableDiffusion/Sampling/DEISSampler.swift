import Foundation
internal import Torch

/// DEIS in the logarithm of the noise-to-signal ratio (Zhang and Chen 2022, arXiv 2204.13902); the
/// numbers are those of diffusers' `DEISMultistepScheduler`.
final class DEISSampler: Sampler {
    let timesteps: [Double]
    private let sigmas: [Float]
    private let clipped: ClippedPrediction
    private let configuration: SchedulerConfiguration
    /// The predicted noise of the last steps, the newest first.
    private var history: [Tensor] = []

    init(_ configuration: SchedulerConfiguration, stepCount: Int) throws(SamplerError) {
        guard (1...3).contains(configuration.solverOrder) else {
            throw .unsupported(
                key: "solver_order", value: "\(configuration.solverOrder)",
                sampler: SamplerKind.deis.rawValue, expected: "1, 2 or 3")
        }
        let steps = try MultistepSteps(
            configuration, stepCount: stepCount, sampler: .deis, readsRange: false,
            endsAtLowest: true)
        timesteps = steps.timesteps
        sigmas = steps.sigmas
        clipped = ClippedPrediction(configuration, clips: false)
        self.configuration = configuration
    }

    func step(
        _ modelOutput: Tensor, step: Int, latents: Tensor, noise: (_ shape: [Int]) -> Tensor
    ) -> Tensor {
        if step == 0 { history = [] }
        let (now, next) = (NoiseLevel(sigmas[step]), NoiseLevel(sigmas[step + 1]))
        let clean = clipped(
            configuration.predictionType.clean(
                modelOutput.cast(to: .float32), latents: latents, level: now))
        let predictedNoise = (latents - Double(now.alpha) * clean) / Double(now.sigma)
        history = Array(([predictedNoise] + history).prefix(order(step)))
        let ratios = history.indices.map { Double(sigmas[step - $0]) }
        let end = Double(sigmas[step + 1])
        var result = latents / Double(now.alpha)
        for (index, noise) in history.enumerated() {
            let weight =
                DEISSampler.integral(to: end, of: index, ratios)
                - DEISSampler.integral(to: ratios[0], of: index, ratios)
            result = result + weight * noise
        }
        return Double(next.alpha) * result
    }

    private func order(_ step: Int) -> Int {
        let remaining = timesteps.count - step
        let endsLow = configuration.usesLowerOrderFinal && timesteps.count < 15
        return min(configuration.solverOrder, step + 1, endsLow ? remaining : 3)
    }

    /// The integral of the polynomial in the logarithm that is 1 at one of the known ratios and 0
    /// at the others.
    private static func integral(to end: Double, of index: Int, _ ratios: [Double]) -> Double {
        let others = ratios.indices.filter { $0 != index }.map { Foundation.log(ratios[$0]) }
        let own = Foundation.log(ratios[index])
        let time = Foundation.log(end)
        switch others.count {
        case 0: return end
        case 1: return end * (time - 1 - others[0]) / (own - others[0])
        default:
            let (one, two) = (others[0], others[1])
            let value = time * time - 2 * time + 2 - (one + two) * (time - 1) + one * two
            return end * value / ((own - one) * (own - two))
        }
    }
}
