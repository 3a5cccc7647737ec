import Foundation
import Imaging
import TestSupport
import Testing

/// Prompts as a person types them, and as a page reads them.
@Suite struct PromptCommandTests {
    private let model = Fixture.url("models/tiny-sd1").path

    private func generate(_ options: [String], in scratch: Scratch) throws -> Command.Outcome {
        try Command.run(
            ["generate", "--model", model, "--steps", "2", "--seed", "5"] + options,
            in: scratch.url)
    }

    private func inspect(_ options: [String]) throws -> [String: Any] {
        let scratch = try Scratch()
        let outcome = try Command.run(
            ["inspect", "prompt", "--model", model] + options, in: scratch.url)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let value = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
        return try #require(value as? [String: Any])
    }

    @Test func theProgramIsJSON() throws {
        let found = try inspect([
            "a (red:1.5) [robot:house:.5] AND b :0.5<lora:x:0.7>", "--steps", "8",
        ])
        #expect(found["syntax"] as? String == "a1111")
        #expect(found["steps"] as? Int == 8)
        let schedule = try #require(found["schedule"] as? [[String: Any]])
        #expect(schedule.map { $0["until"] as? Int } == [4, 8])
        let texts = try #require(schedule[0]["texts"] as? [[String: Any]])
        #expect(texts.map { $0["weight"] as? Double } == [1, 0.5])
        let segments = try #require(texts[0]["segments"] as? [[Any]])
        #expect(segments.map { $0[0] as? String } == ["a ", "red", " robot"])
        #expect(segments.map { $0[1] as? Double } == [1, 1.5, 1])
        let chunks = try #require(texts[0]["chunks"] as? [[Int]])
        #expect(chunks.map(\.count) == [77])
        // Behind the start and the tokens stands the end.
        #expect(texts[0]["tokenCount"] as? Int == chunks[0].firstIndex(of: 599).map { $0 - 1 })
        let networks = try #require(found["networks"] as? [[String: Any]])
        #expect(networks.map { $0["name"] as? String } == ["x"])
        #expect(networks[0]["strength"] as? Double == 0.7)
    }

    @Test func plainTextsAndNegativePrompts() throws {
        let plain = try inspect([String(repeating: "the ", count: 80)])
        #expect(plain["syntax"] as? String == "plain")
        #expect(plain["unread"] as? String == "the the the the the")
        let negative = try inspect(["--negative", "a AND b", "--prompt-syntax", "a1111"])
        let schedule = try #require(negative["schedule"] as? [[String: Any]])
        #expect((schedule[0]["texts"] as? [Any])?.count == 1)
    }

    @Test func tagsLayFilesOver() throws {
        let scratch = try Scratch()
        try FileManager.default.createDirectory(
            at: scratch("loras"), withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            at: Fixture.url("adapters/locon.safetensors"), to: scratch("loras/robot.safetensors"))
        let named = try generate(
            ["--prompt", "a red robot<lora:robot:0.5>", "--lora-dir", "loras"], in: scratch)
        #expect(named.status == 0, "\(named.errors)")
        #expect(named.output.contains("Laid over the model as the prompt asks: robot.safetensors"))
        #expect(named.output.contains("--prompt-syntax plain"))
        let given = try generate(
            ["--prompt", "a red robot", "--lora", "loras/robot.safetensors:0.5"], in: scratch)
        #expect(given.status == 0)
        let texts = try ["outputs/00000-5.png", "outputs/00001-5.png"].map {
            try #require(try PNGText.value("parameters", of: scratch($0)))
        }
        #expect(texts[0] == texts[1])
        let pictures = try ["outputs/00000-5.png", "outputs/00001-5.png"].map {
            try PhotoReader.read(scratch($0)).pixels
        }
        #expect(pictures[0] == pictures[1])
    }

    @Test(
        arguments: [
            (["--prompt", "a <lora:robot:1>"], "--lora-dir"),
            (["--prompt", "a <lroa:robot:1>"], "did you mean <lora:…>?"),
            (["--prompt", "a (b:1.2.3)"], "\"1.2.3\""),
            (["--prompt", "a", "--lora-dir", "nowhere"], "nowhere: there is no such folder."),
            (["--prompt", "a", "--prompt-syntax", "comfy"], "'a1111' and 'plain'"),
        ])
    func mistakesAreOneSentence(options: [String], words: String) throws {
        let scratch = try Scratch()
        let outcome = try generate(options, in: scratch)
        #expect(outcome.status != 0 && outcome.isOrderly)
        #expect(outcome.errors.contains(words), "\(outcome.errors)")
        #expect(try scratch.listing().isEmpty)
    }
}
