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
    private let runFiles: [String: Data]
    let report: (TrainingEvent) -> Void
    private let recorder: RunRecorder
    private var output: RunOutput?

    /// A run of this configuration, on one device.
    ///
    /// - Parameters:
    ///   - runFiles: what repeats the run, for its folder, by name: `run.yaml` and what that
    ///     names.
    ///   - report: told what goes on, on the thread of ``run()``.
    public init(
        _ configuration: FineTuningConfiguration, device: Device = .cpu,
        cancellation: Cancellation = Cancellation(), runFiles: [String: Data] = [:],
        report: @escaping (TrainingEvent) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.device = device
        self.cancellation = cancellation
        self.runFiles = runFiles
        let recorder = RunRecorder(device: device, notify: { report(.notice($0)) })
        self.recorder = recorder
        self.report = { event in
            recorder.add(event)
            report(event)
        }
    }

    /// Trains and writes the model: a diffusers folder in the output folder.
    ///
    /// - Throws: ``TrainingError``, `ImagingError`, `ModelError`, `CheckpointError`, `FileError`
    ///   and their like: one sentence each.
    public func run() throws {
        do {
            try train()
            recorder.end()
            output?.finish(notify: { report(.notice($0)) })
        } catch {
            recorder.end("\(error)")
            output?.giveUp(notify: { report(.notice($0)) })
            throw error
        }
    }

    private func train() throws {
        try configuration.validate()
        try configuration.checkPlaces()
        let place = try RunOutput(configuration, runFiles: runFiles)
        self.output = place
        configuration.notices.forEach { report(.notice($0)) }
        settlePrecision()

        // All that can be wrong with the input is found before anything takes long.
        let source = try openModel()
        try source.verify()
        try configuration.check(source)
        source.notices.forEach { report(.notice($0)) }
        try checkSampler(source)
        let resolution = try resolution(for: source)
        let data = try TrainingData(
            configuration.subjects.map {
                PhotoSource(
                    url($0.instanceDataDir), repeats: $0.numRepeats,
                    hasPrompt: $0.instancePrompt != nil)
            },
            configuration.data, resolution: resolution,
            factor: source.vaeConfiguration.downsamplingFactor)
        let photos = data.photos
        data.events(for: configuration).forEach(report)
        try settleCaptions(data)
        if let event = data.unreadEvent(for: configuration, captions, source) { report(event) }
        let output = url(configuration.outputDir)
        let checkpoint = try findCheckpoint(in: output)
        settleSeed(checkpoint)
        let heldOut = try holdOut(photos)
        let places = photos.examples.filter { !heldOut.contains($0) }
        let exampleCount = TrainingExamples.epochCount(
            places.count, configuration.wantedClassCount)
        let stepCount = configuration.training.stepCount(exampleCount: exampleCount)
        try configuration.training.validateWarmup(stepCount: stepCount)
        advise(stepCount: stepCount)

        if let notice = try place.open() { report(.notice(notice)) }
        for (name, data) in runFiles {
            attempt(name) { try AtomicFile.write(data, to: output.appendingPathComponent(name)) }
        }
        captions = captions?.varied(
            configuration.data, seed: configuration.training.seed ?? 0)
        let texts = try configuration.texts(captions)
        var settings = try configuration.comparedSettings(
            resolution: resolution, stepCount: stepCount, modelHash: try source.hash,
            captions: captions?.fingerprint)
        settings.merge(try data.settings()) { $1 }
        // Which ones they are follows from the photos and the seed.
        settings["num-held-out"] = String(heldOut.count)
        try checkpoint?.require(settings, exceptFor: ["class-data-dir"])

        let classPhotos = try classPhotos(source, resolution: resolution)
        if let classPhotos {
            classPhotos.remarks(resolution: resolution).forEach { report(TrainingEvent($0)) }
            settings["class-data-dir"] = "photos \(try classPhotos.fingerprint())"
        }
        try checkpoint?.require(settings)
        if let checkpoint { try setAside(whatFollows: checkpoint, in: output) }
        let log = try TrainingLog(
            output.appendingPathComponent("training.jsonl"),
            keepingSteps: checkpoint?.state.step ?? 0,
            of: checkpoint?.url.deletingLastPathComponent().appendingPathComponent(
                "training.jsonl"),
            notify: { [report] in report(.notice($0)) })

        recorder.begin(
            RunDescription(
                configuration: configuration, settings: settings, modelName: source.name,
                modelHash: try source.hash, device: "\(device)", stepCount: stepCount,
                photos: photos.photos.enumerated().map { index, photo in
                    RunDescription.Photo(
                        url: photo.url,
                        caption: texts.caption(of: PhotoID(index)),
                        isHeldOut: heldOut.contains(PhotoID(index)))
                }, photosFingerprint: try photos.fingerprint()), log: log)

        report(
            .planned(
                RunSummary(
                    method: settings["method"] ?? "", model: source.name,
                    modelHash: try source.hash, device: "\(device)",
                    precision: "\(configuration.training.mixedPrecision.dtype(on: device))",
                    output: output.path, resolution: resolution, photoCount: photos.count,
                    heldOutCount: heldOut.count, exampleCount: exampleCount,
                    batchSize: configuration.training.trainBatchSize, stepCount: stepCount,
                    doneCount: checkpoint?.state.step ?? 0)))
        var examples = try examples(
            data, places, classPhotos, texts, source, resolution: resolution)
        try configuration.validateFusedBackward(sizeCount: examples.sizeCount)
        let networks = try makeNetworks(
            source, configuration, texts: texts, device: device, notify: { report(.notice($0)) })
        var objective = DiffusionObjective(
            unet: networks.unet, schedule: NoiseSchedule(source.schedulerConfiguration),
            dtype: networks.dtype, priorLossWeight: configuration.priorLossWeight,
            snrGamma: configuration.training.snrGamma,
            isDebiased: configuration.training.debiasedEstimationLoss,
            loss: configuration.training.lossFunction)
        if configuration.selfDistillation {
            objective.frozenPrior = try FrozenPrior(
                networks, classTexts: texts.classes, device: device)
        }
        let trainedCount = photos.count - heldOut.count
        let curve = LearningObserver(
            configuration, networks, objective, photos: examples.instances,
            subjects: photos.subjects, heldOut: heldOut, texts: texts,
            stepCount: stepCount, readings: log.keptReadings, device: device,
            best: configuration.keepsBest ? BestState(output) : nil,
            write: { [self] in
                _ = try networks.write(to: $0, training: summary($1, trainedCount, resolution))
            }, report: report)
        var files: [URL] = []
        let task = TrainingTask(
            groups: networks.groups,
            loss: { [device, objective] positions, generator in
                networks.prepareStep(generator)
                let batches = examples.batches(positions, generator: generator, device: device)
                return objective(
                    batches, context: networks.context.rows(batches.flatMap(\.texts)))
            },
            observers: curve.map { [TrainingObserver(interval: $0.interval, look: $0.read)] } ?? [],
            spectators: painter(networks, source, resolution: resolution, output: output).map {
                [
                    .painting(
                        every: configuration.training.validationSteps, cancellation: cancellation,
                        report: report, $0)
                ]
            } ?? [],
            write: { [self] step in
                curve?.conclude()
                files = try place.deliver(
                    {
                        try networks.write(
                            to: $0, training: summary(step, trainedCount, resolution))
                    },
                    notify: { report(.notice($0)) })
                for path in files { report(.modelSaved(path: path.path)) }
            },
            diagnose: { NonFiniteSource.sentence(networks, photos: examples.instances) })

        let checkpoints = try CheckpointFolder(
            output, settings: settings,
            totalLimit: configuration.training.checkpointsTotalLimit, configuration: configuration)
        let trainer = try Trainer(
            configuration.training, stepCount: stepCount, task: task, checkpoints: checkpoints,
            cancellation: cancellation, report: report)
        if let checkpoint { try trainer.resume(from: checkpoint) }
        if !trainer.optimizer.usesLearningRate {
            report(
                .notice(
                    "The optimizer \(configuration.training.optimizer.rawValue) sets its learning "
                        + "rate itself: `learning-rate` has no effect (`optimizer-args` "
                        + "relative_step=False gives it one)."))
        }
        try trainer.run()

        if let preview = recorder.record.previews.last?.pictures.first.map(PreviewPicture.init) {
            trainer.optimizer.useAverages()
            attempt("the preview picture") { try preview.write(beside: files) }
            if networks.showsThumbnail {
                attempt("the thumbnail") {
                    _ = try place.deliver(
                        {
                            try networks.write(
                                to: $0,
                                training: summary(trainer.step, trainedCount, resolution, preview))
                        }, notify: { report(.notice($0)) })
                }
            }
        }
        if cancellation.isRequested {
            throw TrainingError.interruptedAtEnd(result: files.first?.path ?? output.path)
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
        _ stepCount: Int, _ photoCount: Int, _ resolution: Int, _ preview: PreviewPicture? = nil
    ) -> TrainingSummary {
        TrainingSummary(
            configuration: configuration, stepCount: stepCount, photoCount: photoCount,
            resolution: resolution, captions: captions, thumbnail: preview?.thumbnail)
    }

    private func painter(
        _ networks: any FineTunedNetworks, _ source: ModelSource, resolution: Int, output: URL
    ) -> ((Int) throws -> [URL])? {
        guard let prompt = configuration.training.validationPrompt else { return nil }
        let folder = output.appendingPathComponent("validation")
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
