import Foundation
import Imaging
import Painting
import StableDiffusion
import TestSupport
import Testing
import Torch

/// What the texts in pictures say of how these were made.
@Suite struct InfotextTests {
    private func parameters(
        _ settings: GenerationSettings = smallSettings(), overlays: [Overlay] = []
    ) throws -> GenerationParameters {
        let pipeline = try tinyPipeline()
        try OverlayStack(over: pipeline).put(overlays)
        var found: GenerationParameters?
        try Painter(pipeline, settings, modelHash: "0123456789", overlays: overlays)
            .paint(seeds: [5]) { found = $0.parameters }
        return try #require(found)
    }

    @Test func overlaysAreSpelledAsA1111SpellsThem() throws {
        let files = try ScratchFolder()
        let overlays = [
            try files.lora("robot: a, <b>", strength: 0.8),
            try files.lora("style", strength: 0.5, textEncoderStrength: 0),
            try files.hypernetwork("h"), try files.embedding("e", token: "<e>"),
            try files.embedding("f", token: "<f>"),
        ]
        let found = try parameters(smallSettings("a red <e> robot"), overlays: overlays)
        let text = found.infotext
        #expect(
            text.hasPrefix(
                "a red <e> robot<lora:robot a b:0.8><lora:style:0:0.5><hypernet:h:1>\nSteps: 1, "
                    + "Sampler: Euler, CFG scale: 7.5, Seed: 5, Size: 8x8, Model hash: "
                    + "0123456789, Model: tiny-sd1, RNG: CPU, "), "\(text)")
        let hash = overlays.map(\.hash)
        #expect(
            text.contains(
                "Lora hashes: \"robot a b: \(hash[0]), style: \(hash[1])\", TI hashes: "
                    + "\"e: \(hash[3])\", Hypernet hashes: \"h: \(hash[2])\", Version: Attune "),
            "\(text)")
        #expect(GenerationParameters(infotext: text) == found)
    }

    @Test func syntaxIsToldWhereWebUIsWouldReadMore() throws {
        var settings = smallSettings("a (red:1.3) robot")
        #expect(try parameters(settings).infotext.contains("Prompt syntax: plain"))
        settings.promptSyntax = .a1111
        #expect(!(try parameters(settings).infotext.contains("Prompt syntax")))
        #expect(!(try parameters().infotext.contains("Prompt syntax")))
    }

    @Test(
        arguments: [
            ("Euler", "Euler", nil), ("Euler Karras", "Euler", "Karras"),
            ("DPM++ 2M", "DPM++ 2M", "Uniform"), ("DPM++ 2M Karras", "DPM++ 2M", "Karras"),
            ("DPM++ 2M SDE SGM Uniform", "DPM++ 2M SDE", "SGM Uniform"),
            ("euler_ancestral", "Euler a", nil), ("PLMS", "PLMS", nil),
        ] as [(String, String, String?)])
    func schedules(name: String, sampler: String, schedule: String?) throws {
        var settings = smallSettings()
        settings.stepCount = 2
        (settings.sampler, settings.schedule) = try SamplerKind.withSchedule(named: name)
        let found = try parameters(settings)
        #expect(found.sampler == sampler && found.scheduleType == schedule)
    }

    /// The sheet has the text of its first picture.
    @Test func sheets() throws {
        let (folder, files) = (try ScratchFolder(), try ScratchFolder())
        let lora = try files.lora("robot")
        try tinyRun(smallList(2), in: folder, given: [lora]).paint()
        let sheet = try PNGText.value("parameters", of: folder("grid-0000.png"))
        #expect(sheet == (try PNGText.value("parameters", of: folder("00000-5.png"))))
        #expect(sheet?.contains("<lora:robot:1>") == true)
        #expect(sheet?.contains("Lora hashes: \"robot: \(lora.hash)\"") == true)
    }
}
