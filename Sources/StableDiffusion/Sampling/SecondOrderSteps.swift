internal import Torch

/// What the samplers share that call the network twice in a step, the second time at a point on
/// the way or at its end; the last step, to zero noise, has one call.
///
/// Call `2 i` begins step `i`, and call `2 i + 1` ends it. What they compute is in double precision,
/// and nothing is lost between them (``UnroundedLatents``).
struct SecondOrderSteps {
    /// The times of all calls.
    let timesteps: [Double]
    let initialNoiseScale: Double
    /// The ends of the steps; the last is 0.
    let sigmas: [Double]
    /// Where the second call of every step is.
    let seconds: [Double]
    private let predictionType: PredictionType
    private var unrounded = UnroundedLatents()

    /// - Parameters:
    ///   - roundsKarras: whether the times of Karras sigmas are whole.
    ///   - second: the sigma of a step's second call, from those at its ends.
    init(
        _ configuration: SchedulerConfiguration, stepCount: Int, sampler: SamplerKind,
        roundsKarras: Bool = false, second: (_ sigma: Double, _ next: Double) -> Double
    ) throws(SamplerError) {
        try configuration.checkSigmaKeys(sampler: sampler.rawValue)
        guard configuration.predictionType != .sample || sampler == .heun else {
            throw .unsupported(
                key: "prediction_type", value: "sample", sampler: sampler.rawValue,
                expected: "epsilon or v_prediction")
        }
        let steps = try EulerSteps(configuration, stepCount: stepCount, sampler: sampler)
        let spaced = steps.spaced(configuration)
        var (chosen, times) = (spaced.sigmas.map { Double($0) }, spaced.timesteps)
        if roundsKarras, configuration.schedule() == .karras {
            times = times.map { $0.rounded(.toNearestOrEven) }
        }
        chosen.append(0)
        let seconds = zip(chosen, chosen.dropFirst().dropLast()).map(second)
        timesteps =
            zip(times, seconds).enumerated().flatMap { index, pair in
                let isEnd = sampler == .heun || sampler == .dpmPlusPlus2SAncestral
                let end = isEnd ? times[index + 1] : nil
                return [pair.0, end ?? steps.schedule.timestep(of: pair.1)]
            } + times.suffix(1)
        sigmas = chosen
        self.seconds = seconds
        predictionType = configuration.predictionType
        initialNoiseScale = EulerSteps.initialNoiseScale(spaced.sigmas, configuration)
    }

    /// Where a call is.
    func sigma(_ call: Int) -> Double { call % 2 == 0 ? sigmas[call / 2] : seconds[call / 2] }

    func scaledInput(_ latents: Tensor, call: Int) -> Tensor {
        let sigma = sigma(call)
        return latents / (sigma * sigma + 1).squareRoot()
    }

    /// The latents as the last call left them, in double precision.
    func exact(_ latents: Tensor, call: Int) -> Tensor {
        unrounded.exact(latents, call: call)
    }

    /// The latents for the caller.
    mutating func rounded(_ latents: Tensor) -> Tensor {
        unrounded.rounded(latents)
    }

    /// What a call says is clean, in double precision.
    ///
    /// - Parameter latents: as ``exact(_:call:)`` has them.
    func clean(_ modelOutput: Tensor, latents: Tensor, call: Int) -> Tensor {
        predictionType.clean(
            modelOutput.cast(to: latents.dtype), latents: latents, sigma: sigma(call))
    }

    /// The sigma in the middle of two by their logarithms.
    static func middle(_ sigma: Double, _ next: Double) -> Double { (sigma * next).squareRoot() }
}

/// Of one step with fresh noise, how far it goes down without it, and how much comes on top:
/// k-diffusion's `get_ancestral_step`.
struct AncestralStep {
    let down: Double
    let up: Double

    init(from sigma: Double, to next: Double) {
        // Its `sqrt(next² - up²)`, of which fp32 leaves nothing where `sigma` is large.
        down = min(next * next / sigma, next)
        up = (next * next - down * down).squareRoot()
    }
}
