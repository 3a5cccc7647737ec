import Foundation
import TestSupport
import Testing
import Torch

/// Models that are not there, not whole or something else, given to both commands.
@Suite struct BadModelTests {
    private static let weights = "diffusion_pytorch_model.safetensors"

    /// Both commands refuse the model at `model`, a path in the scratch folder.
    private func expectRefusals(
        of model: String, in scratch: Scratch, naming words: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try expectRefusal(
            ["generate", "--model", model, "--prompt", "p", "--output", "out"], in: scratch,
            naming: words, sourceLocation: sourceLocation)
        try writePhotos(in: scratch("photos"), count: 1)
        try expectRefusal(
            BadOptionTests.training(model: model), in: scratch, naming: words,
            sourceLocation: sourceLocation)
    }

    private func change(_ url: URL, _ body: (inout Data) -> Void) throws {
        var bytes = try Data(contentsOf: url)
        body(&bytes)
        try bytes.write(to: url)
    }

    /// Writes a file of tensors again without one of them, or with one more.
    private func rewrite(
        _ url: URL, without absent: String? = nil, adding added: [(String, Tensor)] = []
    ) throws {
        let file = try SafetensorsFile(url)
        var tensors: [(name: String, tensor: Tensor)] = []
        for key in file.keys where key != absent {
            tensors.append((key, try file.require(key)))
        }
        tensors += added.map { (name: $0.0, tensor: $0.1) }
        try SafetensorsWriter.write(tensors, to: url)
    }

    @Test func noSuchModel() throws {
        let scratch = try Scratch()
        try expectRefusals(of: "nowhere", in: scratch, naming: ["nowhere"])
        try FileManager.default.createDirectory(
            at: scratch("empty"), withIntermediateDirectories: true)
        try expectRefusals(of: "empty", in: scratch, naming: ["empty", "model_index.json"])
    }

    @Test(arguments: [
        "unet", "vae", "text_encoder", "tokenizer", "scheduler", "unet/config.json",
        "unet/\(weights)", "text_encoder/model.safetensors", "tokenizer/merges.txt",
        "scheduler/scheduler_config.json",
    ])
    func modelLackingAPart(part: String) throws {
        let scratch = try Scratch()
        let model = try scratch.copy("models/tiny-sd1", as: "model")
        try FileManager.default.removeItem(at: model.appending(path: part))
        let name = part.split(separator: "/").last.map(String.init) ?? part
        try expectRefusals(of: "model", in: scratch, naming: [name, model.path])
    }

    @Test(arguments: ["unet/\(weights)", "vae/\(weights)", "text_encoder/model.safetensors"])
    func damagedWeights(path: String) throws {
        let scratch = try Scratch()
        let file = try scratch.copy("models/tiny-sd1", as: "model").appending(path: path)
        let whole = try Data(contentsOf: file)
        let changes: [(inout Data) -> Void] = [
            { $0 = $0.dropLast(100) },  // cut short
            { $0 = $0.prefix(7) },
            { $0 = Data() },
            { $0 += Data(count: 64) },  // too long
            { $0.replaceSubrange(0..<8, with: Data(repeating: 0xFF, count: 8)) },  // lying header
            { $0[8] = UInt8(ascii: "[") },
            { $0 = Data("version https://git-lfs.github.com/spec/v1\n".utf8) },
        ]
        for (index, change) in changes.enumerated() {
            try self.change(file) { $0 = whole }
            try self.change(file, change)
            let outcome = try Command.run(
                ["generate", "--model", "model", "--prompt", "p", "--output", "out"],
                in: scratch.url)
            #expect(outcome.isOrderly && outcome.status != 0, "change \(index)")
            expectOneSentence(outcome.errors, naming: [file.path])
            #expect(try !scratch.listing().contains("out"), "change \(index)")
        }
        try expectRefusals(of: "model", in: scratch, naming: [file.path])
    }

    @Test func tensorsMissingTooManyOrMisshapen() throws {
        let scratch = try Scratch()
        let model = try scratch.copy("models/tiny-sd1", as: "model")
        let file = model.appending(path: "vae/\(Self.weights)")
        let whole = try Data(contentsOf: file)
        try rewrite(file, without: "decoder.conv_out.bias")
        try expectRefusals(of: "model", in: scratch, naming: [file.path, "decoder.conv_out.bias"])
        try whole.write(to: file)
        try rewrite(file, adding: [("decoder.extra.weight", Tensor.zeros([2]))])
        try expectRefusals(of: "model", in: scratch, naming: [file.path, "decoder.extra.weight"])
        try whole.write(to: file)
        try rewrite(
            file, without: "decoder.conv_out.bias",
            adding: [("decoder.conv_out.bias", Tensor.zeros([7]))])
        try expectRefusals(
            of: "model", in: scratch, naming: ["decoder.conv_out.bias", "[3]", "[7]"])
    }

    @Test(arguments: [
        ("conditioner.embedders.1.model.ln_final.weight", "SDXL"),
        ("model.diffusion_model.double_blocks.0.img_mod.lin.weight", "Flux"),
        ("lora_unet_mid_block.lora_down.weight", "LoRA"),
        ("something.else", "U-Net"),
    ])
    func singleFileOfAnotherArchitecture(key: String, name: String) throws {
        let scratch = try Scratch()
        try SafetensorsWriter.write([(key, Tensor.zeros([4, 4]))], to: scratch("m.safetensors"))
        try expectRefusals(
            of: "m.safetensors", in: scratch, naming: [scratch("m.safetensors").path, name])
    }

    @Test func folderOfAnotherArchitecture() throws {
        let scratch = try Scratch()
        let model = try scratch.copy("models/tiny-sd1", as: "model")
        try replace("StableDiffusionPipeline", "FluxPipeline", in: model, "model_index.json")
        try expectRefusals(of: "model", in: scratch, naming: ["model_index.json", "FluxPipeline"])
    }

    @Test(arguments: [
        ("\"norm_num_groups\": 4", "\"norm_num_groups\": 0", "norm_num_groups"),
        ("\"sample_size\": 8", "\"sample_size\": -8", "sample_size"),
        ("\"act_fn\": \"silu\"", "\"act_fn\": \"mish\"", "act_fn"),
        ("\"in_channels\": 4", "\"in_channels\": 9", "9"),
        ("\"cross_attention_dim\": 32", "\"cross_attention_dim\": 48", "48"),
        ("\"layers_per_block\": ", "\"layers_per_block\": 1", ""),
        ("{", "", "config.json"),
    ])
    func configurationThatDoesNotHold(found: String, changed: String, name: String) throws {
        let scratch = try Scratch()
        let model = try scratch.copy("models/tiny-sd1", as: "model")
        try replace(found, changed, in: model, "unet/config.json")
        try expectRefusals(of: "model", in: scratch, naming: [name].filter { !$0.isEmpty })
    }

    @Test func filesThatAreNoModels() throws {
        let scratch = try Scratch()
        try Data("hello".utf8).write(to: scratch("model.txt"))
        try expectRefusals(of: "model.txt", in: scratch, naming: ["model.txt"])
        try Data("PK\u{3}\u{4}".utf8).write(to: scratch("model.ckpt"))
        try expectRefusals(of: "model.ckpt", in: scratch, naming: ["model.ckpt"])
    }

    private func replace(
        _ found: String, _ changed: String, in model: URL, _ path: String
    ) throws {
        let url = model.appending(path: path)
        let text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
        let range = try #require(text.range(of: found), "\(path) has no \(found)")
        try Data(text.replacingCharacters(in: range, with: changed).utf8).write(to: url)
    }
}
