import NN

extension TrainingConfiguration {
    /// Checks every value by itself and together with the others; touches no file.
    ///
    /// - Throws: ``SettingError/option(name:value:problem:)`` with the option's name.
    public func validate() throws(SettingError) {
        try Setting.check(
            Setting.training + Setting.objective + Setting.updates + Setting.keeping
        ) { $0.training = self }
        if let resolution { try Self.validate(resolution: resolution) }
        if measuringSteps == 0, stopsByItself {
            throw .option(
                name: "stop", value: "auto",
                problem: "needs readings; leave `measuring-steps` 0 away.")
        }
        try record.validate(isMeasuring: measuringSteps != 0)
        guard effectiveLearningRate.isFinite else {
            throw .option(
                name: "learning-rate", value: String(learningRate),
                problem: "is not finite any more with `scale-lr`; lower it.")
        }
        do throws(OptimizerError) {
            try optimizerSettings.validate(for: optimizer)
        } catch {
            throw .optimizer(error)
        }
        if let learningRateStages, lrScheduler != .constant || scaleLR {
            throw .option(
                name: "learning-rate", value: "\"\(learningRateStages)\"",
                problem: "says all rates itself; leave `lr-scheduler` and `scale-lr` away.")
        }
        try validateObjective()
        try validateUpdates()
        if let maxTrainSteps { try validateWarmup(stepCount: maxTrainSteps) }
        if let validationPrompt, validationPrompt.allSatisfy(\.isWhitespace) {
            throw .option(
                name: "validation-prompt", value: "\"\(validationPrompt)\"",
                problem: "must say what to paint; leave the option away to paint nothing.")
        }
    }

    /// A rise that the run would never leave is a mistake; call when the count of steps is known.
    public func validateWarmup(stepCount: Int) throws(SettingError) {
        let count = lrWarmupSteps.stepCount(of: stepCount)
        guard lrScheduler != .constant, count >= stepCount else { return }
        throw .option(
            name: "lr-warmup-steps", value: "\(lrWarmupSteps)",
            problem: "must be fewer than the \(stepCount) training steps, or the learning rate "
                + "never reaches \(effectiveLearningRate); use \(stepCount / 10).")
    }

    /// - Parameter multiple: how many pixels of a picture one latent stands for.
    public static func validate(resolution: Int, multiple: Int = 8) throws(SettingError) {
        guard resolution >= multiple else {
            throw .option(
                name: "resolution", value: String(resolution),
                problem: "must be at least \(multiple); use 512 or the model's own size.")
        }
        guard resolution <= 8192 else {
            throw .option(
                name: "resolution", value: String(resolution),
                problem: "must be at most 8192; use 512 or the model's own size.")
        }
        guard resolution % multiple == 0 else {
            let below = resolution / multiple * multiple
            throw .option(
                name: "resolution", value: String(resolution),
                problem: "must be divisible by \(multiple); use \(below) or \(below + multiple).")
        }
    }
}
