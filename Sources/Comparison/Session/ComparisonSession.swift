import Evaluation
import Files
public import Foundation
import Imaging
import Painting
import RunRecord
import Settings
public import StableDiffusion
import Torch
public import Training

/// A comparison: the untrained model's pictures, every training with its pictures, then the page.
public final class ComparisonSession {
    private let plan: ComparisonPlan
    private let settings: ComparisonSettings
    private let source: ModelSource
    private let photoFiles: [URL]
    private let heldOutFiles: [URL]
    private let folder: ComparisonFolder
    private let device: Device
    private let cancellation: Cancellation
    private let worker: ComparisonWorker
    private let report: (ComparisonEvent) -> Void

    /// Looks at everything that is needed; nothing is written yet.
    ///
    /// - Parameters:
    ///   - photos: the files to learn from.
    ///   - heldOut: those to measure against.
    ///   - worker: the program that trains.
    ///   - cancellation: looked at between calls of the network.
    ///   - report: is told what happens, on the thread that ``run()`` is called on.
    /// - Throws: one sentence that names what is missing or unfit.
    public init(
        _ plan: ComparisonPlan, source: ModelSource, photos: [URL], heldOut: [URL],
        folder: ComparisonFolder, worker: ComparisonWorker,
        cancellation: Cancellation = Cancellation(),
        report: @escaping (ComparisonEvent) -> Void = { _ in }
    ) throws {
        self.plan = plan
        settings = plan.settings
        self.source = source
        photoFiles = photos
        heldOutFiles = heldOut
        self.folder = folder
        device = try Device(named: plan.device)
        self.cancellation = cancellation
        self.worker = worker
        self.report = report
        for run in plan.runs { try task(of: run).configuration.validate() }
        try settings.generation(settings.subject.classPrompt).validate(for: source)
        try TextualInversion.validate(
            placeholder: settings.subject.placeholder, for: source.tokenizer)
        try source.verify()
        try folder.check(settings)
    }

    /// Compares, or goes on with what is left of it.
    ///
    /// - Throws: `CancellationError` when cancelled, with what is finished kept; else one sentence.
    public func run() throws -> ComparisonOutcome {
        let lock = try folder.prepare(settings)
        defer { withExtendedLifetime(lock) {} }
        try source.paintingNotices().forEach { report(.notice($0)) }
        do {
            let outcome = try compare()
            try folder.write(outcome.record, to: folder.record)
            try ComparisonMarkdown(outcome, folder: folder).write()
            try ComparisonPage(outcome, folder: folder).write()
            try ComparisonSheet(outcome, folder: folder).write()
            if !plan.keepsModels { try folder.remove(folder.work) }
            folder.removeEarlier()
            return outcome
        } catch {
            throw cancellation.isRequested ? CancellationError() : error
        }
    }

    private func compare() throws -> ComparisonOutcome {
        let measure =
            Likeness.isAvailable(in: source.url)
            ? try Likeness(modelFolder: source.url, device: device) : nil
        if measure == nil { report(.notice("Note: \(ComparisonOutcome.withoutClip(source.name))")) }
        let photos = try photoFiles.map { try PhotoReader.read($0) }
        let heldOut = try heldOutFiles.map { try PhotoReader.read($0) }
        if heldOut.isEmpty {
            report(
                .notice(
                    "Note: there are no held-out photos, so likeness is measured to the training "
                        + "photos, which favours methods that learn them by heart."))
        }
        let reference = heldOut.isEmpty ? photos : heldOut
        let untrained = try paintUntrained()
        let match = SubjectMatch(
            photos: photos, heldOut: heldOut, untrained: untrained.places.flatMap(\.self),
            by: try pipeline(source))
        var results: [ComparedRun] = []
        for run in plan.runs {
            results.append(
                try result(
                    of: run, untrained: untrained, reference: reference, match: match,
                    measure: measure))
        }
        return ComparisonOutcome(
            settings: settings, methods: plan.methods, results: results, photos: photos,
            heldOut: heldOut, untrained: untrained, measure: measure,
            machineMemory: MachineMemory.bytes)
    }

    /// The untrained model's pictures, and those of the class that trainings share.
    private func paintUntrained() throws -> ComparisonPictures {
        try Folder.create(folder.untrainedPictures)
        var loaded: Pipeline?
        let pipeline: () throws -> Pipeline = {
            if let loaded { return loaded }
            let new = try self.pipeline(self.source)
            loaded = new
            return new
        }
        let pictures = try ComparisonPictures(
            settings, calling: settings.subject.name, folder: folder.untrainedPictures,
            pipeline: pipeline
        ) { try self.update("Painting with the untrained model", $0, $1) }
        guard plan.methods.contains(.dreamBoothWithPrior) else { return pictures }
        try ClassPictures(
            folder: folder.classPictures,
            count: ComparisonRecipe.classPictureCount(isSmall: Preset.isSmall(source)),
            settings: settings.generation(settings.subject.classPrompt),
            // Others than those that are measured.
            seed: settings.firstSeed &+ 1000, batchSize: ComparisonSettings.paintedAtOnce
        ).complete(
            pipeline: pipeline, cancellation: cancellation,
            notify: { [report] in report(.notice($0)) },
            progress: { [report] done, total in
                report(.progress(title: "Painting class pictures", done: done, total: total))
            })
        return pictures
    }

    private func result(
        of run: ComparisonFolder.Run, untrained: ComparisonPictures, reference: [PixelImage],
        match: SubjectMatch?, measure: Likeness?
    ) throws -> ComparedRun {
        let task = try task(of: run)
        let configuration = try task.configuration
        if let finished = folder.finished(run, configuration) {
            report(.reused(title: run.title))
            return finished
        }
        try preparePhotos(of: run)
        // What painting keeps there is not the training's.
        device.emptyCache()
        let (outcome, isNew) = try worker.run(
            task, in: folder, at: folder.work(run), cancellation: cancellation)
        let place = folder.pictures(run)
        // Pictures of another training under this name are not this one's.
        if isNew { try folder.remove(place) }
        try Folder.create(place)
        let pictures = try ComparisonPictures(
            settings, calling: name(run.method), folder: place,
            pipeline: { try self.pipeline(run.method, outcome) }
        ) { try self.update("\(run.title): painting", $0, $1) }
        let result = ComparedRun(
            method: run.method, photoCount: run.photoCount, seed: run.seed, cost: outcome.cost,
            // With the untrained model, when the other has gone: not both in memory.
            match: try match.map {
                $0(pictures.places.flatMap(\.self), by: try pipeline(source))
            },
            pictures: measure.map {
                pictures.figures(settings, untrained: untrained, photos: reference, with: $0)
            })
        try folder.write(
            ComparisonFolder.Finished(configuration: configuration, result: result),
            to: folder.result(run))
        report(.measured(title: run.title, result: result))
        if !plan.keepsModels { try folder.remove(folder.work(run)) }
        return result
    }

    private func name(_ method: ComparedMethod) -> String {
        method == .textualInversion ? settings.subject.placeholder : settings.subject.name
    }

    private func pipeline(_ source: ModelSource) throws -> Pipeline {
        let result = try Pipeline(
            source, precision: ComputePrecision.auto.dtype(on: device), device: device)
        result.notify = { [report] in report(.notice($0)) }
        return result
    }

    /// The model with what a training made laid over it.
    private func pipeline(
        _ method: ComparedMethod, _ outcome: ComparisonTask.Outcome
    ) throws -> Pipeline {
        let file = URL(filePath: outcome.written.first ?? "")
        if method.isDreamBooth { return try pipeline(ModelSource(file)) }
        let result = try pipeline(source)
        let overlay: Overlay? =
            switch method {
            case .lora, .distilledLoRA: try .lora(file)
            case .textualInversion: try .embedding(file)
            case .hypernetwork: try .hypernetwork(file)
            case .dreamBooth, .dreamBoothWithPrior, .distilledDreamBooth: nil
            }
        try OverlayStack(over: result, keepsOriginals: false).put(overlay.map { [$0] } ?? [])
        return result
    }

    private func photoFolder(of run: ComparisonFolder.Run) -> URL {
        folder.work.appending(path: "photos-\(run.photoCount)-seed-\(run.seed)")
    }

    /// The photos of a training: with fewer than all, each seed has others, so that the spread of
    /// the figures is that of choosing photos too.
    private func preparePhotos(of run: ComparisonFolder.Run) throws {
        let place = photoFolder(of: run)
        try folder.remove(place)
        try Folder.create(place)
        for index in 0..<run.photoCount {
            let photo = photoFiles[(index + Int(run.seed) - 1) % photoFiles.count]
            let bytes = try WholeFile.read(photo)
            try AtomicFile.write(bytes, to: place.appending(path: photo.readableName))
        }
    }

    private func task(of run: ComparisonFolder.Run) throws -> ComparisonTask {
        let told = try ComparisonRecipe.settings(
            for: run.method, seed: run.seed, settings: settings,
            isSmall: Preset.isSmall(source), model: source.url,
            photos: photoFolder(of: run), classPictures: folder.classPictures,
            output: folder.work(run).appending(path: "trained"))
        return ComparisonTask(
            settings: told, classPrompt: settings.subject.classPrompt, device: plan.device,
            title: run.title)
    }

    private func update(_ title: String, _ done: Int, _ total: Int) throws {
        if cancellation.isRequested { throw CancellationError() }
        report(.progress(title: title, done: done, total: total))
    }
}
