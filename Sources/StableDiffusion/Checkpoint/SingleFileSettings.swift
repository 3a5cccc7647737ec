internal import Foundation
internal import Torch

/// The configuration of a single file, which carries none: from the sizes of its tensors, and
/// from what Stability's and CompVis' published models have in common.
///
/// Sizes tell all but the number of attention heads (8 on every level in SD 1.x, 64 channels for
/// each in SD 2.x), the groups of the normalization (32) and what the network predicts. The web
/// UI's YAML beside the file tells the first and the last.
struct SingleFileSettings {
    private let file: any TensorFile
    private let isVersion2: Bool
    private let beside: OriginalConfiguration?
    private let prediction: PredictionType
    private let isGuess: Bool

    /// - Parameter prediction: what the network predicts, whatever the file says.
    init(_ file: any TensorFile, _ url: URL, prediction: PredictionType?) throws {
        self.file = file
        let keys = file.keys.filter { $0.hasSuffix("transformer_blocks.0.attn2.to_k.weight") }
        let widths = Set(keys.compactMap { file.shape(of: $0)?.last })
        switch widths {
        case [768]: isVersion2 = false
        case [1024]: isVersion2 = true
        default:
            let found = widths.sorted().map(String.init).joined(separator: ", ")
            throw ModelError.unsupported(
                path: file.path,
                what: "has a context of \(found.isEmpty ? "no" : found) channels, where SD 1.x "
                    + "has 768 and SD 2.x has 1024")
        }
        beside = try OriginalConfiguration(
            beside: url, contextWidth: isVersion2 ? 1024 : 768)
        let told = try prediction ?? beside?.prediction ?? Self.marked(file)
        self.prediction = told ?? (isVersion2 ? .vPrediction : .epsilon)
        isGuess = told == nil
    }

    func contents() throws -> ModelContents {
        let text = try textEncoder()
        var contents = ModelContents(
            configurations: [
                .unet: setting(try unet()), .vae: setting(try vae()), .textEncoder: setting(text),
            ],
            weights: [:],
            scheduler: ConfigurationFile(path: beside?.path ?? file.path, object: scheduler()),
            tokenizerFolder: try EmbeddedModel.locate("clip-tokenizer"),
            paddingToken: isVersion2 ? "!" : nil)
        contents.configurationFile = beside?.path
        contents.guessesPrediction = isGuess
        let name = URL(filePath: file.path).lastPathComponent
        // SD 1.x predicts noise as surely as it has eight heads; of SD 2.x both were published.
        if isGuess, isVersion2 {
            contents.notices.append(
                "\(name) does not say what it predicts: it is taken for velocity (v_prediction), as "
                    + "in SD 2.1 at 768 pixels; models of SD 2.x at 512 pixels predict noise "
                    + "(epsilon).")
        }
        if let rows = text["vocab_size"] as? Int, rows > Self.vocabularyCount {
            contents.notices.append(
                "\(name) has \(rows - Self.vocabularyCount) token(s) more than CLIP's vocabulary: "
                    + "a single file does not tell their words, so no prompt can use them.")
        }
        return contents
    }

    /// The tokens of CLIP's vocabulary.
    private static let vocabularyCount = 49_408

    private func setting(_ object: [String: Any]) -> ConfigurationFile {
        ConfigurationFile(path: file.path, object: object)
    }

    // MARK: - Networks

    private func unet() throws -> [String: Any] {
        let root = SingleFileUNetNames.prefix
        let first = try shape(root + "input_blocks.0.0.weight", rank: 4)
        // A level ends with its downsampler; the last one has none.
        let ends = (1..<64).filter { has("\(root)input_blocks.\($0).0.op.weight") }
        let last = (1..<64).last { has("\(root)input_blocks.\($0).0.in_layers.2.weight") } ?? 0
        let layers = (ends.first ?? last + 1) - 1
        guard layers > 0 else { throw odd("input_blocks.1") }
        let starts = [1] + ends.map { $0 + 1 }
        let channels = try starts.map {
            try shape("\(root)input_blocks.\($0).0.in_layers.2.weight", rank: 4)[0]
        }
        let attends = starts.map {
            has("\(root)input_blocks.\($0).1.transformer_blocks.0.attn2.to_k.weight")
        }
        guard let width = channels.first, width == first[0] else { throw odd("input_blocks.0.0") }
        let projection = try shape(
            root + "middle_block.1.proj_in.weight", rank: nil)
        return [
            "_class_name": "UNet2DConditionModel", "_diffusers_version": Self.diffusersVersion,
            "act_fn": "silu",
            "attention_head_dim": heads(channels),
            "block_out_channels": channels, "center_input_sample": false,
            "cross_attention_dim": isVersion2 ? 1024 : 768,
            "down_block_types": attends.map { $0 ? "CrossAttnDownBlock2D" : "DownBlock2D" },
            "downsample_padding": 1, "dual_cross_attention": false, "flip_sin_to_cos": true,
            "freq_shift": 0, "in_channels": first[1], "layers_per_block": layers,
            "mid_block_scale_factor": 1, "mid_block_type": "UNetMidBlock2DCrossAttn",
            "norm_eps": 1e-05, "norm_num_groups": 32, "out_channels": 4,
            "sample_size": isVersion2 && predictsVelocity ? 96 : 64,
            "up_block_types": attends.reversed().map { $0 ? "CrossAttnUpBlock2D" : "UpBlock2D" },
            "upcast_attention": isVersion2, "use_linear_projection": projection.count == 2,
        ]
    }

    /// diffusers calls it the width of a head, and means how many there are.
    private func heads(_ channels: [Int]) -> Any {
        if let count = beside?.headCount { return count }
        guard let width = beside?.headWidth ?? (isVersion2 ? 64 : nil) else { return 8 }
        return channels.map { max($0 / width, 1) }
    }

    private func vae() throws -> [String: Any] {
        let root = SingleFileVAENames.prefix + "encoder."
        let levels = (0..<16).prefix { has("\(root)down.\($0).block.0.conv1.weight") }
        let channels = try levels.map {
            try shape("\(root)down.\($0).block.0.conv1.weight", rank: 4)[0]
        }
        let layers = (0..<16).prefix { has("\(root)down.0.block.\($0).conv1.weight") }.count
        guard !channels.isEmpty else { throw odd("first_stage_model.encoder.down.0") }
        let latents = try shape("\(root)conv_out.weight", rank: 4)[0] / 2
        return [
            "_class_name": "AutoencoderKL", "_diffusers_version": Self.diffusersVersion,
            "act_fn": "silu", "block_out_channels": channels,
            "down_block_types": channels.map { _ in "DownEncoderBlock2D" },
            "force_upcast": true, "in_channels": 3, "latent_channels": latents,
            "layers_per_block": layers, "norm_num_groups": 32, "out_channels": 3,
            "sample_size": isVersion2 && predictsVelocity ? 768 : 512,
            "scaling_factor": beside?.scaleFactor ?? 0.18215,
            "up_block_types": channels.map { _ in "UpDecoderBlock2D" },
        ]
    }

    private func textEncoder() throws -> [String: Any] {
        var object: [String: Any] = [
            "architectures": ["CLIPTextModel"], "attention_dropout": 0.0, "bos_token_id": 0,
            "eos_token_id": 2, "initializer_factor": 1.0, "initializer_range": 0.02,
            "layer_norm_eps": 1e-05, "model_type": "clip_text_model", "pad_token_id": 1,
            "torch_dtype": "float32", "hidden_act": isVersion2 ? "gelu" : "quick_gelu",
            "projection_dim": isVersion2 ? 512 : 768,
        ]
        let clip = SingleFileTextNames.clipPrefix
        let level = file.keys.contains { $0.hasPrefix(clip + "text_model.") } ? "text_model." : ""
        let open = SingleFileTextNames.openCLIPPrefix
        let tokens = try shape(
            isVersion2
                ? "\(open)token_embedding.weight"
                : "\(clip)\(level)embeddings.token_embedding.weight", rank: 2)
        let positions = try shape(
            isVersion2
                ? "\(open)positional_embedding"
                : "\(clip)\(level)embeddings.position_embedding.weight", rank: 2)
        let layer = isVersion2 ? "\(open)transformer.resblocks." : "\(clip)\(level)encoder.layers."
        let inner = isVersion2 ? ".mlp.c_fc.weight" : ".mlp.fc1.weight"
        let count = (0..<64).prefix { has("\(layer)\($0)\(inner)") }.count
        object["vocab_size"] = tokens[0]
        object["hidden_size"] = tokens[1]
        object["max_position_embeddings"] = positions[0]
        object["num_attention_heads"] = max(tokens[1] / 64, 1)
        object["intermediate_size"] = try shape("\(layer)0\(inner)", rank: 2)[0]
        // The last layer of SD 2.x is in the file and not in the model.
        object["num_hidden_layers"] = isVersion2 ? max(count - 1, 1) : count
        return object
    }

    // MARK: - Noise schedule

    private func scheduler() -> [String: Any] {
        var object: [String: Any] = [
            "_class_name": isVersion2 ? "DDIMScheduler" : "PNDMScheduler",
            "_diffusers_version": Self.diffusersVersion, "beta_end": beside?.betaEnd ?? 0.012,
            "beta_schedule": "scaled_linear", "beta_start": beside?.betaStart ?? 0.00085,
            "clip_sample": false, "num_train_timesteps": beside?.trainingStepCount ?? 1000,
            "set_alpha_to_one": false, "skip_prk_steps": true, "steps_offset": 1,
            "prediction_type": prediction.rawValue,
        ]
        // The mark that fine-tunings with a schedule without residual signal leave in the file.
        if has("ztsnr") {
            object["_class_name"] = "DDIMScheduler"
            object["rescale_betas_zero_snr"] = true
            object["timestep_spacing"] = "trailing"
        }
        return object
    }

    private var predictsVelocity: Bool { prediction == .vPrediction }

    /// The weights do not tell, but there may be marks in the file, in this order: metadata of the
    /// modelspec standard and of kohya's scripts, the tensor `v_pred`, the step counter of
    /// stable-diffusion-2-base. Without them, what most models of the version do: SD 1.x predicts
    /// the noise, SD 2.x the velocity.
    private static func marked(_ file: any TensorFile) throws -> PredictionType? {
        let metadata = file.metadata
        switch metadata["modelspec.prediction_type"]?.lowercased() {
        case "v", "v_prediction", "v-prediction": return .vPrediction
        case "epsilon", "eps": return .epsilon
        default: break
        }
        let architecture = metadata["modelspec.architecture"] ?? ""
        if architecture.contains("768-v") { return .vPrediction }
        if architecture.hasPrefix("stable-diffusion-v2-512") { return .epsilon }
        if let flag = metadata["ss_v_parameterization"] {
            return flag.lowercased() == "true" ? .vPrediction : .epsilon
        }
        if file.shape(of: "v_pred") != nil { return .vPrediction }
        if file.tensor("global_step").map({ $0.count == 1 && $0.item() == 875_000 }) == true {
            return .epsilon
        }
        return nil
    }

    // MARK: - Tensors

    /// The format in which configurations are written.
    static let diffusersVersion = "0.36.0"

    private func has(_ key: String) -> Bool { file.shape(of: key) != nil }

    private func shape(_ key: String, rank: Int?) throws -> [Int] {
        guard let shape = file.shape(of: key) else {
            throw CheckpointError.missing(file: file.path, key: key)
        }
        guard rank == nil || shape.count == rank else { throw odd(key) }
        return shape
    }

    private func odd(_ key: String) -> ModelError {
        .notAModel(path: file.path, reason: "\(key) is not shaped as in SD 1.x or 2.x")
    }
}
