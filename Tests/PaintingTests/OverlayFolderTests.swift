import Files
import Foundation
import Imaging
import Painting
import StableDiffusion
import TestSupport
import Testing
import Torch

/// Files that prompts name.
@Suite struct OverlayFolderTests {
    private let files: ScratchFolder
    private let folders: OverlayFolders
    private let source: ModelSource

    init() throws {
        files = try ScratchFolder()
        try FileManager.default.createDirectory(
            at: files("sub"), withIntermediateDirectories: true)
        _ = try files.lora("robot")
        _ = try files.lora("sub/Style")
        _ = try files.hypernetwork("net")
        _ = try files.embedding("glow", token: "<something-else>", vectorCount: 2)
        folders = OverlayFolders(lora: files.url, embeddings: files.url, hypernetworks: files.url)
        source = try ModelSource(Fixture.url("models/tiny-sd1"))
    }

    private func overlays(
        _ prompt: String, negative: String = "", syntax: PromptSyntax = .a1111,
        in folders: OverlayFolders? = nil, besides given: [Overlay] = []
    ) throws -> [Overlay] {
        var settings = smallSettings(prompt)
        settings.negativePrompt = negative
        settings.promptSyntax = syntax
        return try (folders ?? self.folders).overlays(
            for: settings, besides: given, source: source
        ).overlays
    }

    private func refusal(_ prompt: String, in folders: OverlayFolders? = nil) -> String {
        do {
            _ = try overlays(prompt, in: folders)
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func tagsAreFilesWithStrengths() throws {
        let found = try overlays("a <lora:robot:0.5:0.8> <hypernet:net:0.7> <lyco:style>")
        #expect(
            found.map(\.file.lastPathComponent) == [
                "robot.safetensors", "net.pt", "Style.safetensors",
            ])
        #expect(found.map(\.strength) == [0.8, 0.7, 1])
        #expect(found.map(\.textEncoderStrength) == [0.5, 1, 1])
        #expect(found.allSatisfy { $0.isNamedInPrompt })
    }

    @Test func oneFileIsLaidOverOnce() throws {
        let found = try overlays("<lora:robot:0.5> a", negative: "<lora:robot:0.2> <lora:Style>")
        #expect(found.map(\.strength) == [0.7, 1])
        #expect(!found[0].isNamedInPrompt && !found[1].isNamedInPrompt)
        #expect(try overlays("<lora:robot>", syntax: .plain).isEmpty)
    }

    @Test func embeddingsAreWordsByTheirFilesNames() throws {
        #expect(try overlays("a (glow:1.2)").map(\.words) == [["glow"]])
        #expect(try overlays("a", negative: "GLOW").count == 1)
        #expect(try overlays("a glow", syntax: .plain).count == 1)
        #expect(try overlays("glows").isEmpty)
        let given = try files.embedding("given", token: "glow")
        #expect(try overlays("a glow", besides: [given]).isEmpty)
    }

    @Test func embeddingsOfOtherModelsAreToldAndLeftOut() throws {
        try TextualInversionFile.write(
            TextualInversion(token: "x", vectors: .zeros([1, 24])), to: files("wide.safetensors"))
        var settings = smallSettings("a wide glow")
        settings.promptSyntax = .a1111
        let found = try folders.overlays(for: settings, besides: [], source: source)
        #expect(found.overlays.map(\.name) == ["glow"])
        #expect(found.notices.count == 1)
        #expect(found.notices[0].hasPrefix("wide.safetensors is not used: "), "\(found.notices)")
    }

    /// The picture is the one that the same files give by themselves.
    @Test func picturesAreThoseOfTheFiles() throws {
        func latents(_ prompt: String, _ overlays: [Overlay]) throws -> Tensor {
            let pipeline = try tinyPipeline()
            try OverlayStack(over: pipeline).put(overlays)
            var settings = smallSettings(prompt)
            settings.promptSyntax = .a1111
            return try pipeline.latents(settings, seeds: [1])
        }
        let prompt = "a red robot"
        let named = try latents(
            prompt + "<lora:robot:0.5>", try overlays(prompt + "<lora:robot:0.5>"))
        let given = try latents(
            prompt, [try .lora(files("robot.safetensors"), strength: 0.5)])
        #expect(named.floats() == given.floats())
        #expect(named.floats() != (try latents(prompt, [])).floats())
    }

    @Test func theInfotextHasEachTagOnce() throws {
        let prompt = "a robot <lora:robot:0.5>"
        let overlays = try overlays(prompt) + [try files.hypernetwork("other")]
        let pipeline = try tinyPipeline()
        try OverlayStack(over: pipeline).put(overlays)
        var settings = smallSettings(prompt)
        settings.promptSyntax = .a1111
        var text = ""
        try Painter(pipeline, settings, overlays: overlays).paint(seeds: [1]) {
            text = $0.parameters.infotext
        }
        #expect(text.hasPrefix("a robot <lora:robot:0.5><hypernet:other:1>\n"), "\(text)")
        #expect(text.contains("Lora hashes: \"robot: "), "\(text)")
    }

    @Test func whatIsNotThereIsToldInASentence() throws {
        #expect(refusal("<lora:robto:1>").hasSuffix("did you mean robot?"))
        #expect(refusal("<lora:unheard-of-name>").hasSuffix("there are glow, robot, Style, net."))
        #expect(refusal("<hypernet:robot:1>").hasSuffix("there are net."))
        #expect(refusal("<lora:x>", in: OverlayFolders()).contains("say with `lora-dir`"))
        let missing = OverlayFolders(lora: files("missing"))
        #expect(refusal("a", in: missing).contains("`lora-dir`"))
        #expect(refusal("a", in: missing).hasSuffix("there is no such folder."))
    }
}
