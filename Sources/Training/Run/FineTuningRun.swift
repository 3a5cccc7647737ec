package import Datasets
import Files
public import Foundation
import Imaging
import NN
import Painting
public import RunRecord
public import Settings
import StableDiffusion
public import Torch

/// Teaches a model a subject, or several, from a few photos of each, by any of the methods.
///
/// Subject-driven training with a rare word and prior preservation: Ruiz et al. 2022,
/// arXiv 2208.12242.
public final class FineTuningRun {
    /// The configuration with what was left open settled: a seed, and a precision that the
    /// device can compute in.
    public internal(set) var configuration: FineTuningConfiguration
    /// The captions of the photos, where the run has taken them.
    package internal(set) var captions: PhotoTexts?
    let device: Device
    let cancellation: Cancellation
    /// Those that train together; nil: this process alone.
    let processes: ProcessGroup?
    private let runFiles: [String: Data]
    let report: (TrainingEvent) -> Void
    let recorder: RunRecorder
    private var output: RunOutput?
    private var trainer: Trainer?
    /// Called when memory has run out, on the thread that computed: with the newest state, which is
    /// that of the last step where it could be saved. The folder is let go by then. It may begin the
    /// run anew by replacing the process, which ends where it returns (`OutOfMemory`).
    public var outOfMemory: ((_ saved: SavedState?) -> Void)?

    /// A state of a run that is on the disk.
    public struct SavedState: Sendable {
        /// The folder.
        public let path: String
        /// The steps that were done.
        public let step: Int
    }

    /// A run of this configuration, on one device.
    ///
    /// - Parameters:
    ///   - runFiles: what repeats the run, for its folder, by name: `run.yaml` and what that
    ///     names.
    ///   - processes: those that train together, each with a batch of its own; nil: this one alone.
    ///   - report: told what goes on, on the thread of ``run()``; of several processes, the first
    ///     alone tells.
    public init(
        _ configuration: FineTuningConfiguration, device: Device = .cpu,
        cancellation: Cancellation = Cancellation(), runFiles: [String: Data] = [:],
        processes: ProcessGroup? = nil, report: @escaping (TrainingEvent) -> Void = { _ in }
    ) {
        self.processes = processes
        self.configuration = configuration
        self.device = device
        self.cancellation = cancellation
        self.runFiles = runFiles
        let recorder = RunRecorder(device: device, notify: { report(.notice($0)) })
        self.recorder = recorder
        let isWriter = processes?.isFirst ?? true
        self.report = { event in
            guard isWriter else { return }
            recorder.add(event)
            report(event)
        }
    }

    /// Trains and writes the model: a diffusers folder in the output folder.
    ///
    /// - Throws: ``TrainingError``, `ImagingError`, `ModelError`, `CheckpointError`, `FileError`
    ///   and their like: one sentence each.
    public func run() throws {
        OutOfMemory.onExit { [self] in leaveOff(at: $0) }
        defer {
            OutOfMemory.onExit(nil)
            // What it writes with knows this run.
            trainer = nil
        }
        do {
            try train()
            try processes?.leave()
            recorder.end()
            output?.finish(notify: { report(.notice($0)) })
        } catch {
            endTogether(error)
            recorder.end("\(error)")
            output?.giveUp(notify: { report(.notice($0)) })
            throw error
        }
    }

    /// Saves what there is when memory has run out.
    private func leaveOff(at operation: String) {
        guard let outOfMemory else { return }
        let saved = trainer?.saveBeforeStep()
        recorder.end("out of memory in \(operation)")
        output?.giveUp(notify: { report(.notice($0)) })
        outOfMemory(saved.map { SavedState(path: $0.path, step: $0.step) })
    }

    /// Plans, prepares and trains.
    private func train() throws {
        try configuration.validate()
        try configuration.checkPlaces()
        let place = try first { try RunOutput(configuration, runFiles: runFiles) }
        self.output = place
        configuration.notices.forEach { report(.notice($0)) }
        try settleProcesses()
        var plan = try plan()
        // A damaged photo is named before anything is written, and before anything takes long.
        try plan.data.measure()
        plan.data.measuredNotices.forEach { report(.notice($0)) }
        if let notice = try place?.open() { report(.notice(notice)) }
        for (name, data) in runFiles where isWriter {
            attempt(name) {
                try AtomicFile.write(data, to: plan.output.appendingPathComponent(name))
            }
        }
        let prepared = try prepare(plan)
        let (networks, output) = (prepared.networks, plan.output)
        let curve = try networks.withWeights { measurement(prepared, plan) }
        var files: [URL] = []
        var task = TrainingTask(
            groups: networks.groups, loss: loss(of: prepared),
            observers: isWriter
                ? curve.map { [TrainingObserver(interval: $0.interval, look: $0.read)] } ?? []
                : waitingObservers(stepCount: plan.stepCount),
            spectators: isWriter
                ? painter(networks, plan).map {
                    [
                        .painting(
                            every: configuration.training.validationSteps,
                            cancellation: cancellation, report: report, $0)
                    ]
                } ?? [] : waitingSpectators(),
            write: place.map { place in
                { [self] step in
                    curve?.conclude()
                    files = try place.deliver(
                        { try networks.write(to: $0, training: summary(plan, stepCount: step)) },
                        notify: { report(.notice($0)) })
                    for path in files { report(.modelSaved(path: path.path)) }
                }
            },
            diagnose: {
                NonFiniteSource.sentence(networks, photos: prepared.examples.instances)
            })

        task.weights = networks.shards
        let checkpoints = try CheckpointFolder(
            output, settings: prepared.settings,
            totalLimit: configuration.training.checkpointsTotalLimit, configuration: configuration)
        let trainer = try Trainer(
            configuration.training, stepCount: plan.stepCount, task: task,
            checkpoints: checkpoints, cancellation: cancellation, processes: processes,
            report: report)
        self.trainer = trainer
        if let checkpoint = plan.checkpoint { try trainer.resume(from: checkpoint) }
        if !trainer.optimizer.usesLearningRate {
            report(
                .notice(
                    "The optimizer \(configuration.training.optimizer.rawValue) sets its learning "
                        + "rate itself: `learning-rate` has no effect (`optimizer-args` "
                        + "relative_step=False gives it one)."))
        }
        try trainer.run()
        if configuration.training.zeroStage > 0, processes != nil { try trainer.useAverages() }

        guard let place else {
            if trainer.isCancelled {
                throw TrainingError.interruptedAtEnd(result: output.path)
            }
            return
        }
        if let preview = recorder.record.previews.last?.pictures.first.map(PreviewPicture.init) {
            trainer.optimizer.useAverages()
            attempt("the preview picture") { try preview.write(beside: files) }
            if networks.showsThumbnail {
                attempt("the thumbnail") {
                    _ = try place.deliver(
                        {
                            try networks.write(
                                to: $0,
                                training: summary(plan, stepCount: trainer.step, preview))
                        }, notify: { report(.notice($0)) })
                }
            }
        }
        if processes == nil ? cancellation.isRequested : trainer.isCancelled {
            throw TrainingError.interruptedAtEnd(result: files.first?.path ?? output.path)
        }
    }

    /// What measures the run, with its first reading; nil: another process does, or none is wanted.
    private func measurement(_ prepared: RunPreparation, _ plan: RunPlan) -> LearningObserver? {
        let networks = prepared.networks
        return prepared.log.flatMap { log in
            LearningObserver(
                configuration, networks, prepared.objective, photos: prepared.examples.instances,
                subjects: plan.data.photos.subjects, heldOut: plan.heldOut, texts: prepared.texts,
                stepCount: plan.stepCount, batchSize: ownBatchSize, readings: log.keptReadings,
                device: device, best: configuration.keepsBest ? BestState(plan.output) : nil,
                write: { [self] in
                    _ = try networks.write(to: $0, training: summary(plan, stepCount: $1))
                }, report: report)
        }
    }

    /// Does what is only for looking at: where it cannot be done, that is told, and the run goes on.
    private func attempt(_ what: String, _ body: () throws -> Void) {
        do {
            try body()
        } catch {
            report(.notice("\(what) cannot be written, the run goes on: \(error)"))
        }
    }

    private func summary(
        _ plan: RunPlan, stepCount: Int, _ preview: PreviewPicture? = nil
    ) -> TrainingSummary {
        TrainingSummary(
            configuration: configuration, stepCount: stepCount, photoCount: plan.trainedCount,
            resolution: plan.resolution, captions: captions, thumbnail: preview?.thumbnail)
    }

    private func painter(
        _ networks: any FineTunedNetworks, _ plan: RunPlan
    ) -> ((Int) throws -> [URL])? {
        guard let prompt = configuration.training.validationPrompt else { return nil }
        let (folder, resolution) = (
            plan.output.appendingPathComponent("validation"), plan.resolution
        )
        return { [configuration, device, cancellation] step in
            try Folder.create(folder)
            let pipeline = try networks.pipeline(device: device)
            var settings = GenerationSettings(prompt: prompt)
            settings.width = resolution
            settings.height = resolution
            // The same seeds every time, so that pictures of different steps can be compared.
            let seeds = consecutiveSeeds(
                from: configuration.training.seed ?? 0,
                count: configuration.training.numValidationImages)
            var written: [URL] = []
            try Painter(pipeline, settings).paint(
                seeds: seeds,
                progress: { _ in
                    if cancellation.isRequested {
                        throw TrainingError.interrupted(step: step, checkpoint: nil)
                    }
                },
                deliver: { picture in
                    let url = folder.appendingPathComponent("step-\(step)-\(picture.index).png")
                    try picture.write(to: url)
                    written.append(url)
                })
            return written
        }
    }

    func url(_ path: String) -> URL { URL(fileURLWithPath: path) }
}
