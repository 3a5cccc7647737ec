import Settings
import Files
import Foundation
import Imaging
import RunRecord
import StableDiffusion

/// `report.html`: one file with everything inside, to be opened by a double click or sent on.
struct DemoReport {
    private let outcome: DemoOutcome
    private let settings: DemoSettings
    private let program: String
    private let folder: DemoFolder

    init(_ outcome: DemoOutcome, program: String, folder: DemoFolder) {
        self.outcome = outcome
        settings = outcome.settings
        self.program = program
        self.folder = folder
    }

    func write() throws {
        try AtomicFile.write(Data(try page().utf8), to: folder.report)
    }

    /// What to try next, as lines that can be typed.
    ///
    /// - Parameter folder: the demo's folder as it was typed.
    static func commands(
        _ settings: DemoSettings, program: String, folder: String
    ) -> [(purpose: String, command: String)] {
        let model = ShellWord.quoted(folder.hasSuffix("/") ? folder + "model" : folder + "/model")
        let prompt = ShellWord.quoted(settings.named(settings.nextTemplate))
        let usual = GenerationSettings(prompt: "").guidanceScale
        let guidance =
            settings.guidanceScale == usual ? "" : " --guidance-scale \(settings.guidanceScale)"
        let program = ShellWord.quoted(program)
        let other = settings.subject == "duck" ? "teapot" : "duck"
        return [
            (
                "Paint it anywhere you like:",
                "\(program) generate --model \(model) --prompt \(prompt) --count 4\(guidance)"
            ),
            (
                "Teach another of the example subjects:",
                "\(program) demo --subject \(other) --output demo-\(other)"
            ),
            (
                "Teach a thing of your own, from five to ten photos of it:",
                "\(program) demo --photos FOLDER --subject car --output demo-mine"
            ),
        ]
    }

    private func page() throws -> String {
        let count = DemoOutcome.count(outcome.photos.count, "photo")
        let body = """
            <header>
            <h1>A \(HTML.escaped(settings.subject)) of your own</h1>
            <p class="lead">From the \(count) below the model learned \
            what <em>\(HTML.escaped(settings.name))</em> is. It can now paint it in places where it \
            has never been.</p>
            </header>
            <section><h2>What was taught</h2>
            <div class="strip">\(try photoStrip())</div></section>
            <section><h2>Before and after</h2>
            <p>The same words and the same seeds, by the model before and after training.</p>
            <div class="cards">\(try cards())</div></section>
            <section><h2>How well it went</h2>
            \(figures())</section>
            <section><h2>Any other \(HTML.escaped(settings.subject))</h2>
            <p>“\(HTML.escaped(settings.classPrompt))” should still be any \
            \(HTML.escaped(settings.subject)), not always yours. Above before, below after.</p>
            <div class="strip small">\(try strip(outcome.before.ofClass))</div>
            <div class="strip small">\(try strip(outcome.after.ofClass))</div></section>
            <section><h2>What to try next</h2>
            \(nextSteps())</section>
            <section><h2>Settings</h2>
            \(table())</section>
            """
        return HTML.page(title: settings.name, body: body)
    }

    private func photoStrip() throws -> String {
        // Photos of a camera would make the page heavy.
        try strip(
            outcome.photos.prefix(12).map { photo in
                let scale = min(1, 360 / Double(min(photo.width, photo.height)))
                return photo.resized(
                    width: max(1, Int(Double(photo.width) * scale)),
                    height: max(1, Int(Double(photo.height) * scale)))
            }, asPhotos: true)
    }

    private func strip(_ pictures: [PixelImage], asPhotos: Bool = false) throws -> String {
        try pictures.map { try HTML.image($0, asPhoto: asPhotos) }.joined()
    }

    private func cards() throws -> String {
        try settings.prompts.indices.map { index in
            """
            <figure><div class="pair">
            <div>\(try HTML.image(outcome.before.shown[index]))<small>before</small></div>
            <div>\(try HTML.image(outcome.after.shown[index]))<small>after</small></div>
            </div><figcaption>\
            \(HTML.escaped(settings.named(settings.prompts[index].template)))</figcaption></figure>
            """
        }.joined(separator: "\n")
    }

    private func figures() -> String {
        guard let figures = outcome.figures else {
            return "<p>\(HTML.escaped(outcome.withoutFigures))</p>"
        }
        let lines = figures.lines(settings, heldOutCount: outcome.heldOutCount).map { line in
            let bars = [line.before.map { ("before", $0) }, ("after", line.after)]
                .compactMap { $0 }
                .map { HTML.bar($0.0, $0.1, goal: line.goal) }
            return """
                <div class="figure"><h3>\(HTML.escaped(line.title)) \
                <span>\(line.numbers)</span></h3>
                \(bars.joined())
                <p>\(HTML.escaped(line.sentence))</p></div>
                """
        }
        return "<div class=\"figures\">\(lines.joined(separator: "\n"))</div>"
    }

    private func nextSteps() -> String {
        Self.commands(settings, program: program, folder: folder.url.relativePath).map {
            "<p>\(HTML.escaped($0.purpose))</p><pre>\(HTML.escaped($0.command))</pre>"
        }.joined(separator: "\n")
    }

    private func table() -> String {
        let rows = [
            ("Model", outcome.modelName),
            ("Method", "DreamBooth with self-distillation"),
            (
                "Trained parts",
                DemoSettings.preset.textEncoderLearningRate == nil
                    ? "U-Net" : "U-Net and text encoder"
            ),
            ("Prompt of the photos", settings.instancePrompt),
            ("Prompt that keeps the class", settings.classPrompt),
            ("Steps", "\(settings.stepCount)"),
            ("Batch", "\(DemoSettings.preset.batchSize) photos, each with both prompts"),
            ("Learning rate", "\(DemoSettings.preset.learningRate)"),
            ("Sampling steps", "\(settings.samplingStepCount)"),
            ("Guidance scale", "\(settings.guidanceScale)"),
            ("Seed", "\(settings.seed)"),
            ("Time for everything", ProgressPrinter.time(outcome.seconds)),
        ]
        return HTML.table(rows)
    }
}
