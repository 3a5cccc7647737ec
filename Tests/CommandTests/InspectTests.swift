import Foundation
import Imaging
import TestSupport
import Testing
import Torch

/// What `attune inspect` says of files.
@Suite struct InspectTests {
    private func inspect(_ name: String, in scratch: Scratch) throws -> Command.Outcome {
        try Command.run(["inspect", name], in: scratch.url)
    }

    /// The lines of the list, by their labels.
    private func facts(_ name: String, in scratch: Scratch) throws -> [String: String] {
        let outcome = try inspect(name, in: scratch)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = outcome.output.split(separator: "\n").map { line in
            let parts = line.split(separator: "  ", maxSplits: 1)
            return (String(parts[0]), parts.count > 1 ? parts[1].drop { $0 == " " } + "" : "")
        }
        return Dictionary(lines) { $1 }.mapValues { String($0) }
    }

    @Test(arguments: [
        ("version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer", "git lfs pull"),
        ("<!DOCTYPE html>\n<html>", "web page", "download"),
        ("GGUF\u{3}", "GGUF file", "safetensors"),
        ("{\"a\": 1}", "JSON text", ""), ("some words", "text", ""), ("", "an empty file", "fetch"),
        ("PK\u{3}\u{4}", "zip archive", ""), ("\u{7F}ELF\u{2}", "program", ""),
    ])
    func filesOfOtherKindsAreNamed(contents: String, kind: String, note: String) throws {
        let scratch = try Scratch()
        try Data(contents.utf8).write(to: scratch("model.safetensors"))
        let facts = try facts("model.safetensors", in: scratch)
        #expect(facts["Kind"]?.contains(kind) == true, "\(facts)")
        #expect(note.isEmpty || facts["Note"]?.contains(note) == true, "\(facts)")
    }

    @Test func nothingKnown() throws {
        let scratch = try Scratch()
        try Data([7, 1, 0xFE, 0xC0, 0xFF, 0, 9, 8, 7, 6, 5]).write(to: scratch("file.bin"))
        try expectRefusal(
            ["inspect", "file.bin"], in: scratch, naming: ["file.bin", "none of the kinds"])
    }

    @Test func picturesSayHowTheyWereMade() throws {
        let scratch = try Scratch()
        var made = GenerationParameters(
            prompt: "a red robot,\non the beach", negativePrompt: "blue")
        (made.steps, made.sampler, made.cfgScale, made.seed) = (20, "Euler a", 7.5, 1234)
        (made.width, made.height, made.model) = (8, 6, "tiny")
        made.extra = [.init("Lora hashes", "robot: 0123456789ab")]
        let picture = PixelImage(width: 8, height: 6, pixels: [UInt8](repeating: 9, count: 144))
        try PNGWriter.write(picture, to: scratch("a.png"), text: [("parameters", made.infotext)])
        let facts = try facts("a.png", in: scratch)
        #expect(facts["Kind"] == "PNG picture" && facts["Size"] == "8 x 6 pixels")
        #expect(facts["Prompt"] == "a red robot, on the beach")
        #expect(facts["Negative prompt"] == "blue" && facts["Steps"] == "20")
        #expect(facts["Sampler"] == "Euler a" && facts["CFG scale"] == "7.5")
        #expect(facts["Seed"] == "1234" && facts["Model"] == "tiny")
        #expect(facts["Lora hashes"] == "robot: 0123456789ab")
    }

    @Test(arguments: ["F8_E4M3", "F8_E5M2"]) func eightBitWeightsAreNamed(dtype: String) throws {
        let scratch = try Scratch()
        let entry = UncheckedSafetensors.Entry(dtype: dtype, shape: [4], bytes: Data(count: 4))
        try UncheckedSafetensors.write(
            ["model.diffusion_model.input_blocks.0.0.weight": entry], to: scratch("m.safetensors"))
        let facts = try facts("m.safetensors", in: scratch)
        #expect(facts["Kind"]?.contains("weights in \(dtype)") == true, "\(facts)")
        try expectRefusal(
            ["generate", "--model", "m.safetensors", "--prompt", "p", "--output", "out"],
            in: scratch, naming: ["m.safetensors", dtype, "fp16"])
    }

    /// Every command that reads a model names the file and the tensor, before anything is written.
    @Test(arguments: [
        ("unet/diffusion_pytorch_model.safetensors", "conv_in.bias", Float.nan),
        ("vae/diffusion_pytorch_model.safetensors", "decoder.conv_in.bias", .infinity),
        ("text_encoder/model.safetensors", "text_model.final_layer_norm.bias", -.infinity),
    ])
    func weightsThatAreNotFinite(path: String, key: String, value: Float) throws {
        let scratch = try Scratch()
        let file = try scratch.copy("models/tiny-sd1", as: "m").appending(path: path)
        let whole = try SafetensorsFile(file)
        let tensor = try whole.require(key)
        var numbers = tensor.floats()
        numbers[numbers.count - 1] = value
        try FileManager.default.removeItem(at: file)
        try UncheckedSafetensors.rewrite(
            whole, to: file, replacing: [key: .init(Tensor(numbers, shape: tensor.shape))])
        let facts = try facts("m", in: scratch)
        #expect(facts["Not finite"]?.hasPrefix(key) == true, "\(facts)")
        try writePhotos(in: scratch("photos"), count: 1)
        for command in [
            ["generate", "--model", "m", "--prompt", "p", "--output", "out"],
            ["convert", "--model", "m", "--output", "out", "--precision", "fp16"],
            ["convert", "--model", "m", "--output", "out"],
            ["convert", "--model", "m", "--output", "out.safetensors"],
        ] {
            try expectRefusal(command, in: scratch, naming: [path, key, "not finite"])
        }
        let outcome = try Command.run(BadOptionTests.training(model: "m"), in: scratch.url)
        #expect(outcome.isOrderly && outcome.status != 0)
        #expect(outcome.errors.contains(path) && outcome.errors.contains(key), "\(outcome.errors)")
    }
}
