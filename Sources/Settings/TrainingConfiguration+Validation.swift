import NN

extension TrainingConfiguration {
    /// Checks every value by itself and together with the others; touches no file.
    ///
    /// - Throws: ``SettingError/option(name:value:problem:)`` with the option's name.
    public func validate() throws(SettingError) {
        if let resolution { try Self.validate(resolution: resolution) }
        try atLeast(1, trainBatchSize, "train-batch-size")
        try atLeast(1, gradientAccumulationSteps, "gradient-accumulation-steps")
        try atLeast(1, numTrainEpochs, "num-train-epochs")
        if let maxTrainSteps { try atLeast(1, maxTrainSteps, "max-train-steps") }
        if case .steps(let count) = lrWarmupSteps { try atLeast(0, count, "lr-warmup-steps") }
        try atLeast(1, lrNumCycles, "lr-num-cycles")
        if let measuringSteps {
            try atLeast(0, measuringSteps, "measuring-steps")
            if measuringSteps == 0, stopsByItself {
                throw .option(
                    name: "stop", value: "auto",
                    problem: "needs readings; leave "
                        + "--measuring-steps 0 away.")
            }
        }
        try record.validate(isMeasuring: measuringSteps != 0)
        try atLeast(1, checkpointingSteps, "checkpointing-steps")
        if let checkpointsTotalLimit {
            try atLeast(1, checkpointsTotalLimit, "checkpoints-total-limit")
        }
        try atLeast(1, numValidationImages, "num-validation-images")
        try atLeast(1, validationSteps, "validation-steps")
        try positive(learningRate, "learning-rate")
        try notNegative(maxGradNorm, "max-grad-norm")
        try positive(lrPower, "lr-power")
        if let snrGamma { try positive(snrGamma, "snr-gamma") }
        do throws(OptimizerError) {
            try optimizerSettings.validate(for: optimizer)
        } catch {
            throw .optimizer(error)
        }
        if let learningRateStages, lrScheduler != .constant || scaleLR {
            throw .option(
                name: "learning-rate", value: "\"\(learningRateStages)\"",
                problem: "says all rates itself; leave --lr-scheduler and --scale-lr away.")
        }
        try within(0, 1, offsetNoise, "offset-noise", excludesEnd: false)
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

    /// What is allowed but has no effect, or another than one may think, as sentences.
    public var notices: [String] {
        var result: [String] = []
        if lrScheduler == .constant, lrWarmupSteps != .steps(0), lrWarmupSteps != .percent(0) {
            result.append(
                "--lr-warmup-steps \(lrWarmupSteps) has no effect with --lr-scheduler constant; "
                    + "use constant_with_warmup for a warm-up.")
        }
        if lrScheduler != .cosineWithRestarts, lrNumCycles != 1 {
            result.append(
                "--lr-num-cycles \(lrNumCycles) has no effect with --lr-scheduler "
                    + "\(lrScheduler.rawValue); use cosine_with_restarts.")
        }
        if lrScheduler != .polynomial, lrPower != 1 {
            result.append(
                "--lr-power \(lrPower) has no effect with --lr-scheduler "
                    + "\(lrScheduler.rawValue); use polynomial.")
        }
        result += objectiveNotices
        if maxTrainSteps != nil, numTrainEpochs != 1 {
            result.append(
                "--num-train-epochs \(numTrainEpochs) has no effect, since --max-train-steps "
                    + "says how long the run is.")
        }
        return result
    }
}

/// The checks that options share; each names the option as it is typed.
func atLeast(_ least: Int, _ value: Int, _ name: String) throws(SettingError) {
    guard value >= least else {
        throw .option(
            name: name, value: String(value), problem: "must be at least \(least).")
    }
}

func positive(_ value: Double, _ name: String) throws(SettingError) {
    guard value.isFinite, value > 0 else {
        throw .option(
            name: name, value: String(value), problem: "must be a finite number greater than 0.")
    }
}

func notNegative(_ value: Double, _ name: String) throws(SettingError) {
    guard value.isFinite, value >= 0 else {
        throw .option(
            name: name, value: String(value), problem: "must be a finite number from 0 up.")
    }
}

func within(
    _ low: Double, _ high: Double, _ value: Double, _ name: String, excludesEnd: Bool
) throws(SettingError) {
    guard value >= low, excludesEnd ? value < high : value <= high else {
        throw .option(
            name: name, value: String(value),
            problem: excludesEnd
                ? "must be at least \(low) and less than \(high)."
                : "must be between \(low) and \(high).")
    }
}
