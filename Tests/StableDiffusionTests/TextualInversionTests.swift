import Foundation
import StableDiffusion
import TestSupport
import Testing
import Torch

/// Learned vectors in prompts, against diffusers' way of adding rows to the token table.
@Suite struct TextualInversionTests {
    static let models = ["tiny-sd1", "tiny-sd2"]

    private func source(_ model: String) throws -> ModelSource {
        try ModelSource(Fixture.url("models/\(model)"))
    }

    private func embeddings(_ fixture: SafetensorsFile) throws -> [TextualInversion] {
        try ["one", "three"].map { name in
            TextualInversion(token: "<\(name)>", vectors: try fixture.require("vectors.\(name)"))
        }
    }

    private func prompts() throws -> [String] {
        let data = try Data(contentsOf: Fixture.url("textual-inversion/prompts.json"))
        return try JSONDecoder().decode([String].self, from: data)
    }

    @Test(arguments: models)
    func placesMatchReference(model: String) throws {
        let tokenizer = try source(model).tokenizer
        let fixture = try Fixture.file("textual-inversion/\(model).safetensors")
        let encoder = PromptEncoder(tokenizer, embeddings: try embeddings(fixture))
        let expected = try fixture.require("ids").integers()
        for (index, prompt) in try prompts().enumerated() {
            let reference = expected[(index * 77)..<(index * 77 + 77)]
            let found = encoder.encode(prompt)
            let count = tokenizer.vocabularyCount
            #expect(found.rows == reference.map { $0 >= count ? $0 - count : -1 }, "\(prompt)")
            for (place, id) in zip(found.ids, reference) where id < count {
                #expect(place == id, "\(prompt)")
            }
        }
    }

    @Test(arguments: models)
    func outputsAndGradientsMatchReference(model: String) throws {
        let source = try source(model)
        let fixture = try Fixture.file("textual-inversion/\(model).safetensors")
        let embeddings = try embeddings(fixture)
        for embedding in embeddings { embedding.vectors.requiresGradient = true }
        let prompts = Array(try prompts().prefix(3))
        let (ids, learned) = PromptEncoder(source.tokenizer, embeddings: embeddings).batch(prompts)
        let output = try source.textEncoder()(ids, learned: learned)
        let states = Distance(output.detached(), try fixture.require("output"))
        #expect(states.isWithin(absolute: 1e-5, relative: 1e-5), "\(states)")
        let cotangent = Tensor.arange(output.count).sin().reshaped(output.shape)
        (output * cotangent).sum().backward()
        for (embedding, name) in zip(embeddings, ["one", "three"]) {
            let gradient = try #require(embedding.vectors.gradient)
            let distance = Distance(gradient, try fixture.require("grad.\(name)"))
            #expect(distance.relative < 1e-5, "\(name): \(distance)")
        }
    }

    /// The frozen table gets nothing: only the vectors are trained.
    @Test func tokenTableHasNoGradient() throws {
        let source = try source("tiny-sd1")
        let encoder = try source.textEncoder()
        let vectors = Tensor.randn([2, 32], generator: Generator(seed: 1))
        vectors.requiresGradient = true
        let embedding = TextualInversion(token: "<it>", vectors: vectors)
        let (ids, learned) = PromptEncoder(source.tokenizer, embeddings: [embedding])
            .batch(["a <it> dog", "a dog"])
        encoder(ids, learned: learned).squared().sum().backward()
        #expect(encoder.tokenTable.gradient == nil)
        #expect(try #require(vectors.gradient).abs().maximum().item() > 0)
    }

    @Test(arguments: models)
    func promptsWithoutTokensStayBitIdentical(model: String) throws {
        let pipeline = try Pipeline(source(model))
        let prompts = ["a photo of a red robot on the beach", "the house, <One>"]
        let before = withoutGradients { pipeline.encode(prompts) }
        let fixture = try Fixture.file("textual-inversion/\(model).safetensors")
        pipeline.embeddings = try embeddings(fixture)
        let after = withoutGradients { pipeline.encode(prompts) }
        #expect(before.rawBytes() == after.rawBytes())
        let encoder = PromptEncoder(pipeline.source.tokenizer, embeddings: pipeline.embeddings)
        #expect(encoder.batch(prompts).learned == nil)
        for prompt in prompts {
            #expect(encoder.encode(prompt).ids == pipeline.source.tokenizer.tokenIDs(prompt))
        }
        let other = withoutGradients { pipeline.encode(["a photo of <one>", prompts[1]]) }
        #expect(other.selected(0, 0).rawBytes() != after.selected(0, 0).rawBytes())
        #expect(other.selected(0, 1).rawBytes() == after.selected(0, 1).rawBytes())
    }

    /// Vectors that are copies of token embeddings say what these tokens say.
    @Test func copiesOfWordsSayTheSame() throws {
        let pipeline = try Pipeline(source("tiny-sd1"))
        let words = "red robot"
        let count = pipeline.source.tokenizer.encode(words).count
        let (embedding, notice) = try TextualInversion.initialized(
            "<mine>", from: words, vectorCount: count, textEncoder: pipeline.textEncoder,
            tokenizer: pipeline.source.tokenizer, generator: Generator(seed: 1))
        #expect(notice == nil)
        pipeline.embeddings = [embedding]
        let (found, expected) = withoutGradients {
            (
                pipeline.encode(["a photo of <mine>, at night"], clipSkip: 2),
                pipeline.encode(["a photo of red robot , at night"], clipSkip: 2)
            )
        }
        #expect(found.rawBytes() == expected.rawBytes())
    }

    @Test(arguments: [
        ("sks", ["sks"]), ("a sks dog", ["sks"]), ("(sks:1.2),", ["sks"]), ("sks's", ["sks"]),
        ("sks-like", ["sks"]), ("sksdog", []), ("dogsks", []), ("sks2", []), ("sks_1", []),
        ("Sks", []), ("sks e\u{301}t\u{e9}", ["sks"]), ("sks\u{301}", []), ("猫sks", ["sks"]),
        ("a<x>b", ["<x>"]), ("<x>-style", ["<x>-style"]), ("<x>-styled", ["<x>"]),
        ("<x><x>-style sks", ["sks", "<x>", "<x>-style"]), ("", []), ("big cat", ["big cat"]),
        ("big cats", []),
    ])
    func tokensAreWholeWordsAndTheLongest(text: String, expected: [String]) throws {
        let embeddings = ["sks", "<x>", "<x>-style", "big cat"].map {
            TextualInversion(token: $0, vectors: .zeros([1, 32]))
        }
        let encoder = PromptEncoder(try source("tiny-sd1").tokenizer, embeddings: embeddings)
        #expect(encoder.tokens(in: text) == expected)
        #expect(encoder.encode(text).rows.contains { $0 >= 0 } == !expected.isEmpty)
    }

    @Test func longEmbeddingsAreCutAtTheEnd() throws {
        let tokenizer = try source("tiny-sd1").tokenizer
        let embedding = TextualInversion(token: "<long>", vectors: .zeros([75, 32]))
        let encoder = PromptEncoder(tokenizer, embeddings: [embedding])
        #expect(encoder.encode("<long>").rows == [-1] + Array(0..<75) + [-1])
        let cut = encoder.encode("<|startoftext|><|startoftext|><long>")
        #expect(cut.rows == [-1, -1, -1] + Array(0..<73) + [-1])
        #expect(cut.ids.last == tokenizer.endID)
        #expect(cut.ids.count == 77)
    }

    @Test func initializersRepeatOrAreCut() throws {
        let source = try source("tiny-sd1")
        let encoder = try source.textEncoder()
        func make(_ words: String?, _ count: Int) throws -> (TextualInversion, String?) {
            try TextualInversion.initialized(
                "<it>", from: words, vectorCount: count, textEncoder: encoder,
                tokenizer: source.tokenizer, generator: Generator(seed: 3))
        }
        let ids = source.tokenizer.encode("a photo")
        #expect(ids.count == 2)
        func rows(_ ids: [Int]) -> [UInt8] {
            encoder.tokenTable.gathered(0, at: Tensor(ids)).rawBytes()
        }
        let (longer, repeats) = try make("a photo", 3)
        #expect(longer.vectors.rawBytes() == rows([ids[0], ids[1], ids[0]]))
        #expect(
            repeats
                == "The initializer \"a photo\" has 2 tokens for 3 vectors: the vectors repeat them."
        )
        let (shorter, cut) = try make("a photo", 1)
        #expect(shorter.vectors.rawBytes() == rows([ids[0]]))
        #expect(
            cut
                == "The initializer \"a photo\" has 2 tokens for 1 vector: only the first is used.")
        let (random, none) = try make("*", 40)
        #expect(none == nil)
        #expect(try make(nil, 40).0.vectors.rawBytes() == random.vectors.rawBytes())
        // 1280 draws: their deviation is the table's within a few per cent.
        let deviation = random.vectors.variance([0]).squareRoot().mean().item()
        let expected = encoder.tokenTable.variance([0]).squareRoot().mean().item()
        #expect(abs(deviation / expected - 1) < 0.1)
        // A leaf of its own: training it leaves the table alone.
        let before = encoder.tokenTable.rawBytes()
        longer.vectors.fill(with: 9)
        #expect(encoder.tokenTable.rawBytes() == before)
    }

    @Test func mistakesAreNamed() throws {
        let source = try source("tiny-sd1")
        let encoder = try source.textEncoder()
        func make(_ token: String, _ words: String?, _ count: Int = 1) throws {
            _ = try TextualInversion.initialized(
                token, from: words, vectorCount: count, textEncoder: encoder,
                tokenizer: source.tokenizer, generator: Generator(seed: 3))
        }
        #expect(throws: TextualInversionError.existingPlaceholder("photo")) {
            try make("photo", "a")
        }
        #expect(throws: TextualInversionError.existingPlaceholder("Photo")) {
            try make("Photo", "a")
        }
        #expect(throws: TextualInversionError.unusablePlaceholder(" ")) { try make(" ", "a") }
        #expect(throws: TextualInversionError.emptyInitializer(" \t")) { try make("<a>", " \t") }
        #expect(throws: TextualInversionError.unknownInitializer("a<|endoftext|>")) {
            try make("<a>", "a<|endoftext|>")
        }
        for count in [0, 76] {
            #expect(throws: TextualInversionError.vectorCount("<a>", count, limit: 75)) {
                try make("<a>", "a", count)
            }
        }
    }

    @Test func embeddingsOfOtherModelsAreRefused() throws {
        let source = try source("tiny-sd1")
        func check(_ tokens: [String], _ shape: [Int]) throws {
            try TextualInversion.validate(
                tokens.map { TextualInversion(token: $0, vectors: .zeros(shape)) }, for: source)
        }
        try check(["a", "b"], [75, 32])
        #expect(throws: TextualInversionError.duplicateToken("a")) {
            try check(["a", "a"], [1, 32])
        }
        #expect(throws: TextualInversionError.vectorCount("a", 76, limit: 75)) {
            try check(["a"], [76, 32])
        }
        for (width, family) in [
            (768, "Stable Diffusion 1.x"), (1024, "Stable Diffusion 2.x"), (1280, "SDXL"),
            (2048, "SDXL"), (40, "a model whose text is 40 wide"),
        ] {
            let error = #expect(throws: TextualInversionError.self) {
                try check(["a"], [1, width])
            }
            #expect(error?.description.contains("made for \(family) (\(width) wide)") == true)
            #expect(error?.description.contains("tiny-sd1 is 32 wide") == true)
        }
    }
}
