import Foundation
import StableDiffusion
import TestSupport
import Testing
import Torch

/// The prompt language, against its published rules computed in Python on the embedded model.
@Suite struct PromptTests {
    private struct Row: Decodable {
        struct Text: Decodable {
            struct Segment: Decodable, Equatable {
                let text: String
                let emphasis: Double

                init(from decoder: any Decoder) throws {
                    var values = try decoder.unkeyedContainer()
                    text = try values.decode(String.self)
                    emphasis = try values.decode(Double.self)
                }
            }

            let segments: [Segment]
            let chunks: [[Int]]
        }

        struct Entry: Decodable {
            let until: Int
            let texts: [(weight: Double, number: Int)]

            init(from decoder: any Decoder) throws {
                var values = try decoder.unkeyedContainer()
                until = try values.decode(Int.self)
                let pairs = try values.decode([[Double]].self)
                texts = pairs.map { ($0[0], Int($0[1])) }
            }
        }

        let prompt: String
        let isNegative: Bool
        let tags: [[String]]
        let texts: [Text]
        let schedule: [Entry]

        var settings: GenerationSettings {
            var settings = GenerationSettings(prompt: isNegative ? "" : prompt)
            settings.negativePrompt = isNegative ? prompt : ""
            settings.promptSyntax = .a1111
            settings.stepCount = 10
            return settings
        }
    }

    private struct Picture: Decodable {
        let prompt: String
        let negativePrompt: String
        let guidanceScale: Double
        let clipSkip: Int
    }

    private func decode<Value: Decodable>(_ name: String) throws -> Value {
        try JSONDecoder().decode(
            Value.self, from: Data(contentsOf: Fixture.url("prompts/\(name).json")))
    }

    private func pipeline(_ fixture: SafetensorsFile) throws -> Pipeline {
        let folder = Fixture.root.appending(path: "../../Models/miniature").standardized
        let pipeline = try Pipeline(ModelSource(folder))
        pipeline.embeddings = try ["glow", "Blue glaze", "blue"].map { name in
            TextualInversion(token: name, vectors: try fixture.require("vectors.\(name)"))
        }
        return pipeline
    }

    @Test func textsAndSchedulesMatchReference() throws {
        let rows: [Row] = try decode("table")
        #expect(rows.count > 100)
        let fixture = try Fixture.file("prompts/prompts.safetensors")
        let encoder = try pipeline(fixture).promptEncoder
        for row in rows {
            let prompts = try CompiledPrompts(row.settings, encoder: encoder)
            let program = try #require(row.isNegative ? prompts.negative : prompts.prompt)
            let schedule = program.schedule
            #expect(schedule.map(\.until) == row.schedule.map(\.until), "\(row.prompt)")
            for (found, expected) in zip(schedule, row.schedule) {
                #expect(found.texts.map(\.weight) == expected.texts.map(\.weight), "\(row.prompt)")
                for (text, number) in zip(found.texts.map(\.text), expected.texts.map(\.number)) {
                    let expected = row.texts[number]
                    #expect(text.chunks.map(\.ids) == expected.chunks, "\(row.prompt)")
                    #expect(
                        text.segments.map(\.text) == expected.segments.map(\.text),
                        "\(row.prompt)")
                    #expect(
                        text.segments.map(\.emphasis) == expected.segments.map(\.emphasis),
                        "\(row.prompt)")
                }
            }
            let kinds = ["lora": NetworkTag.Kind.lora, "lyco": .lora, "hypernet": .hypernetwork]
            #expect(program.networks.map(\.kind) == row.tags.map { kinds[$0[0]] }, "\(row.prompt)")
            #expect(program.networks.map(\.name) == row.tags.map { $0[1] }, "\(row.prompt)")
        }
    }

    @Test func conditioningsMatchReference() throws {
        let rows: [Row] = try decode("table")
        let fixture = try Fixture.file("prompts/prompts.safetensors")
        let pipeline = try pipeline(fixture)
        var worst = 0.0
        for (number, row) in rows.enumerated() {
            let prompts = try CompiledPrompts(row.settings, encoder: pipeline.promptEncoder)
            let program = try #require(row.isNegative ? prompts.negative : prompts.prompt)
            let conditionings = pipeline.conditioned(prompts, clipSkip: 1).all
            let conditioning = conditionings[row.isNegative ? 0 : conditionings.count - 1]
            for (part, content) in program.parts.enumerated() {
                for (until, text) in content.entries {
                    let expected = try fixture.require("\(number).\(part).\(text)")
                    let all = conditioning.contexts(at: until)[part].states.floats()
                    let stride = expected.rank == 1 ? 97 : 1
                    let found = Swift.stride(from: 0, to: all.count, by: stride).map { all[$0] }
                    // A shorter text of several goes on.
                    let same = Tensor(
                        Array(found.prefix(expected.count)), shape: [expected.count])
                    let distance = Distance(same, expected.reshaped(expected.count))
                    worst = max(worst, distance.relative)
                    #expect(distance.relative < 1e-4, "\(row.prompt): \(distance)")
                }
            }
        }
        #expect(worst < 1e-4)
    }

    @Test func picturesMatchReference() throws {
        let cases: [String: Picture] = try decode("pictures")
        let fixture = try Fixture.file("prompts/prompts.safetensors")
        let pipeline = try pipeline(fixture)
        for (name, picture) in cases {
            var settings = GenerationSettings(prompt: picture.prompt)
            settings.negativePrompt = picture.negativePrompt
            settings.guidanceScale = picture.guidanceScale
            settings.clipSkip = picture.clipSkip
            settings.promptSyntax = .a1111
            settings.stepCount = 10
            (settings.width, settings.height) = (64, 64)
            let latents = try pipeline.latents(settings, seeds: [7])
            let distance = Distance(latents, try fixture.require("\(name).latents"))
            #expect(distance.relative < 1e-3, "\(name): \(distance)")
            let found = try #require(pipeline.picture(latents)).cast(to: .float32)
            let expected = try fixture.require("\(name).picture").cast(to: .float32)
            let near = (found - expected).abs().isLess(than: 1.5).cast(to: .float32).mean().item()
            #expect(near >= 0.999, "\(name): only \(near) of the values are within 1/255")
        }
    }

    /// What has no marks and fits is the same in both syntaxes, where a model pads with `!` too.
    @Test(arguments: ["tiny-sd1", "tiny-sd2"])
    func unmarkedTextsAreThoseOfThePlainSyntax(model: String) throws {
        let pipeline = try Pipeline(ModelSource(Fixture.url("models/\(model)")))
        for prompt in ["", "a red robot, on the beach!", String(repeating: "the ", count: 75)] {
            var settings = GenerationSettings(prompt: prompt)
            settings.negativePrompt = "the house"
            settings.stepCount = 2
            let plain = try pipeline.latents(settings, seeds: [3])
            settings.promptSyntax = .a1111
            let distance = Distance(try pipeline.latents(settings, seeds: [3]), plain)
            #expect(distance.relative < 1e-5, "\(prompt): \(distance)")
        }
    }

    /// Pictures of a batch are those that each seed gives alone.
    @Test func batchesChangeNothing() throws {
        let pipeline = try Pipeline(ModelSource(Fixture.url("models/tiny-sd1")))
        var settings = GenerationSettings(
            prompt: "a (red:1.3) [robot|house] BREAK in the snow AND the beach :0.5")
        settings.promptSyntax = .a1111
        settings.stepCount = 4
        settings.sampler = .pndm
        let together = try pipeline.latents(settings, seeds: [3, 4])
        for (row, seed) in [UInt64(3), 4].enumerated() {
            let alone = try pipeline.latents(settings, seeds: [seed])
            let distance = Distance(together.narrowed(0, start: row, length: 1), alone)
            #expect(distance.relative < 1e-4, "\(distance)")
        }
    }

    @Test(
        arguments: [
            ("a red robot", false), ("a robot (front view", false), ("a sad robot :(", false),
            ("and, break, 16:9", false), ("a < b > c, <my-robot>, <x:y>", false),
            ("\\(x\\)", false), ("a|b", false), ("a [b", false), ("", false),
            ("a (red:1.2) robot", true), ("(red) robot", true), ("[red] robot", true),
            ("a [b:c:0.5]", true), ("[a|b]", true), ("a AND b", true), ("a BREAK b", true),
            ("a <lora:x:1>", true), ("<hypernet:x>", true), ("(a:1.2.3)", true),
            ("<lroa:x:1>", true),
        ])
    func syntaxIsChosenByWhatStandsInThePrompt(prompt: String, isA1111: Bool) {
        #expect(PromptSyntax.suited(to: prompt) == (isA1111 ? .a1111 : .plain))
        #expect(
            PromptSyntax.suited(to: "a", negativePrompt: prompt)
                == (isA1111 && !prompt.contains("AND") ? .a1111 : .plain))
    }

    @Test func tags() throws {
        func tag(_ text: String) throws -> NetworkTag {
            try #require(try NetworkTag.separate(text).tags.first)
        }
        #expect(try tag("<lora:a>").strength == 1)
        #expect(try tag("<lora:a:0.5>").textEncoderStrength == 0.5)
        #expect(try tag("<lora:a:0.5>").strength == 0.5)
        #expect(try tag("<lora:a:0.5:0.8>").strength == 0.8)
        #expect(try tag("<lora:a:0.5:0.8>").textEncoderStrength == 0.5)
        #expect(try tag("<lyco:a:unet=0.3:te=0>").strength == 0.3)
        #expect(try tag("<lyco:a:unet=0.3:te=0>").textEncoderStrength == 0)
        #expect(try tag("<hypernet:a:0.7>").strength == 0.7)
        let (text, found) = try NetworkTag.separate("a <lora:x y:-1> b<hypernet:z>")
        #expect(text == "a  b" && found.map(\.name) == ["x y", "z"] && found[0].strength == -1)
    }

    @Test(
        arguments: [
            ("<lroa:x:1>", "did you mean <lora:…>?"), ("<qqqqqqqq:1>", "there are <lora:…>"),
            ("<lora:x:strong>", "\"strong\" where a strength"), ("<lora:x:nan>", "\"nan\""),
            ("<lora: :1>", "names no file"), ("<hypernet:x:1:2>", "\"2\", which has no meaning"),
            ("<lora:x:dyn=4>", "\"dyn\", which has no meaning"), ("a (b:1.2.3)", "\"1.2.3\""),
            (String(repeating: "[", count: 600), "more than 500"),
            (String(repeating: "(", count: 499) + "(a:9999999999999999999)", "multiply beyond"),
        ])
    func whatCannotBeReadIsToldInASentence(prompt: String, words: String) throws {
        let source = try ModelSource(Fixture.url("models/tiny-sd1"))
        var settings = GenerationSettings(prompt: prompt)
        settings.promptSyntax = .a1111
        do {
            _ = try CompiledPrompts(settings, encoder: PromptEncoder(source.tokenizer))
            Issue.record("\(prompt) was read")
        } catch {
            #expect("\(error)".contains(words), "\(error)")
            #expect("\(error)".hasSuffix(".") || "\(error)".hasSuffix("?"))
        }
    }
}
