import Foundation
internal import Torch

/// DPM-Solver++(2M) of Lu et al. 2022 (arXiv 2211.01095, algorithm 2); the numbers are those of
/// diffusers' `DPMSolverMultistepScheduler` with `dpmsolver++`.
final class DPMPlusPlus2MSampler: Sampler {
    let timesteps: [Double]
    private let sigmas: [Float]
    private let predictionType: PredictionType
    private let clipped: ClippedPrediction
    private let configuration: SchedulerConfiguration
    private var previousClean: Tensor?

    init(_ configuration: SchedulerConfiguration, stepCount: Int) throws(SamplerError) {
        try DPMPlusPlus2MSampler.check(configuration)
        let sampler = SamplerKind.dpmPlusPlus2M.rawValue
        let schedule = SigmaSchedule(
            NoiseSchedule(configuration).alphasCumulative, configuration)
        let all = schedule.sigmas
        let last = DPMPlusPlus2MSampler.unclippedCount(all, configuration)
        guard last > 0 else {
            throw .unsupported(
                key: "lambda_min_clipped", value: "\(configuration.lambdaMinClipped)",
                sampler: sampler, expected: "a lower value, which leaves some steps")
        }
        var timesteps = (configuration.timestepSpacing ?? .linspace).multistepTimesteps(
            stepCount, of: all.count, last: last, offset: configuration.stepsOffset)
        try configuration.checkFirst(Int(timesteps.first ?? 0), stepCount: stepCount)
        let range = (first: Double(all.last ?? 0), last: Double(all.first ?? 0))
        var chosen: [Double]
        if configuration.usesKarrasSigmas {
            chosen = schedule.karras(stepCount, from: range)
        } else if configuration.usesLuLambdas {
            chosen = schedule.lu(stepCount)
        } else if configuration.usesExponentialSigmas {
            chosen = schedule.exponential(stepCount, from: range)
        } else {
            chosen = []
        }
        if chosen.isEmpty {
            chosen = schedule.interpolated(at: timesteps)
        } else {
            let rounds =
                !configuration.usesExponentialSigmas
                && configuration.betaSchedule != .squaredCosine
            timesteps = chosen.map {
                let time = schedule.timestep(of: $0)
                // Otherwise diffusers cuts the fraction off, when it makes them integers.
                return time.rounded(rounds ? .toNearestOrEven : .towardZero)
            }
        }
        let final = try schedule.final(configuration, sampler: sampler)
        sigmas = chosen.map { Float($0) } + [final]
        self.timesteps = timesteps
        predictionType = configuration.predictionType
        clipped = ClippedPrediction(configuration, clips: false)
        self.configuration = configuration
    }

    func step(
        _ modelOutput: Tensor, step: Int, latents: Tensor, noise: (_ shape: [Int]) -> Tensor
    ) -> Tensor {
        if step == 0 { previousClean = nil }
        let now = Level(sigmas[step])
        let output = modelOutput.cast(to: .float32)
        let predicted =
            switch predictionType {
            case .epsilon: (latents - Double(now.sigma) * output) / Double(now.alpha)
            case .sample: output
            case .vPrediction: Double(now.alpha) * latents - Double(now.sigma) * output
            }
        let clean = clipped(predicted)
        defer { previousClean = clean }

        let next = Level(sigmas[step + 1])
        let width = next.lambda - now.lambda
        let decay = next.alpha * (Foundation.exp(-width) - 1)
        let first = Double(next.sigma / now.sigma) * latents - Double(decay) * clean
        guard let previousClean, configuration.solverOrder == 2, !isFirstOrder(step) else {
            return first
        }
        // Two sigmas may be equal at the end of `sigma_min`; then there is nothing to correct.
        guard width != 0 else { return first }
        let ratio = (now.lambda - Level(sigmas[step - 1]).lambda) / width
        let slope = Double(1 / ratio) * (clean - previousClean)
        return configuration.solverType == "heun"
            ? first + Double(next.alpha * ((Foundation.exp(-width) - 1) / width + 1)) * slope
            : first - Double(0.5 * decay) * slope
    }

    /// The last step is of first order where that is steadier: always when it ends at zero noise.
    private func isFirstOrder(_ step: Int) -> Bool {
        step == timesteps.count - 1
            && (configuration.usesEulerAtFinal || configuration.finalSigmasType == "zero"
                || configuration.usesLowerOrderFinal && timesteps.count < 15)
    }

    /// Signal and noise of one sigma when their squares sum to 1, and half the logarithm of the
    /// signal-to-noise ratio.
    private struct Level {
        let alpha: Float
        let sigma: Float
        var lambda: Float { Foundation.log(alpha) - Foundation.log(sigma) }

        init(_ sigma: Float) {
            alpha = 1 / (sigma * sigma + 1).squareRoot()
            self.sigma = sigma * alpha
        }
    }

    /// How many training steps lie on the clean side of `lambda_min_clipped`.
    private static func unclippedCount(
        _ sigmas: [Float], _ configuration: SchedulerConfiguration
    ) -> Int {
        let limit = Float(configuration.lambdaMinClipped)
        return sigmas.count(where: { Level($0).lambda >= limit })
    }

    private static func check(_ configuration: SchedulerConfiguration) throws(SamplerError) {
        let sampler = SamplerKind.dpmPlusPlus2M
        func require(
            _ holds: Bool, _ key: String, _ value: String, _ expected: String
        ) throws(SamplerError) {
            guard holds else {
                throw .unsupported(
                    key: key, value: value, sampler: sampler.rawValue, expected: expected)
            }
        }
        try configuration.checkSigmaKeys(sampler: sampler.rawValue)
        if configuration.betaSchedule == .sigmoid { throw .sigmoid(sampler) }
        // diffusers reads `deis`, `logrho`, `bh1` and `bh2`, which other classes write, so too.
        try require(
            ["dpmsolver++", "deis"].contains(configuration.algorithmType), "algorithm_type",
            configuration.algorithmType, "dpmsolver++")
        try require(
            ["midpoint", "heun", "logrho", "bh1", "bh2"].contains(configuration.solverType),
            "solver_type", configuration.solverType, "midpoint or heun")
        try require(
            (1...2).contains(configuration.solverOrder), "solver_order",
            "\(configuration.solverOrder)", "1 or 2")
        try require(!configuration.usesFlowSigmas, "use_flow_sigmas", "true", "false")
        try require(!configuration.usesDynamicShifting, "use_dynamic_shifting", "true", "false")
        // DDPM's kinds of variance may stand in the same file; they mean nothing here.
        let variance = configuration.varianceType ?? "none"
        try require(
            !["learned", "learned_range"].contains(variance), "variance_type", variance,
            "fixed_small")
    }
}
