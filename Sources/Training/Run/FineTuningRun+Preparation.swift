import Datasets
import Foundation
import Imaging
import Painting
import RunRecord
import Settings
import StableDiffusion
import Torch

/// What the loop needs of a plan.
struct RunPreparation {
    /// By the names of the settings: what a resumed run is compared with.
    let settings: [String: String]
    /// All texts that rows can have.
    let texts: RunTexts
    /// What a run that goes on has written down before; nil: another process writes it.
    let log: TrainingLog?
    /// The encoded photos and class pictures, in their order.
    let examples: TrainingExamples
    /// What is trained, and what is laid over what.
    let networks: any FineTunedNetworks
    /// How far off a prediction is.
    let objective: DiffusionObjective
}

/// Prepare: what takes long before the first step. Class pictures are painted, photos are encoded,
/// networks are loaded.
extension FineTuningRun {
    func prepare(_ plan: RunPlan) throws -> RunPreparation {
        let (source, data, photos) = (plan.source, plan.data, plan.data.photos)
        let texts = try configuration.texts(captions)
        var settings = try configuration.comparedSettings(
            resolution: plan.resolution, stepCount: plan.stepCount, modelHash: try source.hash,
            captions: captions?.fingerprint)
        settings.merge(try data.settings()) { $1 }
        // Which ones they are follows from the photos and the seed.
        settings["num-held-out"] = String(plan.heldOut.count)
        try plan.checkpoint?.require(settings, exceptFor: ["class-data-dir"])
        try compare(settings, plan)

        let classPhotos = try classPhotos(source, resolution: plan.resolution)
        // What comes now has tensors of other sizes: those that are kept would lie beside them.
        device.emptyCache()
        if let classPhotos {
            classPhotos.remarks(resolution: plan.resolution).forEach { report(TrainingEvent($0)) }
            settings["class-data-dir"] = "photos \(try classPhotos.fingerprint())"
        }
        try plan.checkpoint?.require(settings)
        let log = try isWriter ? begin(plan, settings, texts) : nil
        report(
            .planned(
                RunSummary(
                    method: settings["method"] ?? "", model: source.name,
                    modelHash: try source.hash, device: "\(device)",
                    precision: "\(configuration.training.precision(on: device).computing)",
                    output: plan.output.path, resolution: plan.resolution,
                    photoCount: photos.count, heldOutCount: plan.heldOut.count,
                    exampleCount: plan.exampleCount,
                    batchSize: configuration.training.trainBatchSize, stepCount: plan.stepCount,
                    doneCount: plan.checkpoint?.state.step ?? 0)))

        let examples = try examples(
            data, plan.places, classPhotos, texts, source, resolution: plan.resolution)
        device.emptyCache()
        try configuration.validateFusedBackward(sizeCount: examples.sizeCount)
        settleStage(sizeCount: examples.sizeCount)
        let (networks, objective) = try loadNetworks(
            source, texts, on: device, notify: { report(.notice($0)) })
        return RunPreparation(
            settings: settings, texts: texts, log: log, examples: examples, networks: networks,
            objective: objective)
    }

    /// Loads what is trained, and says how far off it is.
    func loadNetworks(
        _ source: ModelSource, _ texts: RunTexts, on device: Device, notify: (String) -> Void
    ) throws -> (any FineTunedNetworks, DiffusionObjective) {
        let networks = try makeNetworks(
            source, configuration, texts: texts, device: device, disk: try diskMemory(on: device),
            processes: processes,
            notify: notify)
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
        return (networks, objective)
    }

    /// The run is known: its log and records begin.
    func begin(
        _ plan: RunPlan, _ settings: [String: String], _ texts: RunTexts
    ) throws -> TrainingLog {
        let (source, photos) = (plan.source, plan.data.photos)
        if let checkpoint = plan.checkpoint {
            try setAside(whatFollows: checkpoint, in: plan.output)
        }
        let log = try TrainingLog(
            plan.output.appendingPathComponent("training.jsonl"),
            keepingSteps: plan.checkpoint?.state.step ?? 0,
            of: plan.checkpoint?.url.deletingLastPathComponent().appendingPathComponent(
                "training.jsonl"),
            notify: { [report] in report(.notice($0)) })
        recorder.begin(
            RunDescription(
                configuration: configuration, settings: settings, modelName: source.name,
                modelHash: try source.hash, device: "\(device)", stepCount: plan.stepCount,
                photos: photos.photos.enumerated().map { index, photo in
                    RunDescription.Photo(
                        url: photo.url,
                        caption: texts.caption(of: PhotoID(index)),
                        isHeldOut: plan.heldOut.contains(PhotoID(index)))
                }, photosFingerprint: try photos.fingerprint()), log: log)
        return log
    }

    /// The loss of some examples: of those among them that are this process's own.
    func loss(of prepared: RunPreparation) -> (Range<Int>, Generator) -> Tensor {
        var examples = prepared.examples
        let (networks, objective) = (prepared.networks, prepared.objective)
        return { [self] positions, generator in
            networks.prepareStep(dropoutGenerator(positions, generator))
            let batches = examples.batches(
                positions, own: ownExamples(positions), generator: generator, device: device)
            return objective(batches, context: networks.context.rows(batches.flatMap(\.texts)))
        }
    }

    func classPhotos(
        _ source: ModelSource, resolution: Int
    ) throws -> TrainingPhotos? {
        let folders = configuration.classFolders
        guard !folders.isEmpty else { return nil }
        _ = try first {
            for (name, prompt) in folders {
                try paintClassPictures(of: prompt, in: url(name), source, resolution: resolution)
            }
        }
        return try TrainingPhotos(
            folders.map { PhotoSource(url($0.name)) }, resolution: resolution,
            limit: configuration.numClassImages, takesRepeated: false, measuring: false,
            toleratesFailures: false)
    }

    /// Those that are missing.
    func paintClassPictures(
        of prompt: String, in folder: URL, _ source: ModelSource, resolution: Int
    ) throws {
        let settings = classPictureSettings(prompt, source, resolution: resolution)
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
                try Pipeline(
                    source, precision: precision.dtype(on: device), device: device,
                    offload: configuration.training.paintingOffload)
            },
            cancellation: cancellation, notify: { report(.notice($0)) },
            progress: { report(.preparing("painting class pictures", done: $0, total: $1)) })
    }

    func classPictureSettings(
        _ prompt: String, _ source: ModelSource, resolution: Int
    ) -> GenerationSettings {
        let native =
            source.unetConfiguration.sampleSize * source.vaeConfiguration.downsamplingFactor
        var settings = GenerationSettings(prompt: prompt)
        settings.stepCount = configuration.classImageSteps
        // Models paint best at their own size; enlarging, though, would blur.
        settings.width = max(native, resolution)
        settings.height = settings.width
        return settings
    }

    /// The autoencoder lives only here: encoding is all it is for.
    func examples(
        _ data: TrainingData, _ places: [PhotoID], _ classPhotos: TrainingPhotos?,
        _ texts: RunTexts, _ source: ModelSource, resolution: Int
    ) throws -> TrainingExamples {
        let seed = configuration.training.seed ?? 0
        let isCentered = configuration.training.centerCrop
        let autoencoder = try source.autoencoder(device: device)
        let store = try configuration.latentsFolder.map {
            try LatentStore($0, autoencoder: autoencoder, device: device)
        }
        // What the first process keeps there, the others read.
        if store != nil, !isWriter { try processes?.barrier() }
        defer { if store != nil, isWriter { _ = try? processes?.barrier() } }
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
    func classSubjects(
        _ photos: TrainingPhotos, _ classPhotos: TrainingPhotos?
    ) -> [SubjectID] {
        guard let classPhotos else { return photos.subjects }
        // The first subject with a folder says of what it is; others with it say the same.
        let owners = configuration.classFolders.map { folder in
            SubjectID(configuration.subjects.firstIndex { $0.classDataDir == folder.name } ?? 0)
        }
        return classPhotos.folderNumbers.map { owners[$0] }
    }
}
