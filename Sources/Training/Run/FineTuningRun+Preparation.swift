import Datasets
import Foundation
import Painting
import RunRecord
import Settings
import StableDiffusion
import Torch

/// What takes long before the first step: class pictures are painted, photos are encoded.
extension FineTuningRun {
    func classPhotos(
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
    func paintClassPictures(
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
