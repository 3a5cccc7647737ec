public import Foundation

/// What a training is told by the machine it runs on: by accelerate's variables and its file.
///
/// What is typed, and what a settings file says, counts before it.
public struct MachineSettings: Sendable, Equatable {
    /// One setting.
    public struct Entry: Sendable, Equatable {
        /// The setting's name.
        public let name: String
        /// Its value, as it is typed.
        public let value: String
        /// The file or the variable that says so.
        public let origin: String
    }

    /// By the order in which they are told.
    public private(set) var entries: [Entry] = []
    /// What the file asks for and does not get, one sentence each.
    public private(set) var notices: [String] = []
    /// The file that was read; nil: there is none.
    public private(set) var file: URL?
    private let isOneOfSeveral: Bool

    /// Where accelerate has its file where nothing else is said: below `HF_HOME`, or
    /// `huggingface` in the folder of caches.
    public static func usualFile(_ environment: [String: String]) -> URL {
        func folder(_ variable: String) -> URL? {
            environment[variable].flatMap { $0.isEmpty ? nil : URL(fileURLWithPath: $0) }
        }
        let home = folder("HOME") ?? URL(fileURLWithPath: NSHomeDirectory())
        let caches = folder("XDG_CACHE_HOME") ?? home.appending(path: ".cache")
        return (folder("HF_HOME") ?? caches.appending(path: "huggingface"))
            .appending(path: "accelerate/default_config.yaml")
    }

    /// Reads the file that is named, else that of `ACCELERATE_CONFIG_FILE`, else accelerate's own
    /// where it is there; variables of accelerate count before it.
    ///
    /// - Throws: `FileError` or ``SettingsFileError`` naming the file and the key;
    ///   ``SettingError`` for a variable that is no value.
    public init(
        file: URL? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        // Who is one of several was started as such.
        let count = environment["WORLD_SIZE"].flatMap { Int($0) } ?? 1
        isOneOfSeveral = count > 1
        try readVariables(environment)
        guard let found = try Self.accelerateFile(file, environment: environment),
            let url = found.url
        else { return }
        self.file = url
        try read(found, from: url.path)
    }

    /// The file that is named, else that of `ACCELERATE_CONFIG_FILE`, else accelerate's own; nil:
    /// there is none.
    public static func accelerateFile(
        _ file: URL?, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> AccelerateFile? {
        let usual = usualFile(environment)
        let named = environment["ACCELERATE_CONFIG_FILE"].flatMap {
            $0.isEmpty ? nil : URL(fileURLWithPath: $0)
        }
        let url =
            file ?? named
            ?? [usual, usual.deletingPathExtension().appendingPathExtension("json")].first {
                FileManager.default.fileExists(atPath: $0.path)
            }
        return try url.map { try AccelerateFile($0) }
    }

    private func has(_ name: String) -> Bool { entries.contains { $0.name == name } }

    private mutating func give(_ name: String, _ value: String?, _ origin: String) {
        guard let value, !value.isEmpty, !has(name) else { return }
        entries.append(Entry(name: name, value: value, origin: origin))
    }

    private mutating func readVariables(_ environment: [String: String]) throws {
        for (variable, name) in [
            ("ACCELERATE_MIXED_PRECISION", "mixed-precision"),
            ("ACCELERATE_GRADIENT_ACCUMULATION_STEPS", "gradient-accumulation-steps"),
            ("ACCELERATE_GRADIENT_CLIPPING", "max-grad-norm"),
        ] { give(name, environment[variable], variable) }
        let cpu = "ACCELERATE_USE_CPU"
        if let value = environment[cpu], Self.isTrue(value) { give("device", "cpu", cpu) }
        for (part, name) in Self.offloaded {
            let variable = "ACCELERATE_DEEPSPEED_\(part.uppercased())"
            giveOffload(name, environment[variable], variable, what: variable)
        }
        for (part, _) in Self.offloaded {
            let variable = "ACCELERATE_DEEPSPEED_\(part.uppercased())"
            let path = variable.replacing("DEVICE", with: "NVME_PATH")
            if environment[variable] == "nvme", let folder = environment[path], folder != "none" {
                give("nvme-path", folder, path)
            }
        }
    }

    private mutating func read(_ file: AccelerateFile, from path: String) throws {
        var parts = file.deepSpeed ?? [:]
        var precision = file.values["mixed_precision"]
        if let json = parts["deepspeed_config_file"] {
            // As accelerate has it: from where the command runs.
            let found = try DeepSpeedFile(json)
            parts.merge(found.values) { $1 }
            precision = found.mixedPrecision ?? precision
            give("train-batch-size", found.batchSize, json)
            if !found.ignored.isEmpty {
                let names = found.ignored.joined(separator: " and ")
                notices.append(
                    "\(json) has an \(names) of its own, which is not read: see `optimizer` and "
                        + "`lr-scheduler`.")
            }
        }
        if precision == "fp8" {
            throw SettingsFileError(
                file: path, key: "mixed_precision",
                problem: "fp8 is not available; expected no, fp16 or bf16.")
        }
        give("mixed-precision", precision, path)
        readDevice(file, path)
        give("gradient-accumulation-steps", parts["gradient_accumulation_steps"], path)
        give("max-grad-norm", parts["gradient_clipping"], path)
        for (part, name) in Self.offloaded {
            giveOffload(name, parts[part], path, what: "\(path): \(part)")
        }
        // After both: a training that takes one of them needs it.
        for (part, _) in Self.offloaded {
            let folder = parts[part.replacing("device", with: "nvme_path")]
            if parts[part] == "nvme", let folder, folder != "none" {
                if entries.contains(where: { $0.name == "nvme-path" && $0.value != folder }) {
                    notices.append("\(path): all that nvme keeps goes to one folder, the first.")
                }
                give("nvme-path", folder, path)
            }
        }
        readZeroStage(parts, path)
        readCounts(file, path)
        for section in file.sections {
            notices.append("\(path): \(section) has no effect.")
        }
    }

    private mutating func readDevice(_ file: AccelerateFile, _ path: String) {
        if Self.isTrue(file.values["use_cpu"] ?? "") {
            give("device", "cpu", path)
        } else if let ids = file.values["gpu_ids"], ids != "all",
            let first = ids.split(separator: ",").first.flatMap({ Int($0) })
        {
            give("device", "cuda:\(first)", path)
        }
    }

    private mutating func readCounts(_ file: AccelerateFile, _ path: String) {
        guard !isOneOfSeveral else { return }
        for key in ["num_machines", "num_processes"] {
            guard let count = file.values[key].flatMap({ Int($0) }), count > 1 else { continue }
            notices.append(
                "\(path): \(key) \(count): one process trains, on one device; attune launch before "
                    + "the command starts as many.")
        }
    }

    /// Of stage 3 accelerate asks more: whether weights are loaded in parts (`zero3_init_flag`),
    /// which they always are, and whether the model is put together when it is saved.
    private mutating func readZeroStage(_ parts: [String: String], _ path: String) {
        guard let stage = parts["zero_stage"].flatMap({ Int($0) }), stage > 0 else { return }
        give("zero-stage", String(stage), path)
        guard stage > 2, isOneOfSeveral else { return }
        for (key, sentence) in [
            ("zero3_init_flag", "weights are loaded in parts all the same"),
            ("zero3_save_16bit_model", "models are saved whole all the same, in fp32"),
        ] where parts[key].map({ !Self.isTrue($0) }) ?? false {
            notices.append("\(path): \(key) false has no effect: \(sentence).")
        }
    }

    /// What DeepSpeed keeps out of the GPU, and the settings that do so.
    private static let offloaded = [
        ("offload_optimizer_device", "offload-optimizer-device"),
        ("offload_param_device", "offload-param-device"),
    ]

    private mutating func giveOffload(
        _ name: String, _ device: String?, _ origin: String, what: String
    ) {
        guard let device, device != "none" else { return }
        guard ["cpu", "nvme"].contains(device) else {
            give(name, "cpu", origin)
            notices.append(
                "\(what) \(device): what it is about is kept in main memory instead.")
            return
        }
        give(name, device, origin)
    }

    private static func isTrue(_ text: String) -> Bool {
        ["1", "true", "yes", "on"].contains(text.lowercased())
    }
}

extension RunSettings {
    /// Settles what is left open by what the machine says.
    ///
    /// - Parameter processCount: how many processes train together.
    /// - Returns: the names of what was taken from there, by the file or variable that says so.
    public mutating func complete(
        by machine: MachineSettings, processCount: Int = 1
    ) throws -> [(origin: String, names: [String])] {
        var taken: [(origin: String, names: [String])] = []
        for entry in machine.entries {
            guard self[entry.name] == nil, table.setting(named: entry.name) != nil,
                fits(entry.name, processCount)
            else { continue }
            do throws(SettingError) {
                try set(entry.name, to: entry.value)
            } catch {
                throw SettingsFileError(
                    file: entry.origin, key: "\(entry.name) \(entry.value)",
                    problem: error.problem)
            }
            if let place = taken.firstIndex(where: { $0.origin == entry.origin }) {
                taken[place].names.append(entry.name)
            } else {
                taken.append((entry.origin, [entry.name]))
            }
        }
        return taken
    }

    /// A machine speaks of every training: what a run is told goes before it.
    private func fits(_ name: String, _ processCount: Int) -> Bool {
        switch name {
        case "zero-stage":
            processCount > 1 && self["full-bf16"] != "true" && self["optimizer"] != "prodigy"
        case "offload-optimizer-device": method == .dreamBooth && self["full-bf16"] != "true"
        case "nvme-path":
            ["offload-optimizer-device", "offload-param-device"].contains { self[$0] == "nvme" }
        case "offload-param-device":
            method != .hypernetwork || self["fused-backward-pass"] != "true"
        case "max-grad-norm", "gradient-accumulation-steps": self["fused-backward-pass"] != "true"
        default: true
        }
    }
}
