import ArgumentParser
import Comparison
import Files
import Foundation
import Imaging
import Settings
import StableDiffusion
import Training

/// `attune compare`
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Teach a subject by every method, measure the results, and advise which to use.",
        discussion: """
            The output folder gets report.html with pictures, figures and advice, sheet.png with a \
            picture of each, methods.md with the table, and compare.json. What is finished is \
            kept: after Ctrl-C, or with more --seeds, --methods or --photo-counts, the same folder \
            is gone on with.
            """)

    @Option(help: "The folder with the photos of the subject.")
    var instanceDataDir: String

    @Option(help: "What the photos show, with a rare word: \"a photo of sks robot\".")
    var instancePrompt: String

    @Option(help: "What kind of thing that is: \"a photo of a robot\".")
    var classPrompt: String

    @Option(help: "Photos to measure likeness to, never trained on (default: PHOTOS-held-out).")
    var heldOutDir: String?

    @Option(help: "A diffusers folder or a .safetensors file (default: the embedded model).")
    var model: String?

    @Option(
        help: ArgumentHelp(
            "all, or some of \(ComparedMethod.allCases.map(\.rawValue).joined(separator: ", ")).")
    )
    var methods = "all"

    @Option(help: "How often each method is trained.")
    var seeds = 3

    @Option(help: "Pictures painted of each prompt to measure on.")
    var pictures = 8

    @Option(help: "A file with prompts of new places, one a line, {} for the subject.")
    var prompts: String?

    @Option(help: "Train with so many of the photos: 1,3,5 (default: all of them).")
    var photoCounts: String?

    @Option(help: "The factor of every method's training steps.")
    var stepsScale = 1.0

    @Option(help: "Steps of the sampler.")
    var samplingSteps = 30

    @Option(help: "How much the prompt counts in painting (default: as suits the model).")
    var guidanceScale: Double?

    @Option(help: "Where results, pictures and the page go; made where it is missing.")
    var outputDir = "compare"

    @Flag(help: "Keep what was trained; otherwise only pictures and figures stay.")
    var keepModels = false

    @Flag(help: "Replace another comparison in the output folder, once the new one is whole.")
    var overwrite = false

    @Option(help: "auto, cpu, cuda, cuda:N or mps.")
    var device = "auto"

    func validate() throws {
        for (name, value) in [
            ("seeds", seeds), ("pictures", pictures), ("sampling-steps", samplingSteps),
        ] where !(1...1000).contains(value) {
            throw ValidationError("--\(name) \(value): must be from 1 to 1000.")
        }
        guard stepsScale.isFinite, stepsScale > 0, stepsScale <= 1000 else {
            throw ValidationError("--steps-scale \(stepsScale): must be above 0, at most 1000.")
        }
        _ = try chosenMethods()
        _ = try ComparedSubject(instancePrompt: instancePrompt, classPrompt: classPrompt)
    }

    private func checkPlaces() throws {
        var use = FileUse()
        try use.reads(model: model)
        use.reads(URL(filePath: instanceDataDir), "the folder of the photos")
        if let heldOut = heldOutFolder() { use.reads(heldOut, "the folder of the held-out photos") }
        if let prompts { use.reads(URL(filePath: prompts), "the file of the prompts") }
        use.writes(URL(filePath: outputDir), "--output-dir \(outputDir)")
        try use.check()
    }

    func run() throws {
        try checkPlaces()
        let subject = try ComparedSubject(
            instancePrompt: instancePrompt, classPrompt: classPrompt)
        let photos = try PhotoFolder.scan(URL(filePath: instanceDataDir)).photos
        let heldOut = try heldOutFolder().map { try PhotoFolder.scan($0).photos } ?? []
        let counts = try chosenCounts(photoCount: photos.count)
        let templates = try prompts.map { try ComparisonSettings.prompts(from: URL(filePath: $0)) }
        let source = try ModelSource(
            model.map { URL(filePath: $0) } ?? EmbeddedModel.locate())
        let usualGuidance =
            Preset.isSmall(source)
            ? DemoSettings().guidanceScale : GenerationSettings(prompt: "").guidanceScale
        let settings = ComparisonSettings(
            subject: subject, model: source.name, modelHash: try source.hash,
            photos: try ComparisonSettings.description(of: photos),
            heldOutPhotos: try ComparisonSettings.description(of: heldOut),
            prompts: templates ?? ComparisonSettings.usualPrompts, pictureCount: pictures,
            samplingStepCount: samplingSteps, guidanceScale: guidanceScale ?? usualGuidance,
            stepsScale: stepsScale)
        let interruption = Interruption(
            message: "Ending; what is finished is kept. Press Ctrl-C again to end at once.")
        let plan = ComparisonPlan(
            settings: settings, methods: try chosenMethods(), seedCount: seeds,
            photoCounts: counts, device: device, keepsModels: keepModels)
        let folder = ComparisonFolder(URL(filePath: outputDir), isReplaced: overwrite)
        let progress = ProgressPrinter(wording: Wording(Self.self))
        defer { progress.finish() }
        let session = try ComparisonSession(
            plan, source: source, photos: photos, heldOut: heldOut, folder: folder,
            worker: ComparisonWorker(
                program: OwnProgram.url,
                arguments: [CompareOneCommand.configuration.commandName ?? ""]),
            cancellation: interruption.cancellation, report: progress.show)
        do {
            show(try session.run(), in: folder, progress)
        } catch is CancellationError {
            progress.finish()
            let exception = overwrite ? " without --overwrite" : ""
            progress.line("Interrupted; the same command\(exception) goes on with what is left.")
            throw ExitCode(130)
        }
    }

    private func show(
        _ outcome: ComparisonOutcome, in folder: ComparisonFolder, _ progress: ProgressPrinter
    ) {
        progress.finish()
        var lines = [""]
        for advice in outcome.advice { lines.append("\(advice.topic): \(advice.sentence)") }
        lines += [
            "", "Look at   \(folder.page.path)", "          \(folder.sheet.path)",
            "          \(folder.markdown.path)",
            "Figures   \(folder.record.path)",
        ]
        lines.forEach(progress.line)
    }

    private func chosenMethods() throws -> [ComparedMethod] {
        let names = methods.split(separator: ",").map { part in
            part.filter { !$0.isWhitespace }
        }
        if names == ["all"] { return ComparedMethod.allCases }
        let chosen = try names.map { name in
            guard let method = ComparedMethod(rawValue: name) else {
                let known = ComparedMethod.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError(
                    "--methods \(methods): \"\(name)\" is no method; expected all, or some of "
                        + "\(known).")
            }
            return method
        }
        guard !chosen.isEmpty else {
            throw ValidationError("--methods \"\(methods)\": names no method; use all.")
        }
        return ComparedMethod.allCases.filter(chosen.contains)
    }

    private func chosenCounts(photoCount: Int) throws -> [Int] {
        guard let photoCounts else { return [photoCount] }
        let counts = try photoCounts.split(separator: ",").map { part in
            guard let count = Int(part.filter { !$0.isWhitespace }), count >= 1 else {
                throw ValidationError(
                    "--photo-counts \(photoCounts): expected numbers from 1 up with commas "
                        + "between them, such as 1,3,5.")
            }
            guard count <= photoCount else {
                throw ValidationError(
                    "--photo-counts \(photoCounts): \(count) photos are more than the "
                        + "\(photoCount) in \(instanceDataDir).")
            }
            return count
        }
        guard !counts.isEmpty else {
            throw ValidationError("--photo-counts \"\(photoCounts)\": names no count.")
        }
        return Set(counts).sorted(by: >)
    }

    /// A folder that was named must be there; the one that is looked for need not.
    private func heldOutFolder() -> URL? {
        if let heldOutDir { return URL(filePath: heldOutDir) }
        var path = instanceDataDir
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        let usual = URL(filePath: path + "-held-out")
        return FileManager.default.fileExists(atPath: usual.path) ? usual : nil
    }
}
