import Files
import Foundation
import Yams

/// The settings of DeepSpeed in its own JSON, of which accelerate's file names the path. What is
/// `auto` there is left to the trainer.
struct DeepSpeedFile {
    /// The same in the keys that accelerate's file has.
    let values: [String: String]
    /// `fp16` or `bf16`, where the file switches one on.
    let mixedPrecision: String?
    /// Pictures of a batch.
    let batchSize: String?
    /// Parts that decide something elsewhere and nothing here.
    let ignored: [String]

    /// - Throws: `FileError`, or ``SettingsFileError``.
    init(_ path: String) throws {
        let url = URL(fileURLWithPath: path)
        let data = try WholeFile.read(url, limit: 1 << 20)
        guard let root = try YAMLText.root(data, file: path, otherwise: "not JSON"),
            root.mapping != nil
        else {
            throw SettingsFileError(file: path, problem: "is no JSON object; correct it.")
        }
        func text(_ keys: String...) -> String? {
            let node = keys.reduce(Optional(root)) { node, key in node?.mapping?[key] }
            guard let text = node?.scalar?.string, text != "auto" else { return nil }
            return text
        }
        var values: [String: String] = [:]
        values["gradient_accumulation_steps"] = text("gradient_accumulation_steps")
        values["gradient_clipping"] = text("gradient_clipping")
        values["zero_stage"] = text("zero_optimization", "stage")
        values["zero3_save_16bit_model"] = text(
            "zero_optimization", "stage3_gather_16bit_weights_on_model_save")
        values["offload_optimizer_device"] = text(
            "zero_optimization", "offload_optimizer", "device")
        values["offload_param_device"] = text("zero_optimization", "offload_param", "device")
        for part in ["offload_optimizer", "offload_param"] {
            values["\(part)_nvme_path"] = text("zero_optimization", part, "nvme_path")
        }
        self.values = values
        mixedPrecision = ["fp16", "bf16"].first { text($0, "enabled") == "true" }
        batchSize = text("train_micro_batch_size_per_gpu")
        ignored = ["optimizer", "scheduler"].filter { root.mapping?[Node($0)] != nil }
    }
}
