import Foundation
import Files
import NN
import Painting
import StableDiffusion
public import Torch

/// Teaches a model one subject from a few photos, by any of the methods.
///
/// Subject-driven training with a rare word and prior preservation: Ruiz et al. 2022,
/// arXiv 2208.12242.
public final class FineTuningRun {
    /// The configuration with what was left open settled: a seed, captions, and a precision that
    /// the device can compute in.
    public private(set) var configuration: FineTuningConfiguration
    private let device: Device
    private let cancellation: Cancellation
    private let report: (TrainingEvent) -> Void

    /// A run of this configuration, on one device.
    ///
    /// - Parameter report: told what goes on, on the thread of ``run()``.
    public init(
        _ configuration: FineTuningConfiguration, device: Device = .cpu,
        cancellation: Cancellation = Cancellation(),
        report: @escaping (TrainingEvent) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.device = device
        self.cancellation = cancellation
        self.report = report
    }

    /// Trains and writes the model: a diffusers folder in the output folder.
    ///
    /// - Throws: ``TrainingError``, `ImagingError`, `ModelError`, `CheckpointError`, `FileError`
    ///   and their like: one sentence each.
    public func run() throws {
        try configuration.validate()
        configuration.notices.forEach { report(.notice($0)) }
        settlePrecision()

        // All that can be wrong with the input is found before anything takes long.
        let source = try openModel()
        try source.verify()
        try configuration.check(source)
        let resolution = try resolution(for: source)
        let photos = try TrainingPhotos(
            url(configuration.instanceDataDir), resolution: resolution, takesRepeated: true)
        let captions = PhotoCaptions(photos)
        photos.events(resolution: resolution, captions: captions).forEach(report)
        try settleCaptions(captions)
        let exampleCount = TrainingExamples.epochCount(
            photos.examples.count, configuration.wantedClassCount)
        let stepCount = configuration.training.stepCount(exampleCount: exampleCount)
        try configuration.training.validateWarmup(stepCount: stepCount)
        advise(stepCount: stepCount)

        let output = url(configuration.outputDir)
        CheckpointFolder.recover(in: output)
        let checkpoint = try findCheckpoint(in: output)
        try Folder.create(output)
        settleSeed(checkpoint)
        var settings = try configuration.settings(
            resolution: resolution, stepCount: stepCount, modelHash: try source.hash)
        settings["instance-data-dir"] = "photos \(try photos.fingerprint())"
        try checkpoint?.require(settings)
        let log = try TrainingLog(
            output.appendingPathComponent("training.jsonl"),
            keepingSteps: checkpoint?.state.step ?? 0)

        let classPhotos = try classPhotos(source, resolution: resolution)
        if let classPhotos {
            classPhotos.events(resolution: resolution).forEach(report)
            settings["class-data-dir"] = "photos \(try classPhotos.fingerprint())"
            try checkpoint?.require(settings)
        }

        var examples = try examples(photos, classPhotos, source, resolution: resolution)
        let networks = try makeNetworks(
            source, configuration, device: device, notify: { report(.notice($0)) })
        let objective = DiffusionObjective(
            unet: networks.unet, schedule: NoiseSchedule(source.schedulerConfiguration),
            dtype: networks.dtype, priorLossWeight: configuration.priorLossWeight,
            snrGamma: configuration.training.snrGamma)
        let curve = try LearningObserver(
            configuration, networks, objective, photos: examples.instances, stepCount: stepCount,
            log: log, device: device, report: report)
        let task = TrainingTask(
            groups: networks.groups,
            loss: { [device] positions, generator in
                networks.prepareStep(generator)
                let batch = examples.batch(positions, generator: generator, device: device)
                return objective(batch, context: networks.context.rows(batch.texts))
            },
            paint: painter(networks, source, resolution: resolution, output: output),
            measure: curve?.read)

        let checkpoints = try CheckpointFolder(
            output, settings: settings,
            totalLimit: configuration.training.checkpointsTotalLimit, configuration: configuration)
        let trainer = try Trainer(
            configuration.training, stepCount: stepCount, task: task, checkpoints: checkpoints,
            log: log, cancellation: cancellation, report: report)
        if let checkpoint { try trainer.resume(from: checkpoint) }
        if !trainer.optimizer.usesLearningRate {
            report(
                .notice(
                    "The optimizer \(configuration.training.optimizer.rawValue) sets its learning "
                        + "rate itself: --learning-rate has no effect (--optimizer-args "
                        + "relative_step=False gives it one)."))
        }
        try trainer.run()

        curve?.conclude()
        trainer.optimizer.useAverages()
        for path in try networks.write(
            to: output, training: summary(trainer.step, photos.count, resolution))
        {
            report(.modelSaved(path: path.path))
        }
    }

    private func summary(_ stepCount: Int, _ photoCount: Int, _ resolution: Int) -> TrainingSummary
    {
        TrainingSummary(
            configuration: configuration, stepCount: stepCount, photoCount: photoCount,
            resolution: resolution)
    }

    private func openModel() throws -> ModelSource {
        if let model = configuration.model { return try ModelSource(url(model)) }
        return try ModelSource(EmbeddedModel.locate())
    }

    private func resolution(for source: ModelSource) throws -> Int {
        let factor = source.vaeConfiguration.downsamplingFactor
        let side =
            configuration.training.resolution ?? source.unetConfiguration.sampleSize * factor
        try TrainingConfiguration.validate(resolution: side, multiple: factor)
        return side
    }

    private func findCheckpoint(in output: URL) throws -> TrainingCheckpoint? {
        guard let name = configuration.resumeFromCheckpoint else {
            if let step = CheckpointFolder.steps(in: output).last {
                throw TrainingError.outputInUse(
                    path: configuration.outputDir, checkpoint: "checkpoint-\(step)")
            }
            return nil
        }
        let found = try CheckpointFolder.find(name, in: output)
        if found == nil {
            report(.notice("There is no checkpoint in \(output.path) yet: training starts anew."))
        }
        return found
    }

    private func settleCaptions(_ captions: PhotoCaptions) throws {
        configuration.captions = nil
        let reason: String
        if case .textualInversion = configuration.method {
            reason = "since textual inversion has sentences of its own; see --templates."
        } else if configuration.instancePrompt != nil {
            reason = "since --instance-prompt is given; leave it away to use them."
        } else {
            configuration.captions = PhotoTexts(try captions.read())
            return
        }
        let count = captions.count
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
                        + "a subject takes some hundred: see --max-train-steps."))
        }
    }

    private func classPhotos(
        _ source: ModelSource, resolution: Int
    ) throws -> TrainingPhotos? {
        guard configuration.withPriorPreservation, let name = configuration.classDataDir,
            let prompt = configuration.classPrompt
        else { return nil }
        let native =
            source.unetConfiguration.sampleSize * source.vaeConfiguration.downsamplingFactor
        var settings = GenerationSettings(prompt: prompt)
        settings.stepCount = configuration.classImageSteps
        // Models paint best at their own size; enlarging, though, would blur.
        settings.width = max(native, resolution)
        settings.height = settings.width
        let precision =
            configuration.priorGenerationPrecision ?? configuration.training.mixedPrecision
        let pictures = ClassPictures(
            folder: url(name), count: configuration.numClassImages, settings: settings,
            seed: configuration.training.seed ?? 0, batchSize: configuration.sampleBatchSize)
        try pictures.complete(
            pipeline: {
                try Pipeline(source, precision: precision.dtype(on: device), device: device)
            },
            cancellation: cancellation,
            progress: { report(.preparing("painting class pictures", done: $0, total: $1)) })
        return try TrainingPhotos(
            url(name), resolution: resolution, limit: configuration.numClassImages)
    }

    /// The autoencoder lives only here: encoding is all it is for.
    private func examples(
        _ photos: TrainingPhotos, _ classPhotos: TrainingPhotos?, _ source: ModelSource,
        resolution: Int
    ) throws -> TrainingExamples {
        let autoencoder = try source.autoencoder(device: device)
        func cache(_ photos: TrainingPhotos, _ what: String) throws -> LatentCache {
            try LatentCache(
                photos, configuration: configuration.training, resolution: resolution,
                autoencoder: autoencoder, device: device,
                isCancelled: { cancellation.isRequested },
                progress: { report(.preparing("encoding \(what)", done: $0, total: $1)) })
        }
        return TrainingExamples(
            instances: try cache(photos, "photos"), places: photos.examples,
            classes: try classPhotos.map { try cache($0, "class pictures") },
            timestepCount: source.schedulerConfiguration.trainingStepCount,
            offsetNoise: configuration.training.offsetNoise,
            instanceTextCount: try configuration.instanceTexts().count,
            instanceTexts: configuration.captions?.numbers,
            dropout: try configuration.wantedDropout.map {
                // The last of all texts.
                CaptionDropout(rate: $0, text: try configuration.texts().count - 1)
            },
            seed: configuration.training.seed ?? 0)
    }

    private func painter(
        _ networks: any FineTunedNetworks, _ source: ModelSource, resolution: Int, output: URL
    ) -> ((Int) throws -> [URL])? {
        guard let prompt = configuration.training.validationPrompt else { return nil }
        let folder = output.appendingPathComponent("validation")
        return { [configuration, device] step in
            try Folder.create(folder)
            let pipeline = try networks.pipeline(device: device)
            var settings = GenerationSettings(prompt: prompt)
            settings.width = resolution
            settings.height = resolution
            let writer = PictureWriter(pipeline: pipeline, settings: settings)
            // The same seeds every time, so that pictures of different steps can be compared.
            let places = (0..<configuration.training.numValidationImages).map { index in
                (
                    seed: (configuration.training.seed ?? 0) &+ UInt64(index),
                    url: folder.appendingPathComponent("step-\(step)-\(index).png")
                )
            }
            for place in places { try writer.paint([place]) }
            return places.map(\.url)
        }
    }

    private func url(_ path: String) -> URL { URL(fileURLWithPath: path) }
}
