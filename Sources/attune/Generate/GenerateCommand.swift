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
        abstract: "Paint pictures from prompts.",
        discussion: """
            Picture k of a run has the seed S+k. Files are NNNNN-SEED.png with the settings \
            inside, as A1111 writes them, and go on from those that are in the folder. Several \
            pictures have a contact sheet, grid-NNNN.png, for every hundred, and a manifest, \
            manifest-NNNN.jsonl, which lists them before the first is painted: whatever ends a \
            run, --resume paints what is missing.
            """)

    @Option(help: "A diffusers folder or a single .safetensors file (default: the shipped model).")
    var model: String?

    @OptionGroup(title: "Pictures") var pictures: PictureOptions

    @OptionGroup(title: "Prompts") var prompts: PromptOptions

    @OptionGroup(title: "Laid over the model") var additions: AdditionOptions

    @Option(help: "What the model predicts: epsilon or v_prediction (default: as it says).")
    var predictionType: PredictionType?

    @Option(help: "Pictures painted at once (default: 4, or fewer where memory is short).")
    var batchSize: Int?

    @Option(
        help: """
            auto is fp16 on a GPU and fp32 on a processor; bf16 takes half the memory (default: \
            auto).
            """)
    var precision: ComputePrecision?

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

    @Option(help: "The folder for the pictures; made where it is missing.")
    var output = "outputs"

    @Flag(help: "Paint what is missing of the last run into the folder.")
    var resume = false

    func validate() throws {
        if let batchSize, batchSize < 1 {
            throw ValidationError("--batch-size \(batchSize): must be at least 1.")
        }
        guard !pictures.hasPrompt else { return }
        guard resume else {
            throw ValidationError(
                "Nothing says what to paint: give --prompt \"a robot\" or --prompts-file FILE.")
        }
        let given = pictures.given + (prompts.promptSyntax == nil ? [] : ["prompt-syntax"])
        if let lost = given.first {
            throw ValidationError(
                "--\(lost) has no effect on what is resumed, which stands in the manifest; leave "
                    + "it out, or give all that was given.")
        }
    }

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
        // Of several processes one speaks.
        let printer = ProgressPrinter(
            wording: Wording(Self.self), isSilent: !(processes?.isFirst ?? true))
        let resumed = try resumedFile(processes)
        let source = try source(resumed)
        let precision = dtype(on: device, resumed, printer)
        let (list, seed) = try list(for: source, resumed, processes)
        try source.verify()
        let wish = try SessionWish(
            self, source, list, seed: seed, precision: precision, device: device)
        if let resumed { try wish.check(resumed, printer) }
        let session = try wish.session(resumed)
        if let resumed { try wish.check(session, resumed) }
        notices(list, session).forEach(printer.line)
        source.notices.forEach(printer.line)
        if let deviceMemoryLimit { MemoryRoom.enforce(deviceMemoryLimit, on: device) }
        let fitted = try fitted(session, list, resumed, precision, device, processes)
        if device.isProcessor, let offload, offload != .none {
            printer.line(
                "--offload \(offload.rawValue) has no effect on a processor: everything is in main "
                    + "memory as it is.")
        }
        [fitted.notice].compactMap(\.self).forEach(printer.line)
        let pipeline = try Pipeline(
            source, precision: precision, device: device, offload: fitted.offload)
        pipeline.notify = printer.line
        try session.begin(with: pipeline)
        if resumed == nil, pictures.seed?.seed == nil { printer.line("Seed \(seed)") }
        if let resumed, resumed.manifest.tools.batchSize != fitted.batchSize {
            printer.line(
                "The run was begun with --batch-size \(resumed.manifest.tools.batchSize): pictures "
                    + "painted now may differ from what they would have been in their last bits.")
        }
        // Only now that nothing else can be wrong: a mistake leaves no empty folder behind.
        try PaintingRun.prepare(
            resumed?.folder ?? URL(filePath: output), cleaning: processes?.isFirst ?? true)
        let file =
            try resumed
            ?? newFile(
                list,
                wish.tools(
                    session, batchSize: fitted.batchSize,
                    isWritten: list.pictures.count > 1 || processes != nil), processes)
        let run = PaintingRun(
            session, file, batchSize: fitted.batchSize, modelHash: try source.hash)
        try paint(run, printer, processes)
    }

    /// The manifest to go on with; nil: there is none.
    private func resumedFile(_ processes: ProcessGroup?) throws -> ManifestFile? {
        guard resume else { return nil }
        func open() throws -> ManifestFile {
            guard pictures.hasPrompt else { return try ManifestFile.open(URL(filePath: output)) }
            let source = try source(nil)
            return try ManifestFile.open(URL(filePath: output)) { manifest in
                let seed = pictures.seed?.seed ?? manifest.tools.seed
                return manifest.difference(
                    from: try pictures.list(
                        for: source, seed: seed, syntax: prompts.promptSyntax))
            }
        }
        guard let processes else { return try open() }
        let own = processes.isFirst ? try open() : nil
        let name = try processes.shared("manifest") { own?.url?.path ?? "" }
        return try own ?? ManifestFile.joined(URL(filePath: name))
    }

    private func newFile(
        _ list: PictureList, _ tools: PictureManifest.Tools, _ processes: ProcessGroup?
    ) throws -> ManifestFile {
        let folder = URL(filePath: output)
        guard let processes else { return try ManifestFile.create(list, by: tools, in: folder) }
        let own =
            processes.isFirst
            ? try ManifestFile.create(list, by: tools, in: folder, evenForOne: true) : nil
        let name = try processes.shared("manifest") { own?.url?.path ?? "" }
        return try own ?? ManifestFile.joined(URL(filePath: name))
    }

    private func source(_ resumed: ManifestFile?) throws -> ModelSource {
        let resumed = pictures.hasPrompt ? nil : resumed
        let path = model ?? resumed?.manifest.tools.model
        return try ModelSource(
            path.map { URL(filePath: $0) } ?? EmbeddedModel.locate(),
            predictionOverride: predictionType ?? resumed?.manifest.tools.predictionType)
    }

    /// What to paint, with the seed that it begins with.
    private func list(
        for source: ModelSource, _ resumed: ManifestFile?, _ processes: ProcessGroup?
    ) throws -> (PictureList, UInt64) {
        if let resumed, !pictures.hasPrompt {
            return (resumed.manifest.list, resumed.manifest.tools.seed)
        }
        var seed =
            pictures.seed?.seed ?? resumed?.manifest.tools.seed
            ?? UInt64.random(in: 0..<1 << 32)
        if let processes, let shared = UInt64(try processes.shared("seed") { String(seed) }) {
            seed = shared
        }
        let list = try pictures.list(for: source, seed: seed, syntax: prompts.promptSyntax)
        return (list, seed)
    }

    /// How the prompts were read where that was not said, and what they brought along.
    private func notices(_ list: PictureList, _ session: PaintingSession) -> [String] {
        var notices: [String] = []
        let isRead = list.pictures.contains { $0.settings.promptSyntax == .a1111 }
        if prompts.promptSyntax == nil, isRead {
            notices.append(
                list.pictures.count == 1
                    || list.pictures.allSatisfy {
                        $0.settings.prompt == list.pictures[0].settings.prompt
                    }
                    ? "The prompt is read with its weights, edits and tags; `prompt-syntax` plain "
                        + "takes it as it stands."
                    : "Prompts are read with their weights, edits and tags; `prompt-syntax` plain "
                        + "takes them as they stand.")
        }
        if !session.named.isEmpty {
            var files: [String] = []
            for name in session.named.map(\.file.lastPathComponent) where !files.contains(name) {
                files.append(name)
            }
            notices.append(
                "Laid over the model as the prompt asks: \(files.joined(separator: ", "))")
        }
        var told: Set<String> = []
        notices +=
            session.notices
            + (session.given + session.named).flatMap(\.notices)
            .filter { told.insert($0).inserted }
        let choices = list.pictures.lazy.compactMap { picture in
            try? SamplerChoice(
                picture.settings.sampler, schedule: picture.settings.schedule,
                for: session.source.schedulerConfiguration
            ).notice
        }
        return notices + choices.filter { told.insert($0).inserted }
    }

    /// Of several processes the first chooses for all, since they share the pictures by batches.
    private func fitted(
        _ session: PaintingSession, _ list: PictureList, _ resumed: ManifestFile?,
        _ precision: DType, _ device: Device, _ processes: ProcessGroup?
    ) throws -> FittedPainting {
        let batchSize = batchSize ?? resumed?.manifest.tools.batchSize
        func choose() throws -> FittedPainting {
            func area(_ settings: GenerationSettings) -> Int {
                let side =
                    session.source.unetConfiguration.sampleSize
                    * session.source.vaeConfiguration.downsamplingFactor
                return (settings.width ?? side) * (settings.height ?? side)
            }
            let largest = list.pictures.max { area($0.settings) < area($1.settings) }
            return try FittedPainting(
                session.source, largest?.settings ?? GenerationSettings(prompt: ""),
                count: list.pictures.count, precision: precision, on: device, offload: offload,
                batchSize: batchSize, overlays: session.largestOverlays,
                limit: deviceMemoryLimit)
        }
        guard let processes else { return try choose() }
        let own = processes.isFirst ? try choose() : nil
        let text = try processes.shared("fit") { own?.text ?? "" }
        guard let fitted = own ?? FittedPainting(text) else { return try choose() }
        return fitted
    }

    private func dtype(
        on device: Device, _ resumed: ManifestFile?, _ printer: ProgressPrinter
    ) -> DType {
        if precision == nil, let name = resumed?.manifest.tools.precision,
            let asked = ComputePrecision(rawValue: name)
        {
            return asked.dtype(on: device)
        }
        let dtype = (precision ?? .auto).dtype(on: device)
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
        let missing = run.file.missing().count
        let total = run.file.manifest.entries.count
        if missing < total {
            printer.line("\(total - missing) of \(total) pictures are there")
        }
        let outcome: PaintingRun.Outcome
        do {
            defer { printer.finish() }
            func show(_ now: Painter.Progress) throws {
                if interruption.cancellation.isRequested {
                    if let manifest = run.file.url {
                        printer.line(
                            "What is missing stands in \(manifest.lastPathComponent); "
                                + "--resume paints it")
                    }
                    throw ExitCode(130)
                }
                let part = processes.map { " pictures, 1 of \($0.count) processes" }
                printer.update(
                    "Painting", done: now.done, total: now.total,
                    detail: "\(now.pictureCount)\(part ?? "/\(missing) pictures")")
            }
            outcome =
                if let processes {
                    try run.paint(with: processes, notify: printer.line, progress: show)
                } else {
                    try run.paint(notify: printer.line, progress: show)
                }
        }
        printer.line("\(total) picture\(total == 1 ? "" : "s") in \(run.file.folder.path)")
        let sheets = outcome.sheets.map(\.lastPathComponent)
        if let first = sheets.first, let last = sheets.last {
            printer.line(
                first == last
                    ? "\(first) shows them all"
                    : "\(first) to \(last) show them")
        }
    }
}
