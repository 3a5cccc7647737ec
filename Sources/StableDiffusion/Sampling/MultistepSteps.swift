import Foundation
internal import Torch

/// What the samplers of diffusers share that remember earlier predictions: DPM++ of several steps,
/// UniPC and DEIS.
struct MultistepSteps {
    let timesteps: [Double]
    /// One more than there are steps.
    let sigmas: [Float]

    /// - Parameters:
    ///   - readsRange: whether the diffusers class knows `lambda_min_clipped`, `sigma_min` and
    ///     `sigma_max`.
    ///   - endsAtLowest: whether it always ends at the lowest sigma, not at what
    ///     `final_sigmas_type` says.
    init(
        _ configuration: SchedulerConfiguration, stepCount: Int, sampler: SamplerKind,
        readsRange: Bool = true, endsAtLowest: Bool = false
    ) throws(SamplerError) {
        try configuration.checkSigmaKeys(sampler: sampler.rawValue)
        if configuration.betaSchedule == .sigmoid { throw .sigmoid(sampler) }
        var configuration = configuration
        if !readsRange {
            configuration.lambdaMinClipped = -.infinity
            (configuration.sigmaMin, configuration.sigmaMax) = (nil, nil)
            configuration.usesLuLambdas = false
        }
        if endsAtLowest { configuration.finalSigmasType = "sigma_min" }
        let schedule = SigmaSchedule(
            NoiseSchedule(configuration).alphasCumulative, configuration)
        let all = schedule.sigmas
        let limit = Float(configuration.lambdaMinClipped)
        let last = all.count(where: { NoiseLevel($0).lambda >= limit })
        guard last > 0 else {
            throw .unsupported(
                key: "lambda_min_clipped", value: "\(configuration.lambdaMinClipped)",
                sampler: sampler.rawValue, expected: "a lower value, which leaves some steps")
        }
        var timesteps = (configuration.timestepSpacing ?? .linspace).multistepTimesteps(
            stepCount, of: all.count, last: last, offset: configuration.stepsOffset)
        try configuration.checkFirst(Int(timesteps.first ?? 0), stepCount: stepCount)
        var chosen = schedule.interpolated(at: timesteps)
        let kind = configuration.schedule()
        let range = (first: Double(all.last ?? 0), last: Double(all.first ?? 0))
        if kind != .karras, configuration.usesLuLambdas {
            chosen = schedule.lu(stepCount)
            timesteps = chosen.map { schedule.timestep(of: $0) }
        } else if let spaced = schedule.spaced(kind, stepCount, from: range) {
            (chosen, timesteps) = spaced
        }
        // A step of no width has no slope.
        if kind == .uniform,
            !zip(timesteps, timesteps.dropFirst()).allSatisfy({ $0.rounded() > $1.rounded() })
        {
            throw .stepCount(
                stepCount, reason: "two of them would be at the same training step; take fewer")
        }
        // Otherwise diffusers cuts the fraction off, when it makes them integers.
        let rounds =
            (kind == .karras || configuration.usesLuLambdas)
            && (!readsRange || configuration.betaSchedule != .squaredCosine)
        self.timesteps =
            kind == .sgmUniform
            ? timesteps
            : timesteps.map { $0.rounded(rounds ? .toNearestOrEven : .towardZero) }
        let final = try schedule.final(configuration, sampler: sampler.rawValue)
        // DEIS stays where its own sigmas end, which need not be where the model's do.
        let end = endsAtLowest && kind != .uniform ? chosen.last.map { Float($0) } : final
        sigmas = chosen.map { Float($0) } + [end ?? final]
    }
}

/// Signal and noise of one sigma when their squares sum to 1, and half the logarithm of the
/// signal-to-noise ratio.
struct NoiseLevel {
    let alpha: Float
    let sigma: Float
    var lambda: Float { Foundation.log(alpha) - Foundation.log(sigma) }

    init(_ sigma: Float) {
        alpha = 1 / (sigma * sigma + 1).squareRoot()
        self.sigma = sigma * alpha
    }
}

extension PredictionType {
    /// The clean latents that a prediction stands for, where `latents` are
    /// `alpha * clean + sigma * noise`.
    func clean(_ prediction: Tensor, latents: Tensor, level: NoiseLevel) -> Tensor {
        switch self {
        case .epsilon: (latents - Double(level.sigma) * prediction) / Double(level.alpha)
        case .sample: prediction
        case .vPrediction: Double(level.alpha) * latents - Double(level.sigma) * prediction
        }
    }
}

extension SchedulerConfiguration {
    /// The last step is of first order where that is steadier: always when it ends at zero noise.
    func isFirstOrderEnd(_ step: Int, of count: Int) -> Bool {
        step == count - 1
            && (usesEulerAtFinal || finalSigmasType == "zero" || usesLowerOrderFinal && count < 15)
    }
}
