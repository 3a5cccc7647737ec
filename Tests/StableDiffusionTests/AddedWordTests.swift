import Foundation
import StableDiffusion
import TestSupport
import Testing
import Torch

/// Words that a model folder's own tokenizer has, as diffusers saves what textual inversion loaded.
@Suite struct AddedWordTests {
    private struct Case: Decodable {
        let text: String
        let ids: [Int]
    }

    private final class Scratch {
        let url = FileManager.default.temporaryDirectory.appending(
            path: "words-\(UUID().uuidString)")

        init() throws {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        }

        deinit { try? FileManager.default.removeItem(at: url) }
    }

    private static let table = "text_model.embeddings.token_embedding.weight"

    /// tiny-sd1 with the words of the fixture, and a row of the table for each of their vectors.
    private func model(in scratch: Scratch, extraRows: Int = 0) throws -> URL {
        let model = scratch.url.appending(path: "model")
        try FileManager.default.copyItem(at: Fixture.url("models/tiny-sd1"), to: model)
        for name in ["tokenizer_config.json", "added_tokens.json", "special_tokens_map.json"] {
            let target = model.appending(path: "tokenizer/\(name)")
            try? FileManager.default.removeItem(at: target)
            try FileManager.default.copyItem(
                at: Fixture.url("text/added-words/\(name)"), to: target)
        }
        let configuration = model.appending(path: "text_encoder/config.json")
        let parsed = try JSONSerialization.jsonObject(with: Data(contentsOf: configuration))
        var object = try #require(parsed as? [String: Any])
        object["vocab_size"] = 607 + extraRows
        try JSONSerialization.data(withJSONObject: object).write(to: configuration)
        let weights = model.appending(path: "text_encoder/model.safetensors")
        let file = try SafetensorsFile(weights)
        let rows = Tensor.randn([7 + extraRows, 32], generator: Generator(seed: 4))
        let table = Tensor.concatenating([try file.require(Self.table), rows])
        try SafetensorsWriter.write(
            try file.keys.map { ($0, $0 == Self.table ? table : try file.require($0)) }, to: weights
        )
        return model
    }

    @Test func promptsAreThoseOfTheReference() throws {
        let scratch = try Scratch()
        let tokenizer = try ModelSource(model(in: scratch)).tokenizer
        let cases = try JSONDecoder().decode(
            [Case].self, from: Data(contentsOf: Fixture.url("text/added-words/prompts.json")))
        #expect(cases.count == 12)
        for item in cases {
            #expect(PromptEncoder(tokenizer).encode(item.text).ids == item.ids, "\(item.text)")
        }
        #expect(
            tokenizer.addedWords.map(\.word) == ["<robot>", "cat-toy", "<one>", "<two>"]
                && tokenizer.addedWords.map(\.ids) == [[600, 601, 602], [603], [604], [605, 606]])
        // Written out by a person: not once more.
        let written = PromptEncoder(tokenizer).encode("<robot> <robot>_1 <robot>_2 beach").ids
        #expect(written.prefix(5) == [598, 600, 601, 602, 537])
    }

    /// A single file has the rows that its readers know, and the words are kept beside it: with
    /// them laid over, it paints what the folder paints.
    @Test(arguments: [0, 5]) func singleFileKeepsTheWordsBeside(extraRows: Int) throws {
        let scratch = try Scratch()
        let folder = try ModelSource(model(in: scratch, extraRows: extraRows))
        let output = scratch.url.appending(path: "out.safetensors")
        let words = try SingleFileWriter.write(to: output, source: folder)
        #expect(
            words.map(\.lastPathComponent) == [
                "out-robot.safetensors", "out-cat-toy.safetensors", "out-one.safetensors",
                "out-two.safetensors",
            ])
        let key = "cond_stage_model.transformer." + Self.table
        #expect(try SafetensorsFile(output).shape(of: key) == [600, 32])
        let single = try Pipeline(
            ModelSource(output, configuration: Fixture.url("models/tiny-sd1")))
        single.embeddings = try words.map { try TextualInversionFile($0).embedding }
        #expect(single.embeddings.map(\.token) == ["<robot>", "cat-toy", "<one>", "<two>"])
        #expect(single.embeddings.map(\.vectorCount) == [3, 1, 1, 2])
        let own = try Pipeline(folder)
        for prompt in ["a photo of <robot> on the beach", "<two> and a cat-toy"] {
            #expect(
                single.encode([prompt]).floats() == own.encode([prompt]).floats(), "\(prompt)")
        }
    }

    @Test func aModelWithoutWordsHasNoFilesBeside() throws {
        let scratch = try Scratch()
        let output = scratch.url.appending(path: "out.safetensors")
        let source = try ModelSource(Fixture.url("models/tiny-sd1"))
        #expect(try SingleFileWriter.write(to: output, source: source).isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path).count == 1)
    }

    @Test(arguments: ["5000000", "607"])
    func aTokenWithoutARowIsRefused(number: String) throws {
        let scratch = try Scratch()
        let model = try model(in: scratch)
        let url = model.appending(path: "tokenizer/tokenizer_config.json")
        let text = try String(contentsOf: url, encoding: .utf8)
        try text.replacing("\"604\"", with: "\"\(number)\"").write(
            to: url, atomically: true, encoding: .utf8)
        let error = #expect(throws: ModelError.self) { try ModelSource(model) }
        #expect(error?.description.contains("token of the number \(number)") == true)
    }

    @Test(arguments: ["bos_token", "eos_token", "unk_token", "pad_token"])
    func emptyRolesAreRefused(role: String) throws {
        let scratch = try Scratch()
        let model = scratch.url.appending(path: "model")
        try FileManager.default.copyItem(at: Fixture.url("models/tiny-sd1"), to: model)
        for name in ["tokenizer_config.json", "special_tokens_map.json"] {
            let url = model.appending(path: "tokenizer/\(name)")
            let parsed = try JSONSerialization.jsonObject(with: Data(contentsOf: url))
            var object = try #require(parsed as? [String: Any])
            object[role] = ""
            try JSONSerialization.data(withJSONObject: object).write(to: url)
        }
        #expect(throws: TokenizerError.self) { try ModelSource(model) }
    }
}
