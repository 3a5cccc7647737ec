import Files
public import Foundation
import Yams

/// What `accelerate config` says about a machine: its YAML or JSON file, whose keys are those of
/// `accelerate/commands/config/config_args.py` (1.15).
///
/// Of its keys, those are understood that mean something to one process on one machine; others with
/// one value are kept, so that accelerate reads back what it wrote.
public struct AccelerateFile: Sendable, Equatable {
    /// The file; nil for answers that are not written yet.
    public let url: URL?
    /// Keys with one value each.
    public var values: [String: String]
    /// The part that DeepSpeed has, where it is used.
    public var deepSpeed: [String: String]?
    /// The other parts and lists that say something, `fsdp_config` and the like: they are not kept.
    public let sections: [String]

    /// What accelerate writes for one process that is told nothing.
    public static let plain: [String: String] = [
        "compute_environment": "LOCAL_MACHINE", "debug": "false", "distributed_type": "NO",
        "downcast_bf16": "no", "enable_cpu_affinity": "false", "machine_rank": "0",
        "main_training_function": "main", "mixed_precision": "no", "num_machines": "1",
        "num_processes": "1", "rdzv_backend": "static", "same_network": "true",
        "tpu_use_cluster": "false", "tpu_use_sudo": "false", "use_cpu": "false",
    ]

    /// Keys with one value that accelerate has besides.
    private static let others: Set<String> = [
        "gpu_ids", "main_process_ip", "main_process_port", "command_file", "commands", "tpu_name",
        "tpu_zone", "tpu_vm", "tpu_env",
    ]

    private static let sectionNames: Set<String> = [
        "dynamo_config", "fp8_config", "fsdp_config", "ipex_config", "megatron_lm_config",
        "mpirun_config", "parallelism_config",
    ]

    private static let deepSpeedKeys: Set<String> = [
        "deepspeed_config_file", "deepspeed_hostfile", "deepspeed_exclusion_filter",
        "deepspeed_inclusion_filter", "deepspeed_moe_layer_cls_names",
        "deepspeed_multinode_launcher", "gradient_accumulation_steps", "gradient_clipping",
        "offload_optimizer_device", "offload_optimizer_nvme_path", "offload_param_device",
        "offload_param_nvme_path", "zero3_init_flag", "zero3_save_16bit_model", "zero_stage",
    ]

    /// Answers that are not written yet.
    public init(_ values: [String: String] = plain, deepSpeed: [String: String]? = nil) {
        url = nil
        self.values = values
        self.deepSpeed = deepSpeed
        sections = []
    }

    /// Reads a file.
    ///
    /// - Throws: `FileError`, or ``SettingsFileError`` naming the file and the key.
    public init(_ url: URL) throws {
        self.url = url
        let data = try WholeFile.read(url, limit: 1 << 20)
        guard let mapping = try YAMLText.root(data, file: url.path, otherwise: "not YAML")?.mapping
        else {
            throw SettingsFileError(
                file: url.path,
                problem: "expected lines such as \"mixed_precision: fp16\"; found none.")
        }
        var values: [String: String] = [:]
        var deepSpeed: [String: String]?
        var sections: [String] = []
        for (key, value) in mapping {
            let key = key.string ?? ""
            if key == "deepspeed_config" {
                let part = try Self.scalars(value, known: Self.deepSpeedKeys, url, within: key)
                if !part.isEmpty { deepSpeed = part }
            } else if Self.sectionNames.contains(key) {
                if value.mapping?.isEmpty == false { sections.append(key) }
            } else if value.sequence?.isEmpty == false {
                sections.append(key)
            } else if Self.plain[key] != nil || Self.others.contains(key) {
                values[key] = Self.text(value)
            } else {
                throw Self.unknown(
                    key, Set(Self.plain.keys).union(Self.others).union(["deepspeed_config"]), url)
            }
        }
        guard values["compute_environment"] != "AMAZON_SAGEMAKER" else {
            throw SettingsFileError(
                file: url.path, key: "compute_environment",
                problem: "AMAZON_SAGEMAKER is a service; expected LOCAL_MACHINE.")
        }
        self.values = values
        self.deepSpeed = deepSpeed
        self.sections = sections.sorted()
    }

    private static func scalars(
        _ node: Node, known: Set<String>, _ url: URL, within section: String
    ) throws(SettingsFileError) -> [String: String] {
        var result: [String: String] = [:]
        for (key, value) in node.mapping ?? [:] {
            let key = key.string ?? ""
            guard known.contains(key) else { throw unknown(key, known, url) }
            result[key] = text(value)
        }
        return result
    }

    /// Nil for what is left open.
    private static func text(_ node: Node) -> String? {
        switch node {
        case .scalar(let scalar): node.tag == Tag(.null) ? nil : scalar.string
        default: nil
        }
    }

    private static func unknown(
        _ key: String, _ known: Set<String>, _ url: URL
    ) -> SettingsFileError {
        let nearest = EditDistance.nearest(to: key, among: known.sorted())
        return SettingsFileError(
            file: url.path, key: key,
            problem: "accelerate has no such key"
                + (nearest.map { "; \($0) comes nearest." } ?? ".")
                + " What one training is told stands in its run.yaml.")
    }

    /// The text that accelerate would write.
    public var text: String {
        var lines: [String] = []
        func line(_ key: String, _ value: String, indent: String = "") {
            // YAML takes a bare no for false.
            let isWord = ["no", "yes", "NO", "YES", "on", "off"].contains(value)
            lines.append("\(indent)\(key): \(isWord ? "'\(value)'" : value)")
        }
        var all = values.keys.sorted()
        if deepSpeed != nil { all = (all + ["deepspeed_config"]).sorted() }
        for key in all {
            if key == "deepspeed_config", let deepSpeed {
                lines.append("deepspeed_config:")
                for key in deepSpeed.keys.sorted() { line(key, deepSpeed[key] ?? "", indent: "  ") }
            } else if let value = values[key] {
                line(key, value)
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
