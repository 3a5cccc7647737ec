import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

/// Models in every form that they come in, and what is said of those that cannot be used.
@Suite struct LoadingTests {
    private static let parts = ["unet", "vae", "text_encoder"]

    /// A folder for one test, removed when the test is done with it.
    private final class Scratch {
        let url = FileManager.default.temporaryDirectory.appending(
            path: "loading-\(UUID().uuidString)")

        init() throws {
            try FileManager.default.createDirectory(
                at: url, withIntermediateDirectories: true)
        }

        deinit { try? FileManager.default.removeItem(at: url) }

        /// A copy of a fixture model, to be changed.
        func model(_ name: String = "tiny-sd1") throws -> URL {
            let copy = url.appending(path: "model")
            try FileManager.default.copyItem(at: Fixture.url("models/\(name)"), to: copy)
            return copy
        }

        func remove(_ path: String) throws {
            try FileManager.default.removeItem(at: url.appending(path: path))
        }

        func write(_ text: String, to path: String) throws {
            try Data(text.utf8).write(to: url.appending(path: path))
        }

        /// Changes the object of a JSON file.
        func edit(_ path: String, _ change: (inout [String: Any]) -> Void) throws {
            let file = url.appending(path: path)
            let parsed = try JSONSerialization.jsonObject(with: try Data(contentsOf: file))
            var object = try #require(parsed as? [String: Any])
            change(&object)
            try JSONSerialization.data(withJSONObject: object).write(to: file)
        }

        /// Replaces one part of the model by that of another fixture.
        func replace(_ part: String, with fixture: String) throws {
            try remove("model/\(part)")
            try FileManager.default.copyItem(
                at: Fixture.url("models/\(fixture)/\(part)"),
                to: url.appending(path: "model/\(part)"))
        }
    }

    private func source(_ name: String) throws -> ModelSource {
        try ModelSource(Fixture.url("models/\(name)"))
    }

    private func parameters(_ source: ModelSource) throws -> [ParameterStore] {
        [
            try source.unet().parameters, try source.autoencoder().parameters,
            try source.textEncoder().parameters,
        ]
    }

    /// Expects the same names and, after rounding to `dtype`, the very same numbers.
    private func expectSame(
        _ found: ParameterStore, _ expected: ParameterStore, rounded dtype: DType = .float32
    ) {
        #expect(found.names == expected.names)
        for (name, tensor) in expected.entries where found.contains(name) {
            let wanted = tensor.cast(to: dtype).floats()
            #expect(found[name].cast(to: dtype).floats() == wanted, "\(name) differs")
        }
    }

    private func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no error"
        } catch { return "\(error)" }
    }

    /// What opening and loading all of a model says.
    private func refusal(_ url: URL) -> String {
        message { _ = try parameters(try ModelSource(url)) }
    }

    // MARK: - Folders

    @Test(arguments: ["tiny-sd1", "tiny-sd2"])
    func folderOpens(name: String) throws {
        let source = try source(name)
        #expect(source.name == name)
        #expect(source.unetConfiguration.blockOutChannels.count == 4)
        #expect(source.textEncoderConfiguration.layerCount == 3)
        #expect(source.vaeConfiguration.latentChannels == 4)
        let isSecond = name == "tiny-sd2"
        #expect(
            source.schedulerConfiguration.predictionType == (isSecond ? .vPrediction : .epsilon))
        #expect(source.tokenizer.paddingID == (isSecond ? 0 : 599))
        let stores = try parameters(source)
        for (part, store) in zip(Self.parts, stores) {
            let stem = part == "text_encoder" ? "model" : "diffusion_pytorch_model"
            let file = try Fixture.file("models/\(name)/\(part)/\(stem).safetensors")
            #expect(store.names.sorted() == file.keys)
        }
    }

    @Test func hashIsOfTheUNet() throws {
        let hash = try source("tiny-sd1").hash
        #expect(hash.count == 10)
        #expect(try source("tiny-sd1").hash == hash)
        #expect(try source("tiny-sd2").hash != hash)
    }

    @Test func halfPrecisionVariant() throws {
        let half = try parameters(try source("tiny-sd1.fp16"))
        for (found, expected) in zip(half, try parameters(try source("tiny-sd1"))) {
            expectSame(found, expected, rounded: .float16)
        }
        let loaded = try source("tiny-sd1.fp16").unet(dtype: .bfloat16)
        #expect(loaded.parameters.entries.allSatisfy { $0.tensor.dtype == .bfloat16 })
    }

    @Test func plainWeightsComeBeforeVariants() throws {
        let scratch = try Scratch()
        let model = try scratch.model()
        try scratch.write("not read", to: "model/unet/diffusion_pytorch_model.fp16.safetensors")
        try scratch.write("not read", to: "model/unet/diffusion_pytorch_model.bin")
        expectSame(
            try ModelSource(model).unet().parameters, try source("tiny-sd1").unet().parameters)
    }

    @Test(arguments: [
        ("unet", "tiny-sd1.sharded", DType.bfloat16), ("vae", "tiny-sd1.old-vae", .float32),
        ("text_encoder", "tiny-sd1.transformers5", .float32),
    ])
    func otherSpelling(part: String, fixture: String, dtype: DType) throws {
        let scratch = try Scratch()
        let model = try scratch.model()
        try scratch.replace(part, with: fixture)
        let found = try parameters(try ModelSource(model))
        for (a, b) in zip(found, try parameters(try source("tiny-sd1"))) {
            expectSame(a, b, rounded: dtype)
        }
    }

    @Test(arguments: parts + ["scheduler", "tokenizer"])
    func missingPartIsNamed(part: String) throws {
        let scratch = try Scratch()
        let model = try scratch.model()
        try scratch.remove("model/\(part)")
        let message = refusal(model)
        #expect(message.contains("there is no \(part)/ in \(model.path)"), "\(message)")
    }

    @Test(arguments: ["unet/config.json", "scheduler/scheduler_config.json"])
    func missingConfigurationIsNamed(path: String) throws {
        let scratch = try Scratch()
        let model = try scratch.model()
        try scratch.remove("model/\(path)")
        #expect(refusal(model).contains("there is no \(path)"))
    }

    @Test func damagedPicklesAreNamed() throws {
        let scratch = try Scratch()
        let model = try scratch.model()
        try scratch.remove("model/unet/diffusion_pytorch_model.safetensors")
        #expect(refusal(model).contains("expected diffusion_pytorch_model.safetensors"))
        try scratch.write("x", to: "model/unet/diffusion_pytorch_model.bin")
        #expect(refusal(model).contains("diffusion_pytorch_model.bin"))
        for text in ["x", "PK\u{3}\u{4}", "\u{80}"] {
            try scratch.write(text, to: "old.ckpt")
            #expect(refusal(scratch.url.appending(path: "old.ckpt")).contains("old.ckpt"))
        }
    }

    @Test func otherPipelinesAreNamed() throws {
        let scratch = try Scratch()
        let model = try scratch.model()
        try scratch.edit("model/model_index.json") {
            $0["_class_name"] = "StableDiffusionXLPipeline"
        }
        #expect(refusal(model).contains("StableDiffusionXLPipeline"))
        try scratch.edit("model/model_index.json") {
            $0["_class_name"] = "StableDiffusionPipeline"
            $0["vae"] = ["diffusers", "AsymmetricAutoencoderKL"]
        }
        #expect(refusal(model).contains("AsymmetricAutoencoderKL"))
        try scratch.edit("model/model_index.json") { $0["vae"] = [NSNull(), NSNull()] }
        #expect(refusal(model).contains("has no vae"))
        try scratch.remove("model/model_index.json")
        #expect(refusal(model).contains("no model_index.json"))
        #expect(refusal(model.appending(path: "nothing")).contains("there is no model at"))
    }

    @Test(arguments: [
        ("block_out_channels", "[8, 16, 24]"), ("block_out_channels", "[9000000000000000000]"),
        ("downsample_padding", "0"), ("downsample_padding", "-1"),
        ("block_out_channels", "[]"), ("block_out_channels", "\"8\""), ("norm_num_groups", "0"),
        ("layers_per_block", "0"), ("layers_per_block", "-1"), ("attention_head_dim", "0"),
        ("attention_head_dim", "3"), ("cross_attention_dim", "24"), ("in_channels", "9"),
        ("act_fn", "\"mish\""), ("addition_embed_type", "\"text_time\""),
        ("cross_attention_dim", "-32"), ("norm_num_groups", "7"), ("out_channels", "8"),
    ])
    func unetConfigurationThatDoesNotHold(key: String, value: String) throws {
        let scratch = try Scratch()
        let model = try scratch.model()
        let parsed = try JSONSerialization.jsonObject(
            with: Data(value.utf8), options: [.fragmentsAllowed])
        try scratch.edit("model/unet/config.json") { $0[key] = parsed }
        let message = refusal(model)
        #expect(message != "no error", "\(key) \(value)")
        #expect(message.contains("config.json") || message.contains("parts"), "\(message)")
    }

    @Test(arguments: [
        ("in_channels", "4"), ("out_channels", "1"), ("scaling_factor", "0"),
        ("scaling_factor", "-0.18215"), ("block_out_channels", "[]"), ("latent_channels", "0"),
    ])
    func autoencoderConfigurationThatDoesNotHold(key: String, value: String) throws {
        let scratch = try Scratch()
        let model = try scratch.model()
        let parsed = try JSONSerialization.jsonObject(
            with: Data(value.utf8), options: [.fragmentsAllowed])
        try scratch.edit("model/vae/config.json") { $0[key] = parsed }
        let message = refusal(model)
        #expect(message.contains("vae/config.json: \(key)"), "\(message)")
    }

    @Test func configurationThatIsNoJSON() throws {
        let scratch = try Scratch()
        let model = try scratch.model()
        for text in ["", "[]", "{", "\u{0}"] {
            try scratch.write(text, to: "model/vae/config.json")
            #expect(refusal(model).contains("vae/config.json cannot be used"))
        }
    }

    @Test func indexMayNotLeaveItsFolder() throws {
        let index = "model/unet/diffusion_pytorch_model.safetensors.index.json"
        for name in ["../vae/diffusion_pytorch_model.safetensors", "/etc/passwd", "..", ""] {
            let scratch = try Scratch()
            let model = try scratch.model()
            try scratch.replace("unet", with: "tiny-sd1.sharded")
            try scratch.edit(index) { $0["weight_map"] = ["conv_in.weight": name] }
            let message = refusal(model)
            #expect(message.contains("\"\(name)\", which is not a .safetensors file"), "\(message)")
        }
    }

    @Test func shardsThatDoNotFitTheirIndex() throws {
        let shard = "diffusion_pytorch_model-00002-of-00003.safetensors"
        let scratch = try Scratch()
        let model = try scratch.model()
        try scratch.replace("unet", with: "tiny-sd1.sharded")
        try scratch.edit("model/unet/diffusion_pytorch_model.safetensors.index.json") {
            var map = $0["weight_map"] as? [String: String] ?? [:]
            map["made.up"] = shard
            $0["weight_map"] = map
        }
        #expect(refusal(model).contains("lacks the tensor made.up"))
        try scratch.remove("model/unet/\(shard)")
        #expect(refusal(model).contains(shard))
    }

    @Test func tensorsMissingTooManyOrMisshapen() throws {
        let scratch = try Scratch()
        let model = try scratch.model()
        let url = model.appending(path: "unet/diffusion_pytorch_model.safetensors")
        let whole = try source("tiny-sd1").unet().parameters.entries
        try SafetensorsWriter.write(whole.filter { $0.name != "conv_out.bias" }, to: url)
        #expect(refusal(model).contains("lacks the tensor conv_out.bias"))
        try SafetensorsWriter.write(
            whole + [(name: "motion.weight", tensor: Tensor.zeros([2]))], to: url)
        #expect(refusal(model).contains("motion.weight"))
        let changed = whole.map { name, tensor in
            (name: name, tensor: name == "conv_in.bias" ? Tensor.zeros([4]) : tensor)
        }
        try SafetensorsWriter.write(changed, to: url)
        #expect(refusal(model).contains("conv_in.bias should have the shape [8] and has [4]"))
    }

    // MARK: - Single files

    @Test(arguments: ["tiny-sd1", "tiny-sd2"])
    func singleFileEqualsItsFolder(name: String) throws {
        let single = try ModelSource(
            Fixture.url("single-file/\(name).safetensors"),
            configuration: Fixture.url("models/\(name)"))
        #expect(single.name == name)
        let folder = try source(name)
        #expect(single.unetConfiguration == folder.unetConfiguration)
        #expect(try single.hash != folder.hash)
        for (found, expected) in zip(try parameters(single), try parameters(folder)) {
            expectSame(found, expected, rounded: .float16)
        }
    }

    @Test func singleFileOfUnknownWidthAsksForNothingItCannotKnow() {
        let message = refusal(Fixture.url("single-file/tiny-sd1.safetensors"))
        #expect(message.contains("a context of 32 channels"), "\(message)")
    }

    @Test(arguments: [
        ("conditioner.embedders.1.model.ln_final.weight", "SDXL"),
        ("model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight", "Stable Diffusion 3"),
        ("double_blocks.0.img_attn.qkv.weight", "Flux"), ("control_model.out.weight", "ControlNet"),
        ("lora_unet_mid_block.lora_down.weight", "LoRA"), ("emb_params", "textual inversion"),
        ("anything", "no U-Net"),
    ])
    func foreignFilesAreNamed(key: String, kind: String) throws {
        let scratch = try Scratch()
        let url = scratch.url.appending(path: "model.safetensors")
        try SafetensorsWriter.write([(name: key, tensor: Tensor.zeros([2, 2]))], to: url)
        #expect(refusal(url).contains(kind), "\(refusal(url))")
    }

    @Test(arguments: [(9, "inpainting"), (8, "InstructPix2Pix"), (5, "depth"), (6, "6 input")])
    func otherInputsAreNamed(channels: Int, kind: String) throws {
        let scratch = try Scratch()
        let url = scratch.url.appending(path: "model.safetensors")
        let key = "model.diffusion_model.input_blocks.0.0.weight"
        try SafetensorsWriter.write(
            [(name: key, tensor: Tensor.zeros([8, channels, 3, 3]))], to: url)
        #expect(refusal(url).contains(kind))
    }

    // MARK: - Writing

    @Test func writtenModelIsTheSame() throws {
        let scratch = try Scratch()
        let source = try source("tiny-sd1")
        let unet = try source.unet()
        unet.parameters["conv_in.bias"].fill(with: 0.5)
        let output = scratch.url.appending(path: "out")
        try ModelWriter.write(to: output, source: source, unet: unet.parameters)
        let back = try ModelSource(output)
        expectSame(try back.unet().parameters, unet.parameters)
        expectSame(try back.autoencoder().parameters, try source.autoencoder().parameters)
        // What was not touched is the same to the byte.
        for path in [
            "vae/diffusion_pytorch_model.safetensors", "text_encoder/model.safetensors",
            "text_encoder/config.json", "scheduler/scheduler_config.json", "tokenizer/merges.txt",
        ] {
            let url = Fixture.url("models/tiny-sd1/\(path)")
            #expect(try Data(contentsOf: output.appending(path: path)) == Data(contentsOf: url))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path) == ["out"])
    }

    @Test(arguments: ["tiny-sd1", "tiny-sd2"])
    func singleFileBecomesAFolder(name: String) throws {
        let scratch = try Scratch()
        let single = try ModelSource(
            Fixture.url("single-file/\(name).safetensors"),
            configuration: Fixture.url("models/\(name)"))
        let output = scratch.url.appending(path: "out")
        try ModelWriter.write(to: output, source: single, dtype: .float16)
        let file = try SafetensorsFile(output.appending(path: "text_encoder/model.safetensors"))
        #expect(file.keys.allSatisfy { $0.hasPrefix("text_model.") })
        #expect(file.header.entries.values.allSatisfy { $0.dtype == .float16 })
        let back = try ModelSource(output)
        for (found, expected) in zip(try parameters(back), try parameters(try source(name))) {
            expectSame(found, expected, rounded: .float16)
        }
    }

    @Test func existingFolderIsReplacedAndWhatElseItHeldIsKept() throws {
        let scratch = try Scratch()
        let model = try scratch.model("tiny-sd2")
        try scratch.write("old", to: "model/unet/left-over.txt")
        try scratch.write("log", to: "model/training.log")
        // The source may be the very folder that is replaced.
        try ModelWriter.write(to: model, source: try ModelSource(model), dtype: .bfloat16)
        #expect(!FileManager.default.fileExists(atPath: model.path + "/unet/left-over.txt"))
        #expect(
            try String(contentsOf: model.appending(path: "training.log"), encoding: .utf8) == "log")
        expectSame(
            try ModelSource(model).unet().parameters, try source("tiny-sd2").unet().parameters,
            rounded: .bfloat16)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path) == ["model"])
    }

    @Test func failedWriteLeavesEverythingAsItWas() throws {
        let scratch = try Scratch()
        let model = try scratch.model()
        let source = try source("tiny-sd1")
        let unet = try source.unet()
        unet.parameters["conv_in.bias"].fill(with: .nan)
        let message = message {
            try ModelWriter.write(to: model, source: source, unet: unet.parameters)
        }
        #expect(message.contains("conv_in.bias"))
        expectSame(try ModelSource(model).unet().parameters, try source.unet().parameters)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path) == ["model"])
        #expect(throws: (any Error).self) {
            try ModelWriter.write(
                to: scratch.url.appending(path: "no/such/folder"), source: source)
        }
    }

    @Test func predictionCanBeOverridden() throws {
        let scratch = try Scratch()
        let url = Fixture.url("models/tiny-sd1")
        let source = try ModelSource(url, predictionOverride: .vPrediction)
        #expect(source.schedulerConfiguration.predictionType == .vPrediction)
        let output = scratch.url.appending(path: "out")
        try ModelWriter.write(to: output, source: source)
        #expect(
            try ModelSource(output).schedulerConfiguration.predictionType == .vPrediction)
    }

    // MARK: - What comes with the program

    @Test func tokenizerOfSingleFilesIsThatOfCLIP() throws {
        let tokenizer = try CLIPTokenizer(directory: try EmbeddedModel.locate("clip-tokenizer"))
        #expect(tokenizer.vocabularyCount == 49408)
        // As transformers' CLIPTokenizer gives for openai/clip-vit-large-patch14.
        #expect(
            tokenizer.tokenIDs("a photo of an astronaut riding a horse").prefix(10)
                == [49406, 320, 1125, 539, 550, 18376, 6765, 320, 4558, 49407])
    }

    @Test func absentCompanionIsNamed() {
        let message = message { _ = try EmbeddedModel.locate("no-such-folder") }
        #expect(message.contains("Models/no-such-folder") && message.contains("ATTUNE_HOME"))
    }
}
