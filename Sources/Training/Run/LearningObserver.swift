import Datasets
import Evaluation
import Foundation
import RunRecord
import Settings
import StableDiffusion
import Torch

/// Reads the curves of a run, and says when it is enough.
final class LearningObserver {
    /// Steps between readings.
    let interval: Int
    private let measure: LearningMeasure
    private let stopsByItself: Bool
    private let report: (TrainingEvent) -> Void
    private let stepCount: Int
    private let best: BestState?
    private let write: (_ folder: URL, _ step: Int) throws -> Void
    private var curve: LearningCurve
    private var hasToldOfBest = false
    private var hasToldOfReading = false

    /// Takes the first reading, of the untrained model; nil where none are wanted.
    ///
    /// - Parameters:
    ///   - subjects: whose each photo is.
    ///   - heldOut: which photos are not trained on.
    ///   - batchSize: photos measured at once; nil: as many as are trained at once.
    ///   - readings: those of the run that goes on.
    ///   - best: where the state of the best reading is kept; nil: nowhere.
    ///   - write: writes what is trained into a folder.
    init?(
        _ configuration: FineTuningConfiguration, _ networks: any FineTunedNetworks,
        _ objective: DiffusionObjective, photos: LatentCache,
        subjects: [SubjectID], heldOut: [PhotoID] = [], texts: RunTexts, stepCount: Int,
        batchSize: Int? = nil, readings: [LearningReading], device: Device,
        best: BestState? = nil,
        write: @escaping (_ folder: URL, _ step: Int) throws -> Void = { _, _ in },
        report: @escaping (TrainingEvent) -> Void
    ) {
        let training = configuration.training
        guard let interval = training.measuringInterval(stepCount: stepCount) else { return nil }
        self.interval = interval
        measure = LearningMeasure(
            MeasuredModel(networks, objective), photos: photos, subjects: subjects,
            heldOut: heldOut, texts: texts, batchSize: batchSize ?? training.trainBatchSize,
            seed: training.seed ?? 0, device: device)
        stopsByItself = training.stopsByItself
        self.report = report
        self.stepCount = stepCount
        self.best = best
        self.write = write
        curve = LearningCurve(readings)
        if curve.readings.isEmpty { _ = read(step: 0) }
    }

    /// Reads both curves; true when the run should end.
    func read(step: Int) -> Bool {
        let reading = measure.read(step: step)
        guard reading.isFinite else {
            if !hasToldOfReading {
                report(
                    .notice(
                        "The reading after step \(step) is not finite and is left out, as are more "
                            + "of its kind."))
            }
            hasToldOfReading = true
            return false
        }
        curve.append(reading)
        if let before = curve.readings.first { report(.measured(reading, before: before)) }
        if let best, Double(step) > Double(stepCount) * BestState.warmup,
            curve.best?.step == step
        {
            keep(reading, in: best)
        }
        guard stopsByItself, curve.hasStalled else { return false }
        report(
            .notice(
                "The run ends after step \(step): the error on the photos has not fallen for "
                    + "\(LearningCurve.patience) readings while the class moved on."))
        return true
    }

    /// The run is worth more than the best state on its way: where that cannot be written, that is
    /// told once, and the one before stays.
    private func keep(_ reading: LearningReading, in best: BestState) {
        do {
            try best.replace(reading) { try write($0, reading.step) }
            report(.bestSaved(path: best.url.path, step: reading.step))
        } catch {
            guard !hasToldOfBest else { return }
            hasToldOfBest = true
            report(.notice("The best state is not kept, the run goes on: \(error)"))
        }
    }

    /// The folder of the best reading's state, where it has been kept.
    private var bestFolder: String? {
        guard let best, let reading = best.read(), reading.step == curve.best?.step else {
            return nil
        }
        return best.url.path
    }

    /// Says what happened.
    func conclude() {
        if let verdict = curve.verdict(naming: bestFolder) { report(.verdict(verdict)) }
    }
}

extension MeasuredModel {
    /// The networks of a run with what they are trained for.
    init(_ networks: any FineTunedNetworks, _ objective: DiffusionObjective) {
        self.init(
            timestepCount: objective.schedule.trainingStepCount,
            prepare: { networks.prepareStep(nil) },
            prediction: { objective.prediction($0, context: networks.context.rows($0.texts)) },
            rowErrors: { objective.rowErrors($0, context: networks.context.rows($0.texts)) })
    }
}
