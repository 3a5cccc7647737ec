package import StableDiffusion

/// What a step lowers, and what of it does not go together.
extension TrainingConfiguration {
    func validateObjective() throws(SettingError) {
        try positive(huberC, "huber-c")
        if lossType != .l2, huberSchedule != .constant, huberC > 1 {
            throw .option(
                name: "huber-c", value: String(huberC),
                problem: "must be at most 1 with --huber-schedule \(huberSchedule.rawValue), "
                    + "which goes from 1 down to it; lower it, or use constant.")
        }
        try within(0, 1, inputPerturbation, "input-perturbation", excludesEnd: false)
        if debiasedEstimationLoss, let snrGamma {
            throw .option(
                name: "debiased-estimation-loss", value: nil,
                problem: "and --snr-gamma \(snrGamma) both decide what a timestep weighs; leave "
                    + "one of the two away.")
        }
        if let predictionType {
            try refuseNoiseAtZeroSNR(predictionType, rescales: rescaleBetasZeroSNR)
        }
    }

    /// At the last step of such a schedule nothing of the picture is left: the noise is what the
    /// U-Net sees, and predicting it teaches nothing (Lin et al. 2023, arXiv 2305.08891, 3.2).
    func refuseNoiseAtZeroSNR(
        _ prediction: PredictionType, rescales: Bool
    ) throws(SettingError) {
        guard rescales, prediction == .epsilon else { return }
        throw .option(
            name: "rescale-betas-zero-snr", value: nil,
            problem: "does not go with a model that predicts noise, since the last step is noise "
                + "alone and there is nothing to learn from it; train with --prediction-type "
                + "v_prediction.")
    }

    /// Sees whether the objective goes with what the model says, overrides included.
    package func check(_ schedule: SchedulerConfiguration) throws(SettingError) {
        try refuseNoiseAtZeroSNR(
            schedule.predictionType, rescales: schedule.rescalesBetasToZeroSNR)
    }

    /// What a small file beside the model cannot say for itself.
    package var overrideNotice: String? {
        guard predictionType != nil || rescaleBetasZeroSNR else { return nil }
        return
            "What is trained goes with the model as it is trained here: paint with one whose "
            + "scheduler says the same of prediction type and zero terminal SNR."
    }

    var objectiveNotices: [String] {
        var result: [String] = []
        if lossType == .l2 {
            let given = [
                ("huber-c \(huberC)", huberC != 0.1),
                ("huber-schedule \(huberSchedule.rawValue)", huberSchedule != .snr),
            ]
            for (option, isGiven) in given where isGiven {
                result.append(
                    "--\(option) has no effect with --loss-type l2; use huber or smooth_l1.")
            }
        }
        if !useEMA, emaDecay != 0.9999 {
            result.append("--ema-decay \(emaDecay) has no effect without --use-ema.")
        }
        return result
    }
}

extension TrainingConfiguration {
    /// What an option counts as that a checkpoint does not name.
    package static let unset = "not set"

    /// What of objective and updates decides a run's numbers, by the names of the options; one that
    /// is not used says so in the words for a checkpoint that does not know it.
    var objectiveSettings: [String: String] {
        let isSquared = lossType == .l2
        let result = [
            "loss-type": isSquared ? nil : lossType.rawValue,
            "huber-c": isSquared ? nil : String(huberC),
            "huber-schedule": isSquared ? nil : huberSchedule.rawValue,
            // A fused backward gives the same numbers where all gradients are finite, and not else.
            "fused-backward-pass": fusedBackwardPass ? "on" : nil,
            "full-bf16": fullBF16 ? "on" : nil,
            "use-ema": useEMA ? "on" : nil,
            "ema-decay": useEMA ? String(emaDecay) : nil,
            "prediction-type": predictionType?.rawValue,
            "rescale-betas-zero-snr": rescaleBetasZeroSNR ? "on" : nil,
            "debiased-estimation-loss": debiasedEstimationLoss ? "on" : nil,
            "input-perturbation": inputPerturbation > 0 ? String(inputPerturbation) : nil,
        ]
        return result.mapValues { $0 ?? Self.unset }
    }
}
