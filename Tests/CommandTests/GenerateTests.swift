import Foundation
import Imaging
import TestSupport
import Testing

/// `attune generate` with a tiny model.
@Suite struct GenerateTests {
    private let model = Fixture.url("models/tiny-sd1").path

    private func generate(_ options: [String], in scratch: Scratch) throws {
        let outcome = try Command.run(
            ["generate", "--model", model, "--prompt", "a red robot", "--steps", "3"] + options,
            in: scratch.url)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.isEmpty)
    }

    @Test func numberedPicturesWithTheirSettings() throws {
        let scratch = try Scratch()
        let options = [
            "--count", "3", "--batch-size", "2", "--seed", "5", "--sampler", "Euler a", "--output",
        ]
        try generate(options + ["pictures"], in: scratch)
        let names = ["00000-5.png", "00001-6.png", "00002-7.png"]
        #expect(
            try scratch.listing()
                == Set(
                    (names + ["grid-0000.png", "manifest-0000.jsonl"]).map { "pictures/" + $0 }
                        + ["pictures"]))
        for (name, seed) in zip(names, [5, 6, 7]) {
            let text = try #require(
                try PNGText.value("parameters", of: scratch("pictures/\(name)")))
            for part in [
                "a red robot", "Steps: 3", "Sampler: Euler a", "Seed: \(seed)", "Size: 64x64",
                "Model: tiny-sd1", "CFG scale: 7.5",
            ] {
                #expect(text.contains(part), "no \"\(part)\" in \(text)")
            }
        }

        // The numbers go on after those that are there.
        try generate(options + ["pictures"], in: scratch)
        for name in ["00003-5.png", "00004-6.png", "00005-7.png"] {
            #expect(try scratch.listing().contains("pictures/\(name)"))
        }
        #expect(
            try pixels(scratch("pictures/00003-5.png")) == pixels(scratch("pictures/00000-5.png")))
    }

    @Test(arguments: ["Euler a", "ddim"]) func batchSizeChangesNoPicture(sampler: String) throws {
        let scratch = try Scratch()
        for size in [1, 2, 3] {
            try generate(
                [
                    "--count", "3", "--batch-size", "\(size)", "--seed", "5", "--sampler", sampler,
                    "--output", "by-\(size)",
                ], in: scratch)
        }
        for name in ["00000-5.png", "00001-6.png", "00002-7.png"] {
            let alone = try pixels(scratch("by-1/\(name)"))
            for size in [2, 3] {
                let together = try pixels(scratch("by-\(size)/\(name)"))
                let apart = zip(alone, together).map { abs(Int($0) - Int($1)) }
                #expect(apart.max() ?? 255 <= 1, "\(name) in batches of \(size)")
            }
        }
        #expect(try pixels(scratch("by-1/00000-5.png")) != pixels(scratch("by-1/00001-6.png")))
    }

    @Test func underscoresAndSizes() throws {
        let scratch = try Scratch()
        try generate(
            [
                "--batch_size", "1", "--guidance_scale=3", "--negative_prompt", "blue",
                "--clip_skip",
                "2", "--width", "96", "--height", "32", "--seed", "1", "--output", "out",
            ], in: scratch)
        let picture = try PhotoReader.read(scratch("out/00000-1.png"))
        #expect((picture.width, picture.height) == (96, 32))
        let text = try #require(try PNGText.value("parameters", of: scratch("out/00000-1.png")))
        for part in ["Negative prompt: blue", "CFG scale: 3", "Clip skip: 2", "Size: 96x32"] {
            #expect(text.contains(part), "no \"\(part)\" in \(text)")
        }
    }

    @Test func whatIsForAGPUIsTold() throws {
        let scratch = try Scratch()
        let run = try Command.run(
            [
                "generate", "--model", model, "--prompt", "p", "--steps", "1", "--output", "out",
                "--device", "cpu", "--offload", "lowvram", "--device-memory-limit", "8GB",
            ], in: scratch.url)
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.output.contains("--offload sequential has no effect on a processor"))
    }

    @Test func drawnSeedIsPrinted() throws {
        let scratch = try Scratch()
        let outcome = try Command.run(
            [
                "generate", "--model", model, "--prompt", "p", "--steps", "1", "--output", "out",
                "--precision", "bf16",
            ], in: scratch.url)
        #expect(outcome.status == 0, "\(outcome.errors)")
        // Of a processor that is slow in bf16 that is said first.
        let lines = outcome.output.split(separator: "\n")
        let line = try #require(lines.first { $0.hasPrefix("Seed ") })
        let seed = try #require(line.split(separator: " ").last.flatMap { UInt64($0) })
        #expect(line == "Seed \(seed)")
        #expect(try scratch.listing().contains("out/00000-\(seed).png"))
    }

    /// As in the web UIs, and in either spelling.
    @Test(arguments: [["--seed", "-1"], ["--seed=-1"]])
    func minusOneIsRandom(seed: [String]) throws {
        let scratch = try Scratch()
        let outcome = try Command.run(
            [
                "generate", "--model", model, "--prompt", "p", "--steps", "1", "--output", "out",
                "--guidance-scale", "0.5", "--negative-prompt", "q",
            ] + seed, in: scratch.url)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = outcome.output.split(separator: "\n")
        let line = try #require(lines.first { $0.hasPrefix("Seed ") })
        let picture = scratch("out/00000-\(line.dropFirst(5)).png")
        let text = try #require(try PNGText.value("parameters", of: picture))
        #expect(text.contains("Seed: \(line.dropFirst(5)),"))
        #expect(text.contains("RNG: CPU, Version: Attune "))
        // What has no effect is told.
        #expect(outcome.output.contains("The negative prompt has no effect"))
        #expect(outcome.output.contains("A guidance scale of 0.5 counts as 1."))
        #expect(try scratch.listing().count == 2, "one picture needs no sheet")
    }

    /// Pictures that would be black are told, and not written.
    @Test func notFinite() throws {
        let scratch = try Scratch()
        let outcome = try Command.run(
            [
                "generate", "--model", model, "--prompt", "p", "--steps", "1", "--output", "out",
                "--guidance-scale", "1e38", "--seed", "5", "--precision", "fp32",
            ], in: scratch.url)
        #expect(outcome.status != 0 && outcome.isOrderly)
        expectOneSentence(outcome.errors, naming: ["seed 5", "not finite in fp32", "1e+38"])
        #expect(!outcome.errors.contains("precision fp32"))
        #expect(try scratch.listing() == ["out"])
    }

    private func pixels(_ url: URL) throws -> [UInt8] { try PhotoReader.read(url).pixels }
}
