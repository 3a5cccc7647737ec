import Foundation
import Imaging
import Testing

@Suite("Generation parameters")
struct GenerationParametersTests {
    private let full = GenerationParameters(
        prompt: "a photo of sks robot\non the beach", negativePrompt: "blurry, dark", steps: 20,
        sampler: "Euler a", scheduleType: "Karras", cfgScale: 7, seed: 965_400_086, width: 512,
        height: 640, modelHash: "45dee52b00", model: "v1-5, pruned", clipSkip: 2,
        version: "attune 1.0",
        extra: [
            .init("Lora hashes", "a: 0123456789ab, b: \"x\\\n"),
            .init("Denoising strength", "0.75"),
        ])

    @Test("The text is A1111's, keys in its order, values quoted by its rule")
    func writing() {
        #expect(
            full.infotext == """
                a photo of sks robot
                on the beach
                Negative prompt: blurry, dark
                Steps: 20, Sampler: Euler a, Schedule type: Karras, CFG scale: 7, \
                Seed: 965400086, Size: 512x640, Model hash: 45dee52b00, \
                Model: "v1-5, pruned", Denoising strength: 0.75, Clip skip: 2, \
                Lora hashes: "a: 0123456789ab, b: \\"x\\\\\\n", Version: attune 1.0
                """)
        let small = GenerationParameters(
            prompt: "cat", steps: 5, sampler: "DDIM", cfgScale: 7.5, seed: 1, clipSkip: 1)
        #expect(small.infotext == "cat\nSteps: 5, Sampler: DDIM, CFG scale: 7.5, Seed: 1")
    }

    @Test("What is written is read back")
    func roundTrip() {
        var read = GenerationParameters(infotext: full.infotext)
        // The order of writing is A1111's; compare without it.
        read.extra.sort { $0.key > $1.key }
        #expect(read == full)
    }

    @Test("Whatever was read is written so that it is read back as the same")
    func anyRoundTrip() {
        let pieces = [
            "Steps: 20", "Steps: many", "Seed: 5", "Seed: -1", "Size: 64x32", "Size: 4x",
            "Clip skip: 1",
            "Clip skip: 2", "CFG scale: 7.50", "CFG scale: nan", "CFG scale: 1e400", "Model: ",
            "Tiling: Tiling", "Version: a ", "Sampler: \"\"", "Model: \"half", "Model: \" x\"",
            "VAE: \"\\\"q\\\"\"", "Denoising strength: 0.5", "Lora hashes: \"a: 1, b: 2\"", ", ",
            ", ",
            ", ", "\n", "\n", "Negative prompt: ", "a robot", " ", "<lora:r:0.8>", "\u{2028}", ":",
            "\"",
        ]
        var state: UInt64 = 7
        func draw(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % count
        }
        for _ in 0..<20_000 {
            let text = (0..<draw(14)).map { _ in pieces[draw(pieces.count)] }.joined()
            let read = GenerationParameters(infotext: text)
            let again = GenerationParameters(infotext: read.infotext)
            #expect(again == read, "\(text.debugDescription)\n\(read.infotext.debugDescription)")
            if again != read { return }
        }
    }

    @Test("The last mention of a key counts, and the first is kept")
    func mentionedTwice() {
        let read = GenerationParameters(infotext: "x\nSteps: 1, Seed: 2, Steps: 3, Model: m")
        #expect(read.steps == 3 && read.extra == [.init("Steps", "1")])
    }

    @Test("A last line with fewer than three settings belongs to the prompt")
    func promptOnly() {
        let read = GenerationParameters(infotext: "a robot\nstyle: photo, mood: calm")
        #expect(read == GenerationParameters(prompt: "a robot\nstyle: photo, mood: calm"))
        #expect(GenerationParameters(infotext: "") == GenerationParameters(prompt: ""))
    }

    @Test("Values of another kind are kept as they are")
    func strange() {
        let read = GenerationParameters(
            infotext: "x\nSteps: many, Seed: -1, Size: big, CFG scale: 7.5")
        #expect(read.steps == nil && read.seed == nil && read.width == nil)
        #expect(read.cfgScale == 7.5)
        #expect(read.extra.map(\.value) == ["many", "-1", "big"])
    }

    /// A reader whose time grows with the square of the length would be at it for hours; the limit
    /// is there to end such a run, and no machine is slow enough to meet it otherwise.
    @Test("A long hostile line takes no longer than its length", .timeLimit(.minutes(10)))
    func hostile() {
        for piece in ["a", "-", "a ", " ", "aa:\"", "aa:\"\\", ":", "\t"] {
            let line = String(repeating: piece, count: 500_000)
            _ = GenerationParameters(infotext: line)
        }
    }

    private struct Case: Decodable {
        let line: String
        let matches: [[String]]
    }

    @Test("Settings are found as the web UI's regular expression finds them")
    func settings() throws {
        let data = try Data(contentsOf: Fixtures.url("settings.json"))
        for example in try JSONDecoder().decode([Case].self, from: data) {
            let found = GenerationParameters.settings(in: example.line)
            #expect(found.map(\.key) == example.matches.map { $0[0] }, "\(example.line)")
            // The reference keeps the quotes; they are gone here.
            let values = example.matches.map { match in
                let value = match[1]
                let inner = try? JSONDecoder().decode(String.self, from: Data(value.utf8))
                return value.hasPrefix("\"") ? inner ?? value : value
            }
            #expect(found.map(\.value) == values, "\(example.line)")
        }
    }
}
