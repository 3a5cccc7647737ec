public import ArgumentParser
import Files
import Foundation
public import Painting
import StableDiffusion

/// What to paint.
struct PictureOptions: ParsableArguments {
    @Option(help: "What to paint; {red|blue} stands for one of several texts.")
    var prompt: String?

    @Option(help: "What to keep away from.")
    var negativePrompt: String?

    @Option(
        help: ArgumentHelp(
            "A prompt a line, with options of its own if wanted: --prompt \"a robot\" --seed 5",
            valueName: "file"))
    var promptsFile: String?

    @Option(help: "How many pictures, of each prompt (default: 1).")
    var count: Int?

    @Option(help: "The seed of the first picture; -1: drawn, and printed (default: -1).")
    var seed: SeedChoice?

    @Option(help: "Steps of the sampler (default: 30).")
    var steps: Int?

    @Option(help: "How much the prompt counts (default: 7.5).")
    var guidanceScale: Double?

    @Option(
        help: "The sampler, such as euler or \"DPM++ 2M Karras\" (default: the model's).")
    var sampler: String?

    @Option(
        help: """
            How its steps are spaced: karras, exponential, sgm-uniform, simple, beta or uniform \
            (default: as the sampler's name or the model says).
            """)
    var schedule: String?

    @Option(help: "In pixels (default: the model's own).")
    var width: Int?

    @Option(help: "In pixels (default: the model's own).")
    var height: Int?

    @Option(
        help: "Which layer of the text encoder counts, from the last, which is 1 (default: 1).")
    var clipSkip: Int?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            """
            What is quicker and gives other pictures: cache=3 computes the deep layers in every \
            third step, guidance=0.1-0.8 guides in this share of the steps only.
            """, valueName: "way"))
    var speed: [SpeedChoice] = []

    @Option(
        help: """
            Of choices in braces: random takes one for each picture, by its seed, combinatorial \
            paints all, off takes braces as text (default: random).
            """)
    var dynamicPrompts: PictureOrder.Templates?

    @Option(help: "A folder of lists, a text a line, of which __name__ in a prompt takes one.")
    var wildcardsDir: String?

    @Flag(help: "Paint a prompt with all choices of \"a robot|in rain|at night\", as a grid.")
    var promptMatrix = false

    @Option(help: "A grid from left to right: steps=10,20,30 or prompt-sr=red,blue")
    var x: String?

    @Option(help: "From top to bottom: guidance-scale=3-9 (+2)")
    var y: String?

    @Option(help: "From sheet to sheet: seed=1-4")
    var z: String?

    /// The options that were given, by their names.
    var given: [String] {
        let all: [(name: String, value: Any?)] = [
            ("prompt", prompt), ("negative-prompt", negativePrompt), ("prompts-file", promptsFile),
            ("count", count), ("seed", seed), ("steps", steps), ("guidance-scale", guidanceScale),
            ("sampler", sampler), ("schedule", schedule), ("width", width), ("height", height),
            ("clip-skip", clipSkip), ("speed", speed.isEmpty ? nil : true),
            ("dynamic-prompts", dynamicPrompts),
            ("wildcards-dir", wildcardsDir), ("prompt-matrix", promptMatrix ? true : nil),
            ("x", x), ("y", y), ("z", z),
        ]
        return all.filter { $0.value != nil }.map(\.name)
    }

    /// Whether it is said what to paint.
    var hasPrompt: Bool { prompt != nil || promptsFile != nil }

    func validate() throws {
        if prompt != nil, promptsFile != nil {
            throw ValidationError(
                "--prompt and --prompts-file: both say what to paint; give one of them.")
        }
        if let count, !(1...PictureList.countLimit).contains(count) {
            throw ValidationError("--count \(count): must be 1 to \(PictureList.countLimit).")
        }
        let axes = [("x", x), ("y", y), ("z", z)]
        for (axis, later) in zip(axes, axes.dropFirst()) where axis.1 == nil && later.1 != nil {
            throw ValidationError("--\(later.0): give --\(axis.0), too, which comes before it.")
        }
        guard promptMatrix else { return }
        if x != nil {
            throw ValidationError("--prompt-matrix and --x: both make a grid; give one of them.")
        }
        if let dynamicPrompts, dynamicPrompts != .off {
            throw ValidationError(
                "--dynamic-prompts \(dynamicPrompts.rawValue): a matrix takes | for itself; leave "
                    + "one of them out.")
        }
        if wildcardsDir != nil {
            throw ValidationError("--wildcards-dir has no effect on a matrix.")
        }
    }

    /// All that is asked for, seen to fit a model.
    ///
    /// - Parameter seed: of the first picture.
    func list(
        for source: ModelSource, seed: UInt64, syntax: PromptSyntax?
    ) throws -> PictureList {
        let common = try settings(for: source)
        var lines = [PromptLine(common)]
        if let promptsFile {
            let file = URL(filePath: promptsFile)
            let bytes = try WholeFile.read(file, limit: Self.fileLimit)
            guard let text = String(bytes: bytes, encoding: .utf8) else {
                throw FileError(.read, file, reason: "it is no text in UTF-8")
            }
            lines = try PromptLine.lines(of: text, file: promptsFile, settings: common)
            for line in lines {
                do {
                    try Self.check(line.settings, for: source)
                } catch {
                    throw PictureListError.line(
                        file: promptsFile, number: line.number ?? 0, reason: "--\(error)")
                }
            }
        }
        var order = PictureOrder(
            lines, title: prompt ?? promptsFile.map { URL(filePath: $0).lastPathComponent } ?? "",
            seed: seed)
        order.count = count ?? 1
        order.templates = dynamicPrompts ?? .random
        if let wildcardsDir { order.wildcards = try Wildcards(in: URL(filePath: wildcardsDir)) }
        order.isMatrix = promptMatrix
        order.axes = try [x, y, z].compactMap(\.self).map { try GridAxis($0) }
        order.syntax = syntax
        let list = try order.list()
        // What an axis has made of them.
        guard !order.axes.isEmpty else { return list }
        do {
            for picture in list.pictures { try Self.check(picture.settings, for: source) }
        } catch let error as GenerationError {
            throw ValidationError("--\(error)")
        } catch let error as SamplerError where error.isOfSetting {
            throw ValidationError("--\(error)")
        }
        return list
    }

    private static let fileLimit = 50_000_000

    /// What all prompts have in common, seen to fit the model, which calls settings as options
    /// here.
    private func settings(for source: ModelSource) throws -> GenerationSettings {
        var settings = GenerationSettings(prompt: prompt ?? "")
        settings.negativePrompt = negativePrompt ?? ""
        settings.width = width
        settings.height = height
        settings.stepCount = steps ?? settings.stepCount
        settings.guidanceScale = guidanceScale ?? settings.guidanceScale
        settings.clipSkip = clipSkip ?? settings.clipSkip
        speed.forEach { $0.apply(to: &settings.speed) }
        do {
            if let sampler {
                (settings.sampler, settings.schedule) = try SamplerKind.withSchedule(named: sampler)
            }
            if let schedule { settings.schedule = try SamplingSchedule(named: schedule) }
            try Self.check(settings, for: source)
            return settings
        } catch let error as GenerationError {
            throw ValidationError("--\(error)")
        } catch let error as SamplerError where error.isOfSetting {
            throw ValidationError("--\(error)")
        }
    }

    private static func check(_ settings: GenerationSettings, for source: ModelSource) throws {
        try settings.validate(for: source)
        _ = try SamplerChoice(
            settings.sampler, schedule: settings.schedule, for: source.schedulerConfiguration
        ).sampler(stepCount: settings.stepCount)
    }
}

/// `--dynamic-prompts`
extension PictureOrder.Templates: ExpressibleByArgument {}

/// One word of `--speed`: `cache=3` or `guidance=0.1-0.8`.
struct SpeedChoice: ExpressibleByArgument {
    private let change: @Sendable (inout SamplingSpeed) -> Void

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return nil }
        switch parts[0].lowercased() {
        case "cache", "deepcache":
            guard let interval = Int(parts[1]) else { return nil }
            change = { $0.cacheInterval = interval }
        case "guidance":
            let ends = parts[1].split(separator: "-").map { Double($0) }
            guard ends.count == 2, let start = ends[0], let end = ends[1] else { return nil }
            change = { ($0.guidanceStart, $0.guidanceEnd) = (start, end) }
        default: return nil
        }
    }

    func apply(to speed: inout SamplingSpeed) { change(&speed) }
}
