extension SchedulerConfiguration {
    enum CodingKeys: String, CodingKey {
        case className = "_class_name"
        case trainingStepCount = "num_train_timesteps"
        case betaStart = "beta_start"
        case betaEnd = "beta_end"
        case betaSchedule = "beta_schedule"
        case trainedBetas = "trained_betas"
        case rescalesBetasToZeroSNR = "rescale_betas_zero_snr"
        case predictionType = "prediction_type"
        case timestepSpacing = "timestep_spacing"
        case stepsOffset = "steps_offset"
        case clipsSample = "clip_sample"
        case clipSampleRange = "clip_sample_range"
        case usesThresholding = "thresholding"
        case dynamicThresholdingRatio = "dynamic_thresholding_ratio"
        case sampleMaxValue = "sample_max_value"
        case varianceType = "variance_type"
        case setsAlphaToOne = "set_alpha_to_one"
        case skipsPRKSteps = "skip_prk_steps"
        case usesKarrasSigmas = "use_karras_sigmas"
        case usesExponentialSigmas = "use_exponential_sigmas"
        case usesBetaSigmas = "use_beta_sigmas"
        case usesLuLambdas = "use_lu_lambdas"
        case usesFlowSigmas = "use_flow_sigmas"
        case usesDynamicShifting = "use_dynamic_shifting"
        case sigmaMin = "sigma_min"
        case sigmaMax = "sigma_max"
        case finalSigmasType = "final_sigmas_type"
        case interpolationType = "interpolation_type"
        case timestepType = "timestep_type"
        case solverOrder = "solver_order"
        case algorithmType = "algorithm_type"
        case solverType = "solver_type"
        case usesLowerOrderFinal = "lower_order_final"
        case usesEulerAtFinal = "euler_at_final"
        case lambdaMinClipped = "lambda_min_clipped"
        case predictsClean = "predict_x0"
        case uncorrectedSteps = "disable_corrector"
        case originalStepCount = "original_inference_steps"
        case timestepScaling = "timestep_scaling"
    }

    /// The classes whose files mean `clip_sample` by leaving it out.
    private static let cutting: Set = [
        "DDIMScheduler", "DDPMScheduler", "DDIMParallelScheduler", "DDPMParallelScheduler",
    ]

    /// Keys that are absent or null keep their defaults.
    public init(from decoder: any Decoder) throws {
        self.init()
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ key: CodingKeys, _ value: inout Value) throws {
            if let found = try values.decodeIfPresent(Value.self, forKey: key) { value = found }
        }
        func choose<Choice: RawRepresentable & CaseIterable>(
            _ key: CodingKeys, _ type: Choice.Type
        ) throws -> Choice? where Choice.RawValue == String {
            guard let name = try values.decodeIfPresent(String.self, forKey: key) else {
                return nil
            }
            guard let choice = Choice(rawValue: name) else {
                let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: values,
                    debugDescription: "\(key.rawValue) is \(name); expected one of \(known)")
            }
            return choice
        }
        className = try values.decodeIfPresent(String.self, forKey: .className)
        // A shortened name is the class's.
        if let short = className, ForeignScheduler(className: short) == nil,
            let full = (try? SamplerKind(named: short))?.className
        {
            className = full
        }
        if let className {
            if let scheduler = ForeignScheduler(className: className) {
                scheduler.applyDefaults(to: &self)
            } else if (try? SamplerKind(named: className)) == nil,
                !values.contains(.betaStart), !values.contains(.trainedBetas)
            {
                // Such as those of flow matching and of EDM.
                throw DecodingError.dataCorruptedError(
                    forKey: .className, in: values,
                    debugDescription: "_class_name is \(className) and there are no betas "
                        + "(beta_start, beta_end), so the network was trained on another kind of "
                        + "noise than Stable Diffusion's, which is not supported")
            }
        }
        // diffusers' DDIM and DDPM made from such a file cut all the same, and with that ruin
        // latents, which are not within ±1 as pictures are.
        if let className, !Self.cutting.contains(className) { clipsSample = false }
        try read(.trainingStepCount, &trainingStepCount)
        try read(.betaStart, &betaStart)
        try read(.betaEnd, &betaEnd)
        betaSchedule = try choose(.betaSchedule, BetaSchedule.self) ?? betaSchedule
        trainedBetas = try values.decodeIfPresent([Double].self, forKey: .trainedBetas)
        try read(.rescalesBetasToZeroSNR, &rescalesBetasToZeroSNR)
        predictionType = try choose(.predictionType, PredictionType.self) ?? predictionType
        timestepSpacing = try choose(.timestepSpacing, TimestepSpacing.self)
        try read(.stepsOffset, &stepsOffset)
        try read(.clipsSample, &clipsSample)
        try read(.clipSampleRange, &clipSampleRange)
        try read(.usesThresholding, &usesThresholding)
        try read(.dynamicThresholdingRatio, &dynamicThresholdingRatio)
        try read(.sampleMaxValue, &sampleMaxValue)
        varianceType = try values.decodeIfPresent(String.self, forKey: .varianceType)
        setsAlphaToOne = try values.decodeIfPresent(Bool.self, forKey: .setsAlphaToOne)
        try read(.skipsPRKSteps, &skipsPRKSteps)
        try read(.usesKarrasSigmas, &usesKarrasSigmas)
        try read(.usesExponentialSigmas, &usesExponentialSigmas)
        try read(.usesBetaSigmas, &usesBetaSigmas)
        try read(.usesLuLambdas, &usesLuLambdas)
        try read(.usesFlowSigmas, &usesFlowSigmas)
        try read(.usesDynamicShifting, &usesDynamicShifting)
        sigmaMin = try values.decodeIfPresent(Double.self, forKey: .sigmaMin)
        sigmaMax = try values.decodeIfPresent(Double.self, forKey: .sigmaMax)
        try read(.finalSigmasType, &finalSigmasType)
        try read(.interpolationType, &interpolationType)
        try read(.timestepType, &timestepType)
        try read(.solverOrder, &solverOrder)
        try read(.algorithmType, &algorithmType)
        try read(.solverType, &solverType)
        try read(.usesLowerOrderFinal, &usesLowerOrderFinal)
        try read(.usesEulerAtFinal, &usesEulerAtFinal)
        try read(.lambdaMinClipped, &lambdaMinClipped)
        try read(.predictsClean, &predictsClean)
        try read(.uncorrectedSteps, &uncorrectedSteps)
        try read(.originalStepCount, &originalStepCount)
        try read(.timestepScaling, &timestepScaling)
    }

    /// Writes every key but those that have no value; JSON cannot hold the infinite
    /// `lambda_min_clipped`, which is the default and is left out.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encodeIfPresent(className, forKey: .className)
        try values.encode(trainingStepCount, forKey: .trainingStepCount)
        try values.encode(betaStart, forKey: .betaStart)
        try values.encode(betaEnd, forKey: .betaEnd)
        try values.encode(betaSchedule, forKey: .betaSchedule)
        try values.encodeIfPresent(trainedBetas, forKey: .trainedBetas)
        try values.encode(rescalesBetasToZeroSNR, forKey: .rescalesBetasToZeroSNR)
        try values.encode(predictionType, forKey: .predictionType)
        try values.encodeIfPresent(timestepSpacing, forKey: .timestepSpacing)
        try values.encode(stepsOffset, forKey: .stepsOffset)
        try values.encode(clipsSample, forKey: .clipsSample)
        try values.encode(clipSampleRange, forKey: .clipSampleRange)
        try values.encode(usesThresholding, forKey: .usesThresholding)
        try values.encode(dynamicThresholdingRatio, forKey: .dynamicThresholdingRatio)
        try values.encode(sampleMaxValue, forKey: .sampleMaxValue)
        try values.encodeIfPresent(varianceType, forKey: .varianceType)
        try values.encodeIfPresent(setsAlphaToOne, forKey: .setsAlphaToOne)
        try values.encode(skipsPRKSteps, forKey: .skipsPRKSteps)
        try values.encode(usesKarrasSigmas, forKey: .usesKarrasSigmas)
        try values.encode(usesExponentialSigmas, forKey: .usesExponentialSigmas)
        try values.encode(usesBetaSigmas, forKey: .usesBetaSigmas)
        try values.encode(usesLuLambdas, forKey: .usesLuLambdas)
        try values.encode(usesFlowSigmas, forKey: .usesFlowSigmas)
        try values.encode(usesDynamicShifting, forKey: .usesDynamicShifting)
        try values.encodeIfPresent(sigmaMin, forKey: .sigmaMin)
        try values.encodeIfPresent(sigmaMax, forKey: .sigmaMax)
        try values.encode(finalSigmasType, forKey: .finalSigmasType)
        try values.encode(interpolationType, forKey: .interpolationType)
        try values.encode(timestepType, forKey: .timestepType)
        try values.encode(solverOrder, forKey: .solverOrder)
        try values.encode(algorithmType, forKey: .algorithmType)
        try values.encode(solverType, forKey: .solverType)
        try values.encode(usesLowerOrderFinal, forKey: .usesLowerOrderFinal)
        try values.encode(usesEulerAtFinal, forKey: .usesEulerAtFinal)
        if lambdaMinClipped.isFinite {
            try values.encode(lambdaMinClipped, forKey: .lambdaMinClipped)
        }
        // Of one class each, and seldom anything but the default.
        if !predictsClean { try values.encode(predictsClean, forKey: .predictsClean) }
        if !uncorrectedSteps.isEmpty {
            try values.encode(uncorrectedSteps, forKey: .uncorrectedSteps)
        }
        if originalStepCount != 50 {
            try values.encode(originalStepCount, forKey: .originalStepCount)
        }
        if timestepScaling != 10 { try values.encode(timestepScaling, forKey: .timestepScaling) }
    }
}
