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
    public private(set) var configuration: FineTuningConfiguration
    /// The captions of the photos, where the run has taken them.
    package private(set) var captions: PhotoTexts?
    private let device: Device
    private let cancellation: Cancellation
    private let runFiles: [String: Data]
    private let report: (TrainingEvent) -> Void
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

    /// Which photos are measured and not trained on.
    private func holdOut(_ photos: TrainingPhotos) throws -> [PhotoID] {
        let record = configuration.training.record
        // Photos that nobody looks at would only be missing.
        guard configuration.training.measuringSteps != 0 else { return [] }
        let chosen = try HeldOutPhotos.choose(
            of: photos.subjects, wanted: record.numHeldOut,
            seed: configuration.training.seed ?? 0)
        let count = chosen.count
        if count > 0 {
            let names = chosen.map { photos.photos[$0.place].name }
            report(
                .notice(
                    "\(count) of \(photos.count) photos \(count == 1 ? "is" : "are") not trained "
                        + "on but measured, to tell learning from learning by heart: "
                        + "\(names.joined(separator: ", ")) (`num-held-out` 0 trains on all)."))
        }
        return chosen
    }

    private func openModel() throws -> ModelSource {
        let training = configuration.training
        let source = try ModelSource(
            configuration.model.map(url) ?? EmbeddedModel.locate(),
            predictionOverride: training.predictionType,
            rescalesBetas: training.rescaleBetasZeroSNR)
        try training.check(source.schedulerConfiguration)
        if configuration.method != .dreamBooth, let notice = training.overrideNotice {
            report(.notice(notice))
        }
        return source
    }

    /// Whether pictures can be painted at all, before anything takes long.
    private func checkSampler(_ source: ModelSource) throws {
        var counts = configuration.classFolders.isEmpty ? [] : [configuration.classImageSteps]
        if configuration.training.validationPrompt != nil {
            counts.append(GenerationSettings(prompt: "").stepCount)
        }
        guard !counts.isEmpty else { return }
        let choice = try SamplerChoice(for: source.schedulerConfiguration)
        for count in counts { _ = try choice.sampler(stepCount: count) }
        if let notice = choice.notice { report(.notice(notice)) }
    }

    private func resolution(for source: ModelSource) throws -> Int {
        let factor = source.vaeConfiguration.downsamplingFactor
        let side =
            configuration.training.resolution ?? source.unetConfiguration.sampleSize * factor
        try TrainingConfiguration.validate(resolution: side, multiple: factor)
        return side
    }

    private func findCheckpoint(in output: URL) throws -> TrainingCheckpoint? {
        guard let name = configuration.resumeFromCheckpoint else { return nil }
        let found = try CheckpointFolder.find(name, in: output)
        if found == nil {
            report(.notice("There is no checkpoint in \(output.path) yet: training starts anew."))
        }
        return found
    }

    private func setAside(whatFollows checkpoint: TrainingCheckpoint, in output: URL) throws {
        let branch = AbandonedBranch(output, goingOnFrom: checkpoint)
        let logs = configuration.training.record.loggingDir
        guard let folder = try branch.setAside(loggingDir: logs) else { return }
        let names = branch.steps.map { "checkpoint-\($0)" }.joined(separator: ", ")
        report(
            .notice(
                "The run goes on from step \(checkpoint.state.step), and \(names) of an earlier run "
                    + "do not belong to it: with their log and pictures they are now in "
                    + "\(folder.path)."))
    }

    private func settleCaptions(_ data: TrainingData) throws {
        captions = nil
        let reason: String
        var isUsed = Array(repeating: false, count: data.photos.count)
        if case .textualInversion = configuration.method {
            reason = "since textual inversion has sentences of its own; see `templates`."
        } else {
            let prompts = data.photos.subjects.map {
                configuration.subjects[$0.place].instancePrompt
            }
            if configuration.subjects.count > 1 || configuration.instancePrompt == nil {
                captions = PhotoTexts(try data.captions.read(where: prompts))
            }
            reason = "since `instance-prompt` is given; leave it away to use them."
            isUsed = prompts.map { $0 == nil }
        }
        let count = data.captions.count { !isUsed[$0] }
        if count > 0 {
            let captions =
                count == 1
                ? "1 caption beside the photos is" : "\(count) captions beside the photos are"
            report(.notice("\(captions) not used, \(reason)"))
        }
    }

    private func settleSeed(_ checkpoint: TrainingCheckpoint?) {
        guard configuration.training.seed == nil else { return }
        let before = checkpoint?.state.settings["seed"].flatMap { UInt64($0) }
        // Small enough to be typed again.
        configuration.training.seed = before ?? UInt64.random(in: 0..<(1 << 32))
    }

    private func settlePrecision() {
        guard device == .cpu, configuration.training.mixedPrecision == .fp16 else { return }
        configuration.training.mixedPrecision = .bf16
        report(
            .notice("A CPU computes fp16 a thousand times more slowly than bf16: bf16 is used."))
    }

    private func advise(stepCount: Int) {
        if configuration.training.maxTrainSteps == nil, stepCount < 100 {
            report(
                .notice(
                    "\(configuration.training.numTrainEpochs) epoch(s) are \(stepCount) step(s); "
                        + "a subject takes some hundred: see `max-train-steps`."))
        }
    }

    private func classPhotos(
        _ source: ModelSource, resolution: Int
    ) throws -> TrainingPhotos? {
        let folders = configuration.classFolders
        guard !folders.isEmpty else { return nil }
        for (name, prompt) in folders {
            try paintClassPictures(of: prompt, in: url(name), source, resolution: resolution)
        }
        return try TrainingPhotos(
            folders.map { PhotoSource(url($0.name)) }, resolution: resolution,
            limit: configuration.numClassImages, takesRepeated: false, measuring: false,
            toleratesFailures: false)
    }

    /// Those that are missing.
    private func paintClassPictures(
        of prompt: String, in folder: URL, _ source: ModelSource, resolution: Int
    ) throws {
        let native =
            source.unetConfiguration.sampleSize * source.vaeConfiguration.downsamplingFactor
        var settings = GenerationSettings(prompt: prompt)
        settings.stepCount = configuration.classImageSteps
        // Models paint best at their own size; enlarging, though, would blur.
        settings.width = max(native, resolution)
        settings.height = settings.width
        let precision =
            configuration.priorGenerationPrecision ?? configuration.training.mixedPrecision
        // The schedule is the one to be learned, which the untrained model knows nothing of.
        let source =
            configuration.training.rescaleBetasZeroSNR ? try ModelSource(source.url) : source
        let pictures = ClassPictures(
            folder: folder, count: configuration.numClassImages, settings: settings,
            seed: configuration.training.seed ?? 0, batchSize: configuration.sampleBatchSize)
        try pictures.complete(
            pipeline: {
                try Pipeline(source, precision: precision.dtype(on: device), device: device)
            },
            cancellation: cancellation,
            progress: { report(.preparing("painting class pictures", done: $0, total: $1)) })
    }

    /// The autoencoder lives only here: encoding is all it is for.
    private func examples(
        _ data: TrainingData, _ places: [PhotoID], _ classPhotos: TrainingPhotos?,
        _ texts: RunTexts, _ source: ModelSource, resolution: Int
    ) throws -> TrainingExamples {
        let seed = configuration.training.seed ?? 0
        let isCentered = configuration.training.centerCrop
        let autoencoder = try source.autoencoder(device: device)
        let store = try configuration.latentsFolder.map {
            try LatentStore($0, autoencoder: autoencoder, device: device)
        }
        func cache(
            _ photos: TrainingPhotos, _ views: PhotoViews, _ what: String
        ) throws -> LatentCache {
            try LatentCache(
                photos, views: views, store: store, autoencoder: autoencoder, device: device,
                checkCancellation: cancellation.check, notify: { report(.notice($0)) },
                progress: { report(.preparing("encoding \(what)", done: $0, total: $1)) })
        }
        return TrainingExamples(
            instances: try cache(
                data.photos, data.views(isCentered: isCentered, seed: seed), "photos"),
            places: places,
            classes: try classPhotos.map {
                try cache(
                    $0, PhotoViews(resolution: resolution, isCentered: isCentered, seed: seed),
                    "class pictures")
            },
            repeatsAsClass: configuration.selfDistillation,
            timestepCount: source.schedulerConfiguration.trainingStepCount,
            offsetNoise: configuration.training.offsetNoise,
            texts: texts, classSubjects: classSubjects(data.photos, classPhotos),
            inputPerturbation: configuration.training.inputPerturbation,
            batchSize: configuration.training.trainBatchSize, seed: seed)
    }

    /// Of whose class each class picture is, or each photo in its place.
    private func classSubjects(
        _ photos: TrainingPhotos, _ classPhotos: TrainingPhotos?
    ) -> [SubjectID] {
        guard let classPhotos else { return photos.subjects }
        // The first subject with a folder says of what it is; others with it say the same.
        let owners = configuration.classFolders.map { folder in
            SubjectID(configuration.subjects.firstIndex { $0.classDataDir == folder.name } ?? 0)
        }
        return classPhotos.folderNumbers.map { owners[$0] }
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

    private func url(_ path: String) -> URL { URL(fileURLWithPath: path) }
}
