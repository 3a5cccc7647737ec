import ArgumentParser
import Foundation
import Painting
import StableDiffusion
import Torch
import Training

/// What the networks compute in.
enum ComputePrecision: String, ExpressibleByArgument, CaseIterable {
    case auto, fp32, bf16, fp16

    /// On a GPU half precision is several times as fast; on a processor fp32 gives the same
    /// picture everywhere.
    func dtype(on device: Device) -> DType {
        switch self {
        case .auto: device == .cpu ? .float32 : .float16
        case .fp32: .float32
        case .bf16: .bfloat16
        case .fp16: .float16
        }
    }
}

/// `attune generate`
struct GenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Paint pictures from a prompt.",
        discussion: """
            Picture k of a run has the seed S+k. Files are NNNNN-SEED.png with the settings \
            inside, as A1111 writes them; grid.png shows them all.
            """)

    @Option(help: "A diffusers folder or a single .safetensors file (default: the shipped model).")
    var model: String?

    @Option(help: "What to paint.")
    var prompt: String

    @Option(help: "What to keep away from.")
    var negativePrompt = ""

    @Option(help: "How many pictures.")
    var count = 1

    @Option(help: "Pictures painted at once.")
    var batchSize = 4

    @Option(help: "The seed of the first picture (default: drawn, and printed).")
    var seed: UInt64?

    @Option(help: "Steps of the sampler.")
    var steps = 30

    @Option(help: "How much the prompt counts.")
    var guidanceScale = 7.5

    @Option(
        help: "The sampler, such as euler or \"DPM++ 2M Karras\" (default: the model's).")
    var sampler: String?

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

    @OptionGroup(title: "Laid over the model") var additions: AdditionOptions

    @Option(help: "The folder for the pictures; made where it is missing.")
    var output = "outputs"

    func validate() throws {
        guard count >= 1 else { throw ValidationError("--count \(count): must be at least 1.") }
        guard batchSize >= 1 else {
            throw ValidationError("--batch-size \(batchSize): must be at least 1.")
        }
    }

    func run() throws {
        let device = try Device(named: device)
        var settings = GenerationSettings(prompt: prompt)
        settings.negativePrompt = negativePrompt
        settings.width = width
        settings.height = height
        settings.stepCount = steps
        settings.guidanceScale = guidanceScale
        settings.clipSkip = clipSkip
        settings.sampler = try sampler.map { try SamplerKind(named: $0) }
        let source = try ModelSource(model.map { URL(filePath: $0) } ?? EmbeddedModel.locate())
        try settings.validate(for: source)
        let kind = try settings.sampler ?? SamplerKind(for: source.schedulerConfiguration)
        _ = try kind.makeSampler(source.schedulerConfiguration, stepCount: steps)
        try source.verify()
        let overlays = try additions.read()
        try OverlayStack.check(overlays, for: source)
        let printer = ProgressPrinter()
        overlays.flatMap(\.notices).forEach(printer.line)
        var dtype = precision.dtype(on: device)
        if device == .cpu, dtype == .float16 {
            dtype = .bfloat16
            printer.line(
                "A CPU computes fp16 a thousand times more slowly than bf16: bf16 is used.")
        }
        let pipeline = try Pipeline(source, precision: dtype, device: device)
        pipeline.notify = printer.line
        try OverlayStack(over: pipeline, keepsOriginals: false).put(overlays)
        // Only now that nothing else can be wrong: a mistake leaves no empty folder behind.
        let folder = URL(filePath: output)
        try PaintingRun.prepare(folder)
        let first = seed ?? UInt64.random(in: 0..<1 << 32)
        if seed == nil { printer.line("Seed \(first)") }
        let writer = PictureWriter(
            pipeline: pipeline, settings: settings, modelHash: try source.hash)
        let run = PaintingRun(
            writer: writer, folder: folder, firstSeed: first, count: count, batchSize: batchSize)
        let interruption = Interruption(
            message: "Ending; finished pictures are kept. Press Ctrl-C again to end at once.")
        do {
            try run.paint { done, total, pictures in
                if interruption.cancellation.isRequested { throw ExitCode(130) }
                printer.update(
                    "Painting", done: done, total: total,
                    detail: "\(pictures)/\(count) pictures")
            }
        } catch {
            printer.finish()
            throw error
        }
        printer.finish()
        printer.line("\(count) picture\(count == 1 ? "" : "s") in \(folder.path)")
    }
}
