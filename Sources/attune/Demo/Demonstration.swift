import ArgumentParser
import Evaluation
import Foundation
import Painting
import Imaging
import Settings
import StableDiffusion
import Torch
import Training

/// Pictures before, training, pictures after, figures and a page about it all.
final class Demonstration {
    private let settings: DemoSettings
    private let model: URL
    private let source: ModelSource
    private let photoFolder: URL
    private let photos: [PixelImage]
    private let heldOut: [PixelImage]
    private let folder: DemoFolder
    private let device: Device
    private let cancellation: Cancellation
    private let progress = ProgressPrinter(wording: Wording(DemoCommand.self))
    private var outcome: DemoOutcome?

    /// Opens model and photos; nothing is written yet.
    ///
    /// - Throws: one sentence that names what is missing or unfit.
    init(
        _ settings: DemoSettings, model: URL, photos: URL, heldOut: URL?, output: DemoFolder,
        device: Device, cancellation: Cancellation
    ) throws {
        self.settings = settings
        self.model = model
        self.device = device
        self.cancellation = cancellation
        folder = output
        photoFolder = photos
        self.photos = try Self.read(photos)
        self.heldOut = try heldOut.map(Self.read) ?? []
        source = try ModelSource(model)
        try settings.training(model: model.path, photos: photos.path, folder: output).validate()
        try output.check()
    }

    func run() throws {
        let clock = ContinuousClock()
        let start = clock.now
        let lock = try folder.prepare(settings)
        defer { withExtendedLifetime(lock) {} }
        try source.paintingNotices(settings.sampler).forEach(progress.line)
        let measure = try likeness()
        do {
            progress.line(
                "Teaching \(source.name) “\(settings.name)” from "
                    + "\(DemoOutcome.count(photos.count, "photo")) in \(photoFolder.path)")
            let before = try paintBefore()
            try train()
            let after = try paint(
                "Painting after", try pipeline(ModelSource(folder.model)), folder.after)
            progress.finish()
            var outcome = DemoOutcome(
                settings: settings, modelName: source.name, photos: photos,
                heldOutCount: heldOut.count, before: before, after: after)
            outcome.figures = measure.map {
                DemoFigures(
                    $0, settings, before: before, after: after, photos: photos, heldOut: heldOut)
            }
            outcome.seconds = (clock.now - start) / .seconds(1)
            try PNGWriter.write(outcome.contactSheet(), to: folder.sheet)
            try DemoReport(outcome, program: CommandLine.arguments[0], folder: folder).write()
            try folder.write(
                .init(settings: settings, figures: outcome.figures, seconds: outcome.seconds))
            folder.removeEarlier()
            self.outcome = outcome
        } catch {
            progress.finish()
            guard cancellation.isRequested else { throw error }
            progress.line("Interrupted; the same command begins the demo anew.")
            throw ExitCode(130)
        }
    }

    /// Says where everything is, how well it went and what to try next.
    func printOutcome(folder name: String) {
        guard let outcome else { return }
        var lines = ["", "Done in \(ProgressPrinter.time(outcome.seconds)).", ""]
        if let figures = outcome.figures {
            for line in figures.lines(settings, heldOutCount: heldOut.count) {
                lines += ["\(line.title): \(line.numbers)", "  \(line.sentence)"]
            }
        } else {
            lines.append(outcome.withoutFigures)
        }
        lines += [
            "", "Look at   \(folder.report.path)", "          \(folder.sheet.path)",
            "Model     \(folder.model.path)", "", "Try next:",
        ]
        lines += DemoReport.commands(settings, program: CommandLine.arguments[0], folder: name)
            .map { "  \($0.command)" }
        lines.forEach(progress.line)
    }

    private func likeness() throws -> Likeness? {
        guard Likeness.isAvailable(in: model) else { return nil }
        return try Likeness(modelFolder: model, device: device)
    }

    private func pipeline(_ source: ModelSource) throws -> Pipeline {
        let result = try Pipeline(
            source, precision: ComputePrecision.auto.dtype(on: device), device: device)
        result.notify = progress.line
        return result
    }

    private func paintBefore() throws -> DemoPictures {
        let before = try paint("Painting before", pipeline(source), folder.before)
        progress.finish()
        return before
    }

    private func train() throws {
        let printer = TrainingPrinter(wording: Wording(DemoCommand.self))
        defer { printer.finish() }
        try FineTuningRun(
            try settings.training(model: model.path, photos: photoFolder.path, folder: folder),
            device: device, cancellation: cancellation, report: printer.show
        ).run()
    }

    private func paint(
        _ title: String, _ pipeline: Pipeline, _ place: URL
    ) throws -> DemoPictures {
        try DemoPictures(settings, pipeline: pipeline, folder: place) { done, total in
            if cancellation.isRequested { throw ExitCode(130) }
            progress.update(title, done: done, total: total)
        }
    }

    private static func read(_ folder: URL) throws -> [PixelImage] {
        try PhotoFolder.scan(folder, decoding: false).photos.map { try PhotoReader.read($0) }
    }
}
