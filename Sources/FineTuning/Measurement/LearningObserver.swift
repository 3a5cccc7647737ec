import Torch

/// Reads the curves of a run, writes them down, and says when it is enough.
final class LearningObserver {
    private let measure: LearningMeasure
    private let stopsByItself: Bool
    private let log: TrainingLog
    private let report: (TrainingEvent) -> Void
    private var curve: LearningCurve

    /// Takes the first reading, of the untrained model; nil where none are wanted.
    init?(
        _ configuration: FineTuningConfiguration, _ networks: any FineTunedNetworks,
        _ objective: DiffusionObjective, photos: LatentCache, stepCount: Int, log: TrainingLog,
        device: Device, report: @escaping (TrainingEvent) -> Void
    ) throws {
        let training = configuration.training
        guard training.measuringInterval(stepCount: stepCount) != nil else { return nil }
        let textCount = try configuration.instanceTexts().count
        measure = LearningMeasure(
            networks, objective, photos: photos, instanceTextCount: textCount,
            instanceTexts: configuration.captions?.numbers,
            classText: textCount, batchSize: training.trainBatchSize, seed: training.seed ?? 0,
            device: device)
        stopsByItself = training.stopsByItself
        self.log = log
        self.report = report
        // A run that goes on has its first readings in the log.
        curve = LearningCurve(log.keptReadings)
        if curve.readings.isEmpty { _ = try read(step: 0) }
    }

    /// Reads both curves; true when the run should end.
    func read(step: Int) throws -> Bool {
        let reading = measure.read(step: step)
        curve.append(reading)
        try log.append(reading)
        if let before = curve.readings.first { report(.measured(reading, before: before)) }
        guard stopsByItself, curve.hasStalled else { return false }
        report(
            .notice(
                "The run ends after step \(step): the error on the photos has not fallen for "
                    + "\(LearningCurve.patience) readings while the class moved on."))
        return true
    }

    /// Says what happened.
    func conclude() {
        if let verdict = curve.verdict { report(.verdict(verdict)) }
    }
}
