import ArgumentParser
import Files
import Foundation
import Painting
import Settings
import StableDiffusion
import Torch
import Training

/// `attune generate`
struct GenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Paint pictures from a prompt.",
        discussion: """
            Picture k of a run has the seed S+k. Files are NNNNN-SEED.png with the settings \
            inside, as A1111 writes them, and go on from those that are in the folder. Several \
            pictures have a contact sheet, grid-NNNN.png, for every hundred.
            """)

    @Option(help: "A diffusers folder or a single .safetensors file (default: the shipped model).")
    var model: String?

    @Option(help: "What to paint.")
    var prompt: String

    @Option(help: "What to keep away from.")
    var negativePrompt = ""

    @Option(help: "How many pictures.")
    var count = 1

    @Option(help: "Pictures painted at once (default: 4, or fewer where memory is short).")
    var batchSize: Int?

    @Option(help: "The seed of the first picture; -1: drawn, and printed (default: -1).")
    var seed: SeedChoice?

    @Option(help: "Steps of the sampler.")
    var steps = 30

    @Option(help: "How much the prompt counts.")
    var guidanceScale = 7.5

    @Option(
        help: "The sampler, such as euler or \"DPM++ 2M Karras\" (default: the model's).")
    var sampler: String?

    @Option(
        help: """
            How its steps are spaced: karras, exponential, sgm-uniform, simple, beta or uniform \
            (default: as the sampler's name or the model says).
            """)
    var schedule: String?

    @Option(help: "What the model predicts: epsilon or v_prediction (default: as it says).")
    var predictionType: PredictionType?

    @Option(help: "In pixels (default: the model's own).")
    var width: Int?

    @Option(help: "In pixels (default: the model's own).")
    var height: Int?

    @Option(help: "Which layer of the text encoder counts, from the last, which is 1.")
    var clipSkip = 1

    @Option(help: "auto is fp16 on a GPU and fp32 on a processor; bf16 takes half the memory.")
    var precision = ComputePrecision.auto

    @Option(help: "auto, cpu, cuda, cuda:N or mps.")
    var device = "auto"

    @Option(
        help: """
            What a GPU does not hold: none, model (a network at a time) or sequential (a block at \
            a time; the least memory). The pictures stay the same (default: as fits).
            """)
    var offload: WeightOffload?

    @Option(help: "The most memory that a GPU gives, such as 4GB (default: what is free).")
    var deviceMemoryLimit: ByteCount?

    @OptionGroup(title: "Prompts") var prompts: PromptOptions

    @OptionGroup(title: "Laid over the model") var additions: AdditionOptions

    @Option(help: "The folder for the pictures; made where it is missing.")
    var output = "outputs"

    func validate() throws {
        guard (1...Self.countLimit).contains(count) else {
            throw ValidationError("--count \(count): must be 1 to \(Self.countLimit).")
        }
        if let batchSize, batchSize < 1 {
            throw ValidationError("--batch-size \(batchSize): must be at least 1.")
        }
    }

    /// A machine paints for weeks on as many.
    private static let countLimit = 1_000_000

    /// Pictures may lie beside what they were painted with, but not in a model.
    private func checkPlaces() throws {
        var use = FileUse()
        try use.reads(model: model)
        let files =
            additions.lora.map(\.url) + additions.hypernetwork.map(\.url)
            + additions.embedding.map { URL(filePath: $0) }
        for file in files { use.reads(file, "what is laid over the model") }
        use.writes(URL(filePath: output), "--output \(output)", holding: .anything)
        try use.check()
    }

    func run() throws {
        try checkPlaces()
        let processes = try JoinedProcesses.meet()
        do {
            try paint(with: processes)
            try processes?.leave()
        } catch {
            let reason = error is ExitCode ? "it was interrupted" : "\(error)"
            processes?.fail(Wording(Self.self).sentence(reason))
            throw error
        }
    }

    private func paint(with processes: ProcessGroup?) throws {
        let device = try JoinedProcesses.device(named: device, processes)
        let source = try ModelSource(
            model.map { URL(filePath: $0) } ?? EmbeddedModel.locate(),
            predictionOverride: predictionType)
        let (settings, choice) = try settings(for: source)
        try source.verify()
        let given = try additions.read()
        let named = try prompts.folders.overlays(
            for: settings, besides: given, source: source)
        let overlays = given + named.overlays
        try OverlayStack.check(overlays, for: source)
        // Of several processes one speaks.
        let printer = ProgressPrinter(
            wording: Wording(Self.self), isSilent: !(processes?.isFirst ?? true))
        promptNotices(settings, named).forEach(printer.line)
        overlays.flatMap(\.notices).forEach(printer.line)
        (source.notices + [choice.notice].compactMap { $0 }).forEach(printer.line)
        if let deviceMemoryLimit { MemoryRoom.enforce(deviceMemoryLimit, on: device) }
        let precision = dtype(on: device, printer)
        let fitted = try fitted(source, settings, overlays, precision, device, processes)
        if device.isProcessor, let offload, offload != .none {
            printer.line(
                "--offload \(offload.rawValue) has no effect on a processor: everything is in main "
                    + "memory as it is.")
        }
        [fitted.notice].compactMap(\.self).forEach(printer.line)
        let pipeline = try Pipeline(
            source, precision: precision, device: device, offload: fitted.offload)
        pipeline.notify = printer.line
        try OverlayStack(over: pipeline, keepsOriginals: false).put(overlays)
        let painter = try Painter(
            pipeline, settings, modelHash: try source.hash, overlays: overlays)
        painter.notices.forEach(printer.line)
        // Only now that nothing else can be wrong: a mistake leaves no empty folder behind.
        let folder = URL(filePath: output)
        try PaintingRun.prepare(folder)
        var first = seed?.seed ?? UInt64.random(in: 0..<1 << 32)
        if let processes, let shared = UInt64(try processes.shared("seed") { String(first) }) {
            first = shared
        }
        if seed?.seed == nil { printer.line("Seed \(first)") }
        let run = PaintingRun(
            painter: painter, folder: folder, firstSeed: first, count: count,
            batchSize: fitted.batchSize)
        try paint(run, printer, processes)
    }

    /// How the prompts were read where that was not said, and what they brought along.
    private func promptNotices(
        _ settings: GenerationSettings, _ named: OverlayFolders.Found
    ) -> [String] {
        var notices: [String] = []
        if prompts.promptSyntax == nil, settings.promptSyntax == .a1111 {
            notices.append(
                "The prompt is read with its weights, edits and tags; `prompt-syntax` plain takes "
                    + "it as it stands.")
        }
        if !named.overlays.isEmpty {
            let files = named.overlays.map(\.file.lastPathComponent).joined(separator: ", ")
            notices.append("Laid over the model as the prompt asks: \(files)")
        }
        return notices + named.notices
    }

    /// What to paint, seen to fit the model, which calls settings as this command does.
    private func settings(
        for source: ModelSource
    ) throws -> (GenerationSettings, SamplerChoice) {
        var settings = GenerationSettings(prompt: prompt)
        settings.negativePrompt = negativePrompt
        settings.width = width
        settings.height = height
        settings.stepCount = steps
        settings.guidanceScale = guidanceScale
        settings.clipSkip = clipSkip
        settings.promptSyntax = prompts.promptSyntax ?? settings.suitedSyntax
        do {
            if let sampler {
                (settings.sampler, settings.schedule) = try SamplerKind.withSchedule(named: sampler)
            }
            if let schedule { settings.schedule = try SamplingSchedule(named: schedule) }
            try settings.validate(for: source)
            let choice = try SamplerChoice(
                settings.sampler, schedule: settings.schedule, for: source.schedulerConfiguration)
            _ = try choice.sampler(stepCount: steps)
            return (settings, choice)
        } catch let error as GenerationError {
            throw ValidationError("--\(error)")
        } catch let error as SamplerError where error.isOfSetting {
            throw ValidationError("--\(error)")
        }
    }

    /// Of several processes the first chooses for all, since they share the pictures by batches.
    private func fitted(
        _ source: ModelSource, _ settings: GenerationSettings, _ overlays: [Overlay],
        _ precision: DType, _ device: Device, _ processes: ProcessGroup?
    ) throws -> FittedPainting {
        func choose() throws -> FittedPainting {
            try FittedPainting(
                source, settings, count: count, precision: precision, on: device, offload: offload,
                batchSize: batchSize, overlays: overlays, limit: deviceMemoryLimit)
        }
        guard let processes else { return try choose() }
        let own = processes.isFirst ? try choose() : nil
        let text = try processes.shared("fit") { own?.text ?? "" }
        guard let fitted = own ?? FittedPainting(text) else { return try choose() }
        return fitted
    }

    private func dtype(on device: Device, _ printer: ProgressPrinter) -> DType {
        let dtype = precision.dtype(on: device)
        guard device.isProcessor, dtype != .float32 else { return dtype }
        switch dtype {
        case .float16 where Compute.hasSlowBFloat16:
            printer.line("This processor computes neither fp16 nor bf16 well: fp32 is used.")
            return .float32
        case .float16:
            printer.line("A processor is slow in fp16: bf16 is used.")
            return .bfloat16
        default:
            if Compute.hasSlowBFloat16 {
                printer.line("This processor is slow in bf16: --precision fp32 is quicker.")
            }
            return dtype
        }
    }

    private func paint(
        _ run: PaintingRun, _ printer: ProgressPrinter, _ processes: ProcessGroup?
    ) throws {
        let interruption = Interruption(
            message: "Ending; finished pictures are kept. Press Ctrl-C again to end at once.")
        let outcome: PaintingRun.Outcome
        do {
            defer { printer.finish() }
            func show(_ now: Painter.Progress) throws {
                if interruption.cancellation.isRequested { throw ExitCode(130) }
                let part = processes.map { " pictures, 1 of \($0.count) processes" }
                printer.update(
                    "Painting", done: now.done, total: now.total,
                    detail: "\(now.pictureCount)\(part ?? "/\(count) pictures")")
            }
            outcome =
                if let processes {
                    try run.paint(with: processes, notify: printer.line, progress: show)
                } else {
                    try run.paint(notify: printer.line, progress: show)
                }
        }
        printer.line("\(count) picture\(count == 1 ? "" : "s") in \(run.folder.path)")
        let sheets = outcome.sheets.map(\.lastPathComponent)
        if let first = sheets.first, let last = sheets.last {
            printer.line(
                first == last
                    ? "\(first) shows them all"
                    : "\(first) to \(last) show \(ContactSheets.cellLimit) each")
        }
    }
}
