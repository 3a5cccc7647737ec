import ArgumentParser
import Comparison
import Evaluation
import Files
import Foundation
import Imaging
import Painting
import Settings
import StableDiffusion
import Torch
import Training

/// A comparison: the untrained model's pictures, every training with its pictures, then the page.
final class CompareSession {
    /// What was asked for.
    struct Plan {
        var settings: CompareSettings
        var methods: [ComparedMethod]
        var seedCount: Int
        /// The highest first.
        var photoCounts: [Int]
        /// As typed.
        var device: String
        var keepsModels: Bool
    }

    private let plan: Plan
    private let settings: CompareSettings
    private let source: ModelSource
    private let photoFiles: [URL]
    private let heldOutFiles: [URL]
    private let folder: CompareFolder
    private let device: Device
    private let cancellation: Cancellation
    private let progress = ProgressPrinter(wording: Wording(CompareCommand.self))

    /// - Parameters:
    ///   - photos: the files to learn from; `heldOut` those to measure against.
    init(
        _ plan: Plan, source: ModelSource, photos: [URL], heldOut: [URL], folder: CompareFolder,
        cancellation: Cancellation
    ) throws {
        self.plan = plan
        settings = plan.settings
        self.source = source
        photoFiles = photos
        heldOutFiles = heldOut
        self.folder = folder
        device = try Device(named: plan.device)
        self.cancellation = cancellation
        for run in runs { try configuration(of: run).validate() }
        try settings.generation(settings.subject.classPrompt).validate(for: source)
        try TextualInversion.validate(
            placeholder: settings.subject.placeholder, for: source.tokenizer)
        try source.verify()
        try folder.check(settings)
    }

    /// Every training, seed after seed, so that each method is known early.
    private var runs: [CompareFolder.Run] {
        (1...plan.seedCount).flatMap { seed in
            plan.photoCounts.flatMap { count in
                plan.methods.map { .init(method: $0, photoCount: count, seed: UInt64(seed)) }
            }
        }
    }

    func run() throws {
        let lock = try folder.prepare(settings)
        defer { withExtendedLifetime(lock) {} }
        try source.paintingNotices().forEach(progress.line)
        do {
            let outcome = try compare()
            progress.finish()
            try folder.write(outcome.record, to: folder.record)
            try CompareMarkdown(outcome, folder: folder).write()
            try CompareReport(outcome, folder: folder).write()
            try CompareSheet(outcome, folder: folder).write()
            if !plan.keepsModels { try folder.remove(folder.work) }
            folder.removeEarlier()
            show(outcome)
        } catch {
            progress.finish()
            guard cancellation.isRequested else { throw error }
            let exception = folder.isReplaced ? " without --overwrite" : ""
            progress.line(
                "Interrupted; the same command\(exception) goes on with what is left.")
            throw ExitCode(130)
        }
    }

    private func compare() throws -> CompareOutcome {
        let measure =
            Likeness.isAvailable(in: source.url)
            ? try Likeness(modelFolder: source.url, device: device) : nil
        if measure == nil { progress.line("Note: \(CompareOutcome.withoutClip(source.name))") }
        let photos = try photoFiles.map { try PhotoReader.read($0) }
        let heldOut = try heldOutFiles.map { try PhotoReader.read($0) }
        if heldOut.isEmpty {
            progress.line(
                "Note: there are no held-out photos, so likeness is measured to the training "
                    + "photos, which favours methods that learn them by heart.")
        }
        let reference = heldOut.isEmpty ? photos : heldOut
        let untrained = try paintUntrained()
        let match = SubjectMatch(
            photos: photos, heldOut: heldOut, untrained: untrained.places.flatMap(\.self),
            by: try pipeline(source))
        var results: [ComparedRun] = []
        for run in runs {
            results.append(
                try result(
                    of: run, untrained: untrained, reference: reference, match: match,
                    measure: measure))
        }
        return CompareOutcome(
            settings: settings, methods: plan.methods, results: results, photos: photos,
            heldOut: heldOut, untrained: untrained, measure: measure,
            machineMemory: MachineMemory.bytes)
    }

    /// The untrained model's pictures, and those of the class that trainings share.
    private func paintUntrained() throws -> ComparePictures {
        try Folder.create(folder.untrainedPictures)
        var loaded: Pipeline?
        let pipeline: () throws -> Pipeline = {
            if let loaded { return loaded }
            let new = try self.pipeline(self.source)
            loaded = new
            return new
        }
        let pictures = try ComparePictures(
            settings, calling: settings.subject.name, folder: folder.untrainedPictures,
            pipeline: pipeline
        ) { try self.update("Painting with the untrained model", $0, $1) }
        guard plan.methods.contains(.dreamBoothWithPrior) else { return pictures }
        try ClassPictures(
            folder: folder.classPictures,
            count: CompareRecipe.classPictureCount(isSmall: Preset.isSmall(source)),
            settings: settings.generation(settings.subject.classPrompt),
            // Others than those that are measured.
            seed: settings.firstSeed &+ 1000, batchSize: CompareSettings.paintedAtOnce
        ).complete(
            pipeline: pipeline, cancellation: cancellation,
            progress: { self.progress.update("Painting class pictures", done: $0, total: $1) })
        return pictures
    }

    private func result(
        of run: CompareFolder.Run, untrained: ComparePictures, reference: [PixelImage],
        match: SubjectMatch?, measure: Likeness?
    ) throws -> ComparedRun {
        let configuration = try configuration(of: run)
        if let finished = folder.finished(run, configuration) {
            progress.line("\(run.title): done already")
            return finished
        }
        try preparePhotos(of: run)
        let task = CompareTask(
            configuration: configuration, device: plan.device, title: run.title)
        let (outcome, isNew) = try CompareTraining(cancellation: cancellation)
            .run(task, in: folder, at: folder.work(run))
        let place = folder.pictures(run)
        // Pictures of another training under this name are not this one's.
        if isNew { try folder.remove(place) }
        try Folder.create(place)
        let pictures = try ComparePictures(
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
            CompareFolder.Finished(configuration: configuration, result: result),
            to: folder.result(run))
        progress.line(Self.line(run, result))
        if !plan.keepsModels { try folder.remove(folder.work(run)) }
        return result
    }

    private static func line(_ run: CompareFolder.Run, _ result: ComparedRun) -> String {
        let cost = result.cost
        let match = result.match.map { "match \(FigureText.share($0)), " } ?? ""
        let likeness =
            result.pictures.map {
                "likeness \(FigureText.cosine($0.likeness)), drift \(FigureText.cosine($0.drift)), "
            } ?? ""
        return "\(run.title): \(match)\(likeness)\(FigureText.time(cost.seconds)), "
            + "\(FigureText.bytes(Double(cost.peakMemory))) of memory, file "
            + FigureText.bytes(Double(cost.fileBytes))
    }

    private func name(_ method: ComparedMethod) -> String {
        method == .textualInversion ? settings.subject.placeholder : settings.subject.name
    }

    private func pipeline(_ source: ModelSource) throws -> Pipeline {
        let result = try Pipeline(
            source, precision: ComputePrecision.auto.dtype(on: device), device: device)
        result.notify = progress.line
        return result
    }

    /// The model with what a training made laid over it.
    private func pipeline(
        _ method: ComparedMethod, _ outcome: CompareTask.Outcome
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

    private func photoFolder(of run: CompareFolder.Run) -> URL {
        folder.work.appending(path: "photos-\(run.photoCount)-seed-\(run.seed)")
    }

    /// The photos of a training: with fewer than all, each seed has others, so that the spread of
    /// the figures is that of choosing photos too.
    private func preparePhotos(of run: CompareFolder.Run) throws {
        let place = photoFolder(of: run)
        try folder.remove(place)
        try Folder.create(place)
        for index in 0..<run.photoCount {
            let photo = photoFiles[(index + Int(run.seed) - 1) % photoFiles.count]
            let bytes = try WholeFile.read(photo)
            try AtomicFile.write(bytes, to: place.appending(path: photo.readableName))
        }
    }

    private func configuration(of run: CompareFolder.Run) throws -> FineTuningConfiguration {
        try CompareRecipe.configuration(
            for: run.method, seed: run.seed, settings: settings,
            isSmall: Preset.isSmall(source), model: source.url,
            photos: photoFolder(of: run), classPictures: folder.classPictures,
            output: folder.work(run).appending(path: "trained"))
    }

    private func update(_ title: String, _ done: Int, _ total: Int) throws {
        if cancellation.isRequested { throw ExitCode(130) }
        progress.update(title, done: done, total: total)
    }

    private func show(_ outcome: CompareOutcome) {
        var lines = [""]
        for advice in outcome.advice { lines.append("\(advice.topic): \(advice.sentence)") }
        lines += [
            "", "Look at   \(folder.page.path)", "          \(folder.sheet.path)",
            "          \(folder.markdown.path)",
            "Figures   \(folder.record.path)",
        ]
        lines.forEach(progress.line)
    }
}
