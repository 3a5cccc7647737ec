package import StableDiffusion

/// What a step lowers, and what of it does not go together.
extension TrainingConfiguration {
    func validateObjective() throws(SettingError) {
        if lossType != .l2, huberSchedule != .constant, huberC > 1 {
            throw .option(
                name: "huber-c", value: String(huberC),
                problem: "must be at most 1 with `huber-schedule` \(huberSchedule.rawValue), "
                    + "which goes from 1 down to it; lower it, or use constant.")
        }
        if debiasedEstimationLoss, let snrGamma {
            throw .option(
                name: "debiased-estimation-loss", value: nil,
                problem: "and `snr-gamma` \(snrGamma) both decide what a timestep weighs; leave "
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
                + "alone and there is nothing to learn from it; train with `prediction-type` "
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
}

extension TrainingConfiguration {
    /// What an option counts as that a checkpoint does not name.
    package static let unset = "not set"
}
