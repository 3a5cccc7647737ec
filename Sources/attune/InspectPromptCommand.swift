import ArgumentParser
import Foundation
import Painting
import StableDiffusion

/// `attune inspect prompt`
struct InspectPromptCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prompt",
        abstract: "Show how a prompt is read: texts, weights and tokens of every step, as JSON.",
        discussion: """
            "schedule" lists what counts up to which step: the texts that AND joins with their \
            weights, each with its pieces and their emphasis, its tokens in chunks, and how many \
            there are. "networks" are the files that it asks for.
            """)

    @Argument(help: "The prompt.")
    var text: String

    @Option(help: "Steps of the sampler.")
    var steps = 30

    @Option(help: "The model whose tokens are shown (default: the embedded model).")
    var model: String?

    @Flag(help: "Read it as a negative prompt, in which AND is a word.")
    var negative = false

    @OptionGroup(title: "Prompts") var prompts: PromptOptions

    func validate() throws {
        guard (1...Self.stepLimit).contains(steps) else {
            throw ValidationError("--steps \(steps): must be 1 to \(Self.stepLimit).")
        }
    }

    /// More are no use to any sampler.
    private static let stepLimit = 1000

    func run() throws {
        let source = try ModelSource(model.map { URL(filePath: $0) } ?? EmbeddedModel.locate())
        var settings = GenerationSettings(prompt: negative ? "" : text)
        if negative { settings.negativePrompt = text }
        settings.stepCount = steps
        settings.promptSyntax = prompts.promptSyntax ?? settings.suitedSyntax
        // Only words take places in a text: other files are looked for, and not opened.
        let overlays = try prompts.folders.embeddings(
            namedBy: settings, besides: [], source: source
        ).overlays
        let encoder = PromptEncoder(source.tokenizer, embeddings: overlays.embeddings())
        let compiled = try CompiledPrompts(settings, encoder: encoder)
        let program = compiled.negative.flatMap { negative ? $0 : nil } ?? compiled.prompt
        let unread = settings.promptSyntax == .plain ? encoder.unread(of: text) : nil
        let json = JSONEncoder()
        json.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data = try json.encode(
            PromptDescription(program, files: program.networks.map(file), unread: unread))
        print(String(decoding: data, as: UTF8.self))
    }

    /// Nil where no folder was given.
    private func file(of tag: NetworkTag) throws -> String? {
        let folder =
            switch tag.kind {
            case .lora: prompts.loraDir
            case .hypernetwork: prompts.hypernetworkDir
            }
        return folder == nil ? nil : try prompts.folders.file(of: tag).path
    }
}

/// What `attune inspect prompt` prints.
private struct PromptDescription: Encodable {
    struct Segment: Encodable {
        let segment: PromptSegment

        func encode(to encoder: any Encoder) throws {
            var values = encoder.unkeyedContainer()
            try values.encode(segment.text)
            try values.encode(segment.emphasis)
        }
    }

    struct Text: Encodable {
        let weight: Double
        let segments: [Segment]
        let chunks: [[Int]]
        let tokenCount: Int
    }

    struct Entry: Encodable {
        let until: Int
        let texts: [Text]
    }

    struct Network: Encodable {
        let tag: String
        let kind: NetworkTag.Kind
        let name: String
        let strength: Double
        let textEncoderStrength: Double?
        let file: String?
    }

    let syntax: PromptSyntax
    let steps: Int
    let schedule: [Entry]
    let networks: [Network]
    /// The end of a text that is cut.
    let unread: String?

    init(_ program: PromptProgram, files: [String?], unread: String?) {
        syntax = program.syntax
        steps = program.stepCount
        schedule = program.schedule.map { until, texts in
            Entry(
                until: until,
                texts: texts.map { weight, text in
                    Text(
                        weight: weight, segments: text.segments.map(Segment.init),
                        chunks: text.chunks.map(\.ids), tokenCount: text.tokenCount)
                })
        }
        networks = zip(program.networks, files).map { tag, file in
            Network(
                tag: tag.text, kind: tag.kind, name: tag.name, strength: tag.strength,
                textEncoderStrength: tag.kind == .lora ? tag.textEncoderStrength : nil,
                file: file)
        }
        self.unread = unread
    }
}
