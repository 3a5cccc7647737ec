import Foundation
import Painting
import StableDiffusion
import Testing
import Torch

/// Wishes without effect are told.
@Suite struct NoticeTests {
    private func notices(
        _ prompt: String, negative: String = "", scale: Double = 7.5,
        overlays: [Overlay] = [], syntax: PromptSyntax = .plain
    ) throws -> [String] {
        var settings = smallSettings(prompt)
        settings.promptSyntax = syntax
        settings.negativePrompt = negative
        settings.guidanceScale = scale
        let pipeline = try tinyPipeline()
        try OverlayStack(over: pipeline).put(overlays)
        return try Painter(pipeline, settings, overlays: overlays).notices
    }

    @Test func nothingToTell() throws {
        #expect(try notices("a red robot", negative: "blue").isEmpty)
        #expect(try notices("(a robot), [blue]", scale: 1).isEmpty)
    }

    @Test func textsThatAreCut() throws {
        let limit = try tinyPipeline().source.tokenizer.maximumLength - 2
        let full = Array(repeating: "a", count: limit).joined(separator: " ")
        #expect(try notices(full, negative: full).isEmpty)
        let long = try notices(full + " Red robot", negative: full + " blue")
        #expect(long.count == 2)
        #expect(long[0].hasPrefix("The prompt is longer than the \(limit) tokens"))
        #expect(long[0].hasSuffix("\"red robot\""))
        #expect(long[1].hasPrefix("The negative prompt"))
        #expect(long[1].hasSuffix("\"blue\""))
        // A word of which some vectors fit and some do not is lost as a whole.
        let word = try ScratchFolder().embedding("e", token: "<e>", vectorCount: 3)
        let cut = try notices(String(full.dropLast(2)) + " <e> on the beach", overlays: [word])
        #expect(cut.count == 1 && cut[0].hasSuffix("\"<e> on the beach\""), "\(cut)")
        // However long it is, the sentence is not.
        #expect(try notices(String(repeating: "robot ", count: 5000))[0].count < 500)
    }

    @Test func guidance() throws {
        let unguided = try notices("p", negative: "blue", scale: 1)
        #expect(unguided.count == 1 && unguided[0].contains("negative prompt has no effect"))
        #expect(try notices("p", scale: 0.5) == ["A guidance scale of 0.5 counts as 1."])
    }

    @Test func overlaysWithoutEffect() throws {
        let files = try ScratchFolder()
        let embedding = try files.embedding("e", token: "<e>")
        func told(_ prompt: String, negative: String = "", scale: Double = 7.5) throws -> [String] {
            try notices(prompt, negative: negative, scale: scale, overlays: [embedding])
        }
        #expect(try told("a <e>").isEmpty)
        #expect(try told("p", negative: "<e>").isEmpty)
        #expect(try told("p")[0].hasPrefix("e.safetensors has no effect: its word \"<e>\""))
        #expect(try told("p", negative: "<e>", scale: 1).count == 2)
        let none = try notices(
            "p",
            overlays: [
                try files.lora("a", strength: 0),
                try files.lora("b", strength: 0, textEncoderStrength: 1),
                try files.hypernetwork("c", strength: 0),
            ])
        #expect(
            none == [
                "a.safetensors has no effect: its strength is 0.",
                "c.pt has no effect: its strength is 0.",
            ])
    }

    @Test func promptsInTheLanguageOfWebUIs() throws {
        func told(_ prompt: String, negative: String = "", scale: Double = 7.5) throws -> [String] {
            try notices(prompt, negative: negative, scale: scale, syntax: .a1111)
        }
        #expect(try told("a (red:1.3) [robot|house] AND the beach", negative: "[b]").isEmpty)
        #expect(try told(String(repeating: "robot ", count: 300)).isEmpty)
        #expect(try told("16:9")[0].hasPrefix("The prompt counts 9.0 times as much"))
        #expect(
            try told("a", negative: "b AND c <lora:x:1>") == [
                "AND in the negative prompt is read as a word.",
                "<lora:x:1> in the negative prompt lies over the model for both prompts.",
            ])
        #expect(
            try told("a ((red robot") == [
                "2 brackets are opened and not closed in \"a ((red robot\", and so count to its end."
            ])
        #expect(try told("a [red robot")[0].hasPrefix("1 bracket is opened"))
        for prompt in ["a <lora:robot", "a <lora:>", "<lora:a <b>"] {
            #expect(
                try told(prompt).contains { $0.contains("is read as words: a tag") }, "\(prompt)")
            #expect(try notices(prompt).contains { $0.contains("a tag has a name") }, "\(prompt)")
        }
        #expect(try told("(a BREAK b:1.2)")[0].hasPrefix("BREAK within brackets"))
        #expect(try told("(a:1.2) BREAK b").isEmpty)
        // A composition needs the negative prompt, and so do weights of all.
        #expect(try told("a AND b", negative: "c", scale: 1).isEmpty)
        #expect(try told("a", negative: "c", scale: 1).count == 1)
    }

    @Test func promptsOfWebUIs() throws {
        let found = try notices("a (red:1.3) robot <lora:robot:0.8>", negative: "<hypernet:h>")
        #expect(found.count == 3)
        #expect(found[0].hasPrefix("<lora:robot:0.8> in the prompt is read as words"))
        #expect(found[1].hasPrefix("\"(red:1.3)\" in the prompt"))
        #expect(found[2].hasPrefix("<hypernet:h> in the negative prompt"))
    }
}
