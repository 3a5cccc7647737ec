public import Foundation

/// What a network predicts: `epsilon` (the noise), `v_prediction` (the velocity of Salimans & Ho
/// 2022, "Progressive Distillation", section 4) or `sample` (the clean latents).
public enum PredictionType: String, Codable, Sendable, CaseIterable {
    case epsilon
    case vPrediction = "v_prediction"
    case sample
}

/// How the noise of one training step grows from the first step to the last.
public enum BetaSchedule: String, Codable, Sendable, CaseIterable {
    case linear
    case scaledLinear = "scaled_linear"
    case squaredCosine = "squaredcos_cap_v2"
    /// DDPM only.
    case sigmoid
}

/// Which training steps a sampler visits (Lin et al. 2023, arXiv 2305.08891, table 2).
public enum TimestepSpacing: String, Codable, Sendable, CaseIterable {
    case leading
    case trailing
    case linspace
}

/// A `scheduler_config.json` as diffusers writes it, for any of the samplers here.
///
/// A key that the file lacks has the default of the class that reads it; nil stands for the keys
/// whose default differs from class to class. A key that a class does not know is ignored by that
/// class, so one configuration serves every sampler, as `from_config` does.
public struct SchedulerConfiguration: Codable, Sendable, Equatable {
    /// The diffusers class that the file was written for; nil when it does not say.
    public var className: String?
    /// How many steps of noise the network was trained on.
    public var trainingStepCount = 1000
    /// The variance that the first training step adds.
    public var betaStart = 0.0001
    /// The variance that the last training step adds.
    public var betaEnd = 0.02
    /// How the variance grows between them.
    public var betaSchedule = BetaSchedule.linear
    /// Betas that replace the whole schedule, one per training step.
    public var trainedBetas: [Double]?
    /// Whether the last training step is to be noise alone; PNDM ignores it.
    public var rescalesBetasToZeroSNR = false
    /// What the network predicts.
    public var predictionType = PredictionType.epsilon
    /// Nil: `leading` for DDPM, DDIM and PNDM, `linspace` for the others.
    public var timestepSpacing: TimestepSpacing?
    /// Added to every step of `leading` spacing.
    public var stepsOffset = 0

    // DDPM and DDIM; thresholding also DPM++.
    /// Whether the predicted clean latents are cut at ``clipSampleRange``; DDPM and DDIM. Not where
    /// the file of another class says nothing of it.
    public var clipsSample = true
    /// The largest magnitude that clipping leaves.
    public var clipSampleRange = 1.0
    /// Whether each row is cut at a quantile instead; DDPM, DDIM and DPM++.
    public var usesThresholding = false
    /// Which quantile thresholding cuts at, in [0, 1].
    public var dynamicThresholdingRatio = 0.995
    /// The most that thresholding cuts at.
    public var sampleMaxValue = 1.0
    /// Nil: `fixed_small` for DDPM.
    public var varianceType: String?

    // DDIM and PNDM.
    /// Nil: true for DDIM, false for PNDM.
    public var setsAlphaToOne: Bool?
    /// Whether PNDM starts without Runge-Kutta steps.
    public var skipsPRKSteps = false

    // Euler and DPM++.
    /// Whether Euler and DPM++ space their sigmas as Karras et al. 2022 do.
    public var usesKarrasSigmas = false
    /// Whether they space them evenly by their logarithms.
    public var usesExponentialSigmas = false
    /// Whether they space them by a beta distribution.
    public var usesBetaSigmas = false
    /// Whether DPM++ spaces them evenly over the whole schedule by the logarithm.
    public var usesLuLambdas = false
    /// Whether the network was trained by flow matching; refused.
    public var usesFlowSigmas = false
    /// Whether the schedule shifts with the size of the picture; refused.
    public var usesDynamicShifting = false
    /// Where Karras and exponential sigmas end; nil: where the schedule does.
    public var sigmaMin: Double?
    /// Where Karras and exponential sigmas begin; nil: where the schedule does.
    public var sigmaMax: Double?
    /// Where the last step of Euler and DPM++ ends: `zero` or `sigma_min`.
    public var finalSigmasType = "zero"

    // Euler.
    /// How Euler finds its sigmas: `linear` or `log_linear`.
    public var interpolationType = "linear"
    /// What Euler tells a velocity network: the step (`discrete`) or `continuous` sigmas.
    public var timestepType = "discrete"

    // DPM++.
    /// The order of DPM++: 1 or 2.
    public var solverOrder = 2
    /// The kind of DPM solver: `dpmsolver++`.
    public var algorithmType = "dpmsolver++"
    /// How DPM++ corrects: `midpoint` or `heun`.
    public var solverType = "midpoint"
    /// Whether the last of fewer than 15 steps of DPM++ is of first order.
    public var usesLowerOrderFinal = true
    /// Whether the last step of DPM++ always is.
    public var usesEulerAtFinal = false
    /// DPM++ leaves out training steps whose log-signal-to-noise half is below this.
    public var lambdaMinClipped = -Double.infinity

    // UniPC.
    /// Whether UniPC predicts the clean latents, which is all that is here.
    public var predictsClean = true
    /// The steps that UniPC does not correct.
    public var uncorrectedSteps: [Int] = []

    // LCM.
    /// How many steps the teacher of LCM took.
    public var originalStepCount = 50
    /// What LCM multiplies its time by.
    public var timestepScaling = 10.0

    /// What a person asked for in place of the file's own schedule; not a key of the file.
    var askedSchedule: SamplingSchedule?

    /// Every default; the betas are those of diffusers, not those of Stable Diffusion.
    public init() {}

    /// The schedule that every Stable Diffusion 1.x and 2.x was trained with; for checkpoints of
    /// one file, which have no `scheduler_config.json`. The sampler is PNDM, as in SD 1.5.
    public static func stableDiffusion(
        predicting prediction: PredictionType = .epsilon
    ) -> SchedulerConfiguration {
        var configuration = SchedulerConfiguration()
        configuration.className = "PNDMScheduler"
        configuration.betaStart = 0.00085
        configuration.betaEnd = 0.012
        configuration.betaSchedule = .scaledLinear
        configuration.predictionType = prediction
        configuration.clipsSample = false
        configuration.setsAlphaToOne = false
        configuration.skipsPRKSteps = true
        configuration.stepsOffset = 1
        return configuration
    }

    /// Reads a `scheduler_config.json`; `file` is its path, for the error.
    ///
    /// - Throws: ``SamplerError/malformed(file:reason:)`` with the key that does not hold.
    public init(json: Data, file: String) throws(SamplerError) {
        let decoder = JSONDecoder()
        // Python writes the default of `lambda_min_clipped` as -Infinity, which is not JSON.
        decoder.allowsJSON5 = true
        do {
            self = try decoder.decode(SchedulerConfiguration.self, from: json)
            try validate(file)
        } catch let error as SamplerError {
            throw error
        } catch let DecodingError.typeMismatch(type, context) where !context.codingPath.isEmpty {
            let key = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw .malformed(
                file: file, reason: "the value of \(key) should be a \(type); correct it")
        } catch let DecodingError.dataCorrupted(context) where !context.codingPath.isEmpty {
            throw .malformed(file: file, reason: context.debugDescription)
        } catch {
            throw .malformed(file: file, reason: "it is not a JSON object; fetch the file again")
        }
    }

    private func validate(_ file: String) throws(SamplerError) {
        func require(_ holds: Bool, _ reason: @autoclosure () -> String) throws(SamplerError) {
            if !holds { throw .malformed(file: file, reason: reason()) }
        }
        try require(
            (2...1_000_000).contains(trainingStepCount),
            "num_train_timesteps should be from 2 to 1000000 and is \(trainingStepCount)")
        try require(
            !usesFlowSigmas,
            "use_flow_sigmas is true, and models of flow matching are not supported")
        try require(
            !usesDynamicShifting,
            "use_dynamic_shifting is true, and schedules that shift with the size of the picture "
                + "are not supported")
        for (key, beta) in [("beta_start", betaStart), ("beta_end", betaEnd)] {
            try require(
                beta >= 0 && beta < 1, "\(key) should be at least 0 and below 1 and is \(beta)")
        }
        if let trainedBetas {
            try require(
                trainedBetas.count == trainingStepCount,
                "trained_betas has \(trainedBetas.count) values for \(trainingStepCount) "
                    + "num_train_timesteps; give one for each")
            try require(
                trainedBetas.allSatisfy { $0 > 0 && $0 <= 1 },
                "trained_betas should all be above 0 and at most 1")
        }
        try require(
            (0...trainingStepCount).contains(stepsOffset),
            "steps_offset should be from 0 to \(trainingStepCount) and is \(stepsOffset)")
        for (key, sigma) in [("sigma_min", sigmaMin), ("sigma_max", sigmaMax)] {
            guard let sigma else { continue }
            try require(
                sigma > 0 && sigma.isFinite, "\(key) should be positive and is \(sigma)")
        }
        if let sigmaMin, let sigmaMax {
            try require(
                sigmaMin < sigmaMax,
                "sigma_min should be below sigma_max; they are \(sigmaMin) and \(sigmaMax)")
        }
        try require(
            (0...1).contains(dynamicThresholdingRatio),
            "dynamic_thresholding_ratio should be from 0 to 1 and is "
                + "\(dynamicThresholdingRatio)")
        try require(
            clipSampleRange > 0, "clip_sample_range should be positive and is \(clipSampleRange)")
        try require(
            (1...trainingStepCount).contains(originalStepCount)
                || className != ForeignScheduler.lcm.rawValue,
            "original_inference_steps should be from 1 to \(trainingStepCount) and is "
                + "\(originalStepCount)")
    }
}
