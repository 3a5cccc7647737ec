/// What each algorithm is set to: its defaults, and what is not nil.
extension OptimizerSettings {
    /// Of ``AdamW`` and ``AdamW8bit``.
    public var adamW: AdamW.Settings {
        var result = AdamW.Settings()
        result.beta1 = beta1 ?? result.beta1
        result.beta2 = beta2 ?? result.beta2
        result.epsilon = epsilon ?? result.epsilon
        result.weightDecay = weightDecay ?? result.weightDecay
        return result
    }

    /// Of ``Adafactor``.
    public var adafactor: Adafactor.Settings {
        var result = Adafactor.Settings()
        result.epsilon = epsilon ?? result.epsilon
        result.scaleEpsilon = scaleEpsilon ?? result.scaleEpsilon
        result.clipThreshold = clipThreshold ?? result.clipThreshold
        result.decayRate = decayRate ?? result.decayRate
        result.beta1 = beta1
        result.weightDecay = weightDecay ?? result.weightDecay
        result.scaleParameter = scaleParameter ?? result.scaleParameter
        result.relativeStep = relativeStep ?? result.relativeStep
        result.warmupInit = warmupInit ?? result.warmupInit
        return result
    }

    /// Of ``Lion``.
    public var lion: Lion.Settings {
        var result = Lion.Settings()
        result.beta1 = beta1 ?? result.beta1
        result.beta2 = beta2 ?? result.beta2
        result.weightDecay = weightDecay ?? result.weightDecay
        return result
    }

    /// Of ``Prodigy``.
    public var prodigy: Prodigy.Settings {
        var result = Prodigy.Settings()
        result.beta1 = beta1 ?? result.beta1
        result.beta2 = beta2 ?? result.beta2
        result.beta3 = beta3
        result.epsilon = epsilon ?? result.epsilon
        result.weightDecay = weightDecay ?? result.weightDecay
        result.decouple = decouple ?? result.decouple
        result.useBiasCorrection = useBiasCorrection ?? result.useBiasCorrection
        result.safeguardWarmup = safeguardWarmup ?? result.safeguardWarmup
        result.initialD = initialD ?? result.initialD
        result.dCoefficient = dCoefficient ?? result.dCoefficient
        result.growthRate = growthRate
        return result
    }

    /// Of ``AdamWScheduleFree``.
    public var adamWScheduleFree: AdamWScheduleFree.Settings {
        var result = AdamWScheduleFree.Settings()
        result.beta1 = beta1 ?? result.beta1
        result.beta2 = beta2 ?? result.beta2
        result.epsilon = epsilon ?? result.epsilon
        result.weightDecay = weightDecay ?? result.weightDecay
        result.warmupStepCount = warmupStepCount ?? result.warmupStepCount
        result.averagingPower = averagingPower ?? result.averagingPower
        result.weightLrPower = weightLrPower ?? result.weightLrPower
        return result
    }

    /// Of ``SGD``.
    public var sgd: SGD.Settings {
        var result = SGD.Settings()
        result.momentum = momentum ?? result.momentum
        result.nesterov = nesterov ?? result.nesterov
        result.weightDecay = weightDecay ?? result.weightDecay
        return result
    }
}
