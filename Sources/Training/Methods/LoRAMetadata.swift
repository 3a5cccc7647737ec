import Datasets
import Foundation
import NN
import Settings
import StableDiffusion

/// What a LoRA file says of itself: kohya's `ss_*` keys, which web UIs show, and Stability's
/// `modelspec.*` 1.0.1.
struct LoRAMetadata {
    let strings: [String: String]

    /// - Parameter name: what web UIs list the file as.
    init(
        _ source: ModelSource, _ method: LoRAConfiguration, _ training: TrainingSummary,
        name: String
    ) throws {
        let (adapters, run) = (method.adapters, training.configuration)
        let isSecond = source.unetConfiguration.crossAttentionWidth == 1024
        let predictsVelocity = source.schedulerConfiguration.predictionType == .vPrediction
        let version = isSecond ? (predictsVelocity ? "sd_v2_v" : "sd_v2") : "sd_v1"
        let architecture =
            isSecond
            ? (predictsVelocity ? "stable-diffusion-v2-768-v" : "stable-diffusion-v2-512")
            : "stable-diffusion-v1"
        let tags =
            training.captions?.tagCounts ?? run.instancePrompt.map { [$0: training.photoCount] }
            ?? [:]
        var result = [
            "ss_v2": isSecond ? "True" : "False",
            "ss_base_model_version": version,
            "ss_output_name": name,
            "ss_sd_model_name": source.name,
            "ss_sd_model_hash": try source.hash,
            "ss_network_dim": String(adapters.rank),
            "ss_network_alpha": Self.number(adapters.alpha ?? Double(adapters.rank)),
            "ss_resolution": "(\(training.resolution), \(training.resolution))",
            "ss_num_train_images": String(training.photoCount),
            "ss_num_reg_images": String(run.wantedClassCount ?? 0),
            "ss_learning_rate": String(run.training.effectiveLearningRate),
            "ss_unet_lr": String(run.training.effectiveLearningRate),
            "ss_text_encoder_lr": run.trainTextEncoder
                ? String(run.training.textEncoderLearningRate ?? run.training.effectiveLearningRate)
                : "None",
            "ss_steps": String(training.stepCount),
            "ss_max_train_steps": String(training.stepCount),
            "ss_clip_skip": "None",
            "ss_tag_frequency": try Self.json([name: tags]),
            "modelspec.sai_model_spec": "1.0.1",
            "modelspec.architecture": "\(architecture)/lora",
            "modelspec.implementation": "diffusers",
            "modelspec.title": name,
            "modelspec.resolution": "\(training.resolution)x\(training.resolution)",
            "modelspec.prediction_type": predictsVelocity ? "v" : "epsilon",
        ]
        for setting in SettingTable.of(.lora).settings {
            guard let key = setting.kohyaKey else { continue }
            result[key] = Self.python(setting, in: run)
        }
        result["modelspec.trigger_phrase"] = run.instancePrompts?.joined(separator: ", ")
        result["modelspec.thumbnail"] = training.thumbnail
        var arguments: [String: String] = [:]
        if adapters.kind == .lora {
            result["ss_network_module"] = "networks.lora"
        } else {
            result["ss_network_module"] = "lycoris.kohya"
            arguments["algo"] = adapters.kind.rawValue
        }
        if let rank = adapters.convolutionRank ?? (adapters.preset == .all ? adapters.rank : nil) {
            arguments["conv_dim"] = String(rank)
            arguments["conv_alpha"] = Self.number(
                adapters.convolutionAlpha ?? adapters.alpha ?? Double(rank))
        }
        if adapters.usesMagnitudes { arguments["dora_wd"] = "True" }
        if adapters.isRankStabilized { arguments["rs_lora"] = "True" }
        if adapters.dropout > 0 { result["ss_network_dropout"] = String(adapters.dropout) }
        result["ss_network_args"] = try Self.json(arguments)
        strings = result
    }

    /// A value as Python prints it.
    private static func python(_ setting: Setting, in run: FineTuningConfiguration) -> String {
        guard let text = setting.text(in: run) else { return "None" }
        return setting.kind == .flag ? text.capitalized : text
    }

    private static func json(_ value: Any) throws -> String {
        let data = try JSONSerialization.data(
            withJSONObject: value, options: [.sortedKeys, .withoutEscapingSlashes])
        return String(decoding: data, as: UTF8.self)
    }

    /// Whole numbers without a point, as kohya writes them.
    private static func number(_ value: Double) -> String {
        value == value.rounded() ? String(Int(value)) : String(value)
    }
}
