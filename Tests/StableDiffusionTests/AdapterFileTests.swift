import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

/// Files of adapters: words that they bring along, those of other architectures, damaged ones.
@Suite final class AdapterFileTests {
    private let folder = FileManager.default.temporaryDirectory
        .appending(path: "adapter-files-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func layers() throws -> [AdaptedLayer] {
        try ModelSource(Fixture.url("models/tiny-sd1")).layers()
    }

    private func written(
        _ tensors: [(String, Tensor)], metadata: [String: String] = [:]
    ) throws -> URL {
        let url = folder.appending(path: "file.safetensors")
        try SafetensorsWriter.write(
            tensors.map { (name: $0.0, tensor: $0.1) }, to: url, metadata: metadata)
        return url
    }

    // MARK: - Bundled embeddings

    @Test func wordsComeWithTheFile() throws {
        let source = try ModelSource(Fixture.url("models/tiny-sd1"))
        let layers = AdaptedLayer.all(
            unet: try source.unet(), textEncoder: try source.textEncoder())
        let set = try AdapterFile(Fixture.url("adapters/locon.safetensors"))
            .adapters(for: layers, model: "tiny-sd1")
        let generator = Generator(seed: 5)
        let embeddings = ["<robot>", "my style"].map {
            TextualInversion(token: $0, vectors: Tensor.randn([2, 32], generator: generator))
        }
        let url = folder.appending(path: "pivotal.safetensors")
        try AdapterWriter.write(set, to: url, embeddings: embeddings)
        let file = try AdapterFile(url)
        #expect(file.words == ["<robot>", "my style"])
        let read = try file.embeddings()
        #expect(read.map(\.token) == ["<robot>", "my style"])
        for (found, wanted) in zip(read, embeddings) {
            #expect(found.vectors.rawBytes() == wanted.vectors.rawBytes())
        }
        #expect(
            try file.adapters(for: layers, model: "tiny-sd1").entries.count == set.entries.count)
        #expect(try SafetensorsFile(url).keys.contains("bundle_emb.<robot>.string_to_param.*"))
        let facts = Dictionary(try FileDescription(url).facts.map { ($0, $1) }) { $1 }
        #expect(facts["Words"] == "<robot>, my style")
        let dotted = TextualInversion(token: "a.b", vectors: .zeros([1, 32]))
        #expect(throws: AdapterError.self) {
            try AdapterWriter.write(set, to: url, embeddings: [dotted])
        }
        #expect(try AdapterFile(url).words.count == 2)
    }

    /// One layer of a LoRA, so that the file is one.
    private let layer: [(String, Tensor)] = [
        ("lora_te_text_model_encoder_layers_0_mlp_fc1.lora_down.weight", .zeros([1, 32])),
        ("lora_te_text_model_encoder_layers_0_mlp_fc1.lora_up.weight", .zeros([64, 1])),
    ]

    @Test func bundlesOfOthersAreRead() throws {
        let ones = Tensor.full([2, 32], 0.5, dtype: .float16)
        for parts in [
            [("string_to_param.*", ones)], [("emb_params", ones)], [("clip_l", ones)],
            [("clip_l", ones), ("clip_g", .zeros([2, 40]))],
            [("string_to_param.*", ones), ("string_to_token.*", Tensor([265]))],
        ] {
            let url = try written(layer + parts.map { ("bundle_emb.word.\($0.0)", $0.1) })
            let found = try AdapterFile(url).embeddings()
            #expect(found.map(\.token) == ["word"])
            #expect(found.first?.vectors.floats() == [Float](repeating: 0.5, count: 64))
        }
        let url = try written(layer + [("bundle_emb.word.clip_g", .zeros([2, 40]))])
        #expect(throws: TextualInversionError.madeForSDXL(file: url.path, widths: [40])) {
            try AdapterFile(url).embeddings()
        }
    }

    @Test func sizesThatAreNoEmbeddingAreRefused() throws {
        let url = try written(layer + [("bundle_emb.word.string_to_param.*", .zeros([80, 32]))])
        let error = #expect(throws: TextualInversionError.self) {
            try AdapterFile(url).embeddings()
        }
        #expect(error?.description.contains("80 vectors") == true)
    }

    // MARK: - Other architectures

    @Test(arguments: [
        ("lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k", 2048, "SDXL"),
        ("lora_te2_text_model_encoder_layers_0_mlp_fc1", 1280, "SDXL"),
        ("lora_unet_double_blocks_0_img_attn_proj", 3072, "Flux"),
        ("lora_unet_joint_blocks_0_x_block_attn_proj", 1536, "Stable Diffusion 3"),
        (
            "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k", 1024,
            "Stable Diffusion 2.x"
        ),
        (
            "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k", 768,
            "Stable Diffusion 1.x"
        ),
    ])
    func theArchitectureIsNamed(layer: String, width: Int, architecture: String) throws {
        let url = try written([
            ("\(layer).lora_down.weight", .zeros([2, width])),
            ("\(layer).lora_up.weight", .zeros([16, 2])), ("\(layer).alpha", .full([], 2)),
        ])
        let layers = try layers()
        let error = #expect(throws: AdapterError.self) {
            _ = try AdapterFile(url).adapters(for: layers, model: "tiny-sd1")
        }
        let text = error?.description ?? ""
        for part in [url.path, "made for \(architecture)", "tiny-sd1", layer] {
            #expect(text.contains(part), "\(part) is not in: \(text)")
        }
    }

    @Test(arguments: [
        ("transformer.single_transformer_blocks.0.attn.to_q", "Flux"),
        ("transformer.transformer_blocks.0.attn.to_q", "Stable Diffusion 3"),
        ("text_encoder_2.text_model.encoder.layers.0.mlp.fc1", "SDXL"),
    ])
    func theArchitectureIsNamedInDiffusersSpelling(layer: String, architecture: String) throws {
        let url = try written([
            ("\(layer).lora_A.weight", .zeros([2, 8])), ("\(layer).lora_B.weight", .zeros([8, 2])),
        ])
        #expect(try AdapterFile(url).origin.contains(architecture))
    }

    @Test func metadataTellsWhereNothingElseDoes() throws {
        for (key, value, name) in [
            ("ss_base_model_version", "sdxl_base_v1-0", "SDXL"),
            ("modelspec.architecture", "stable-diffusion-v2-512/lora", "Stable Diffusion 2.x"),
            ("ss_base_model_version", "pixart", "pixart"),
        ] {
            #expect(try AdapterFile(try written(layer, metadata: [key: value])).origin == name)
        }
    }

    /// How many layers have no place in the model, and the first of them.
    @Test func whatDoesNotFitIsCountedAndNamed() throws {
        let layers = try layers()
        let url = try written(
            (0..<5).flatMap { number in
                [
                    ("unet.down_blocks.9.\(number).to_k.lora_A.weight", Tensor.zeros([2, 8])),
                    ("unet.down_blocks.9.\(number).to_k.lora_B.weight", Tensor.zeros([8, 2])),
                ]
            })
        let error = #expect(throws: AdapterError.self) {
            _ = try AdapterFile(url).adapters(for: layers, model: "tiny-sd1")
        }
        let text = error?.description ?? ""
        #expect(text.contains("unet.down_blocks.9.0.to_k") && text.contains("and 2 more"))
    }

    // MARK: - What is not understood

    @Test(arguments: [
        ("oft_diag", "LyCORIS 1 OFT"), ("bm.weight", "GLoRA with a middle factor"),
        ("something", "unknown"),
    ])
    func keysThatAreNotUnderstoodAreNamed(parameter: String, algorithm: String) throws {
        let key = "lora_unet_conv_in.\(parameter)"
        let url = try written(layer + [(key, .zeros([2, 2]))])
        let error = #expect(throws: AdapterError.self) { try AdapterFile(url) }
        let text = error?.description ?? ""
        #expect(text.contains(key) && text.contains("\(algorithm) weights"), "\(text)")
    }

    private static let linear = "lora_te_text_model_encoder_layers_0_mlp_fc1"

    @Test(arguments: [
        [("oft_blocks", [8, 8, 4])], [("oft_blocks", [64])], [("oft_blocks", [7, 1, 64, 64])],
        [("oft_blocks", [40, 8, 8, 8])], [("oft_blocks", [2, 1, 3, 3])],
        [("weight", [64])], [("weight", [64]), ("on_input", [2])], [("on_input", [])],
        [("a1.weight", [32, 2]), ("a2.weight", [3, 32])], [("a1.weight", [4])],
        [("b1.weight", [64, 2])], [("rescale", [64])], [("dora_scale", [64])],
        [("diff_b", [64]), ("alpha", [])],
    ])
    func tensorsThatDoNotFitTogetherAreNamed(parts: [(String, [Int])]) throws {
        let url = try written(parts.map { ("\(Self.linear).\($0.0)", .zeros($0.1)) })
        let layers = try layers()
        let error = #expect(throws: AdapterError.self) {
            _ = try AdapterFile(url).adapters(for: layers, model: "tiny-sd1")
        }
        #expect(error?.description.contains(Self.linear) == true)
    }

    /// Parts that fit together and belong to a layer of another size.
    @Test(arguments: [
        [("oft_blocks", [4, 4, 4])], [("oft_blocks", [16, 4, 4]), ("rescale", [32])],
        [("weight", [64]), ("on_input", [1])], [("diff_b", [32])], [("diff", [64, 33])],
        [("w_norm", [64]), ("b_norm", [64])],
        [
            ("a1.weight", [33, 2]), ("a2.weight", [2, 33]), ("b1.weight", [64, 2]),
            ("b2.weight", [2, 33]),
        ],
    ])
    func otherSizesDoNotFit(parts: [(String, [Int])]) throws {
        let url = try written(parts.map { ("\(Self.linear).\($0.0)", .full($0.1, 1)) })
        let layers = try layers()
        let error = #expect(throws: AdapterError.self) {
            _ = try AdapterFile(url).adapters(for: layers, model: "tiny-sd1")
        }
        #expect(error?.description.contains("does not fit") == true)
    }

    @Test(arguments: [
        [("lora_down.weight", [1, 32]), ("lora_up.weight", [32, 1])], [("w_norm", [16])],
        [("w_norm", [32]), ("b_norm", [16])], [("oft_blocks", [8, 4, 4])],
        [("lokr_w1", [4, 1]), ("lokr_w2", [8, 1])],
    ])
    func normsTakeNothingElse(parts: [(String, [Int])]) throws {
        let norm = "lora_te_text_model_encoder_layers_0_layer_norm1"
        let url = try written(parts.map { ("\(norm).\($0.0)", .zeros($0.1)) })
        let layers = try layers()
        #expect(throws: AdapterError.self) {
            _ = try AdapterFile(url).adapters(for: layers, model: "tiny-sd1")
        }
    }

    /// Of the spellings of PEFT, this is the one that a text encoder of transformers 5 loads.
    @Test func magnitudesAreWrittenAsAllVersionsLoadThem() throws {
        let source = try ModelSource(Fixture.url("models/tiny-sd1"))
        let layers = AdaptedLayer.all(
            unet: try source.unet(), textEncoder: try source.textEncoder())
        let set = try AdapterFile(Fixture.url("adapters/peft-dora.safetensors"))
            .adapters(for: layers, model: "tiny-sd1")
        let url = folder.appending(path: "dora.safetensors")
        try AdapterWriter.write(set, to: url, format: .peft, dtype: .float32)
        let keys = try SafetensorsFile(url).keys.filter { $0.contains("magnitude") }
        #expect(keys.count == set.entries.count)
        #expect(keys.allSatisfy { $0.hasSuffix(".lora_magnitude_vector.weight") })
    }
}
