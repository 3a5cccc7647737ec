import Foundation
internal import Torch

/// What the samplers share that call the network twice in a step, the second time at a point on
/// the way or at its end; the last step, to zero noise, has one call.
///
/// Call `2 i` begins step `i`, and call `2 i + 1` ends it.
struct SecondOrderSteps {
    /// The times of all calls.
    let timesteps: [Double]
    let initialNoiseScale: Double
    /// The ends of the steps; the last is 0.
    let sigmas: [Float]
    /// Where the second call of every step is.
    let seconds: [Float]
    private let predictionType: PredictionType

    /// - Parameters:
    ///   - roundsKarras: whether the times of Karras sigmas are whole.
    ///   - second: the sigma of a step's second call, from those at its ends.
    init(
        _ configuration: SchedulerConfiguration, stepCount: Int, sampler: SamplerKind,
        roundsKarras: Bool = false, second: (_ sigma: Float, _ next: Float) -> Float
    ) throws(SamplerError) {
        try configuration.checkSigmaKeys(sampler: sampler.rawValue)
        guard configuration.predictionType != .sample || sampler == .heun else {
            throw .unsupported(
                key: "prediction_type", value: "sample", sampler: sampler.rawValue,
                expected: "epsilon or v_prediction")
        }
        let steps = try EulerSteps(configuration, stepCount: stepCount, sampler: sampler)
        var (chosen, times) = steps.spaced(configuration)
        if roundsKarras, configuration.schedule() == .karras {
            times = times.map { $0.rounded(.toNearestOrEven) }
        }
        chosen.append(0)
        let seconds = zip(chosen, chosen.dropFirst().dropLast()).map(second)
        timesteps =
            zip(times, seconds).enumerated().flatMap { index, pair in
                let end = sampler == .heun ? times[index + 1] : nil
                return [pair.0, end ?? steps.schedule.timestep(of: Double(pair.1))]
            } + times.suffix(1)
        sigmas = chosen
        self.seconds = seconds
        predictionType = configuration.predictionType
        initialNoiseScale = EulerSteps.initialNoiseScale(chosen, configuration)
    }

    /// Where a call is.
    func sigma(_ call: Int) -> Float { call % 2 == 0 ? sigmas[call / 2] : seconds[call / 2] }

    func scaledInput(_ latents: Tensor, call: Int) -> Tensor {
        let sigma = sigma(call)
        return latents / Double((sigma * sigma + 1).squareRoot())
    }

    /// What a call says is clean.
    func clean(_ modelOutput: Tensor, latents: Tensor, call: Int) -> Tensor {
        predictionType.clean(
            modelOutput.cast(to: .float32), latents: latents, sigma: sigma(call))
    }

    /// The sigma in the middle of two by their logarithms.
    static func middle(_ sigma: Float, _ next: Float) -> Float {
        Foundation.exp((Foundation.log(sigma) + Foundation.log(next)) / 2)
    }
}

/// Of one step with fresh noise, how far it goes down without it, and how much comes on top:
/// k-diffusion's `get_ancestral_step`.
struct AncestralStep {
    let down: Float
    let up: Float

    init(from sigma: Float, to next: Float) {
        let (square, nextSquare) = (sigma * sigma, next * next)
        up = min(next, (nextSquare * (square - nextSquare) / square).squareRoot())
        down = (nextSquare - up * up).squareRoot()
    }
}
