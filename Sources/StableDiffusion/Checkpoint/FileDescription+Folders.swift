internal import Files
internal import Foundation
internal import NN
internal import Torch

// Folders: models in the layout of diffusers, what training writes, and its checkpoints.
extension FileDescription {
    /// The names of training's files, which `Training` writes.
    private enum Name {
        static let state = "state.json"
        static let log = "training.jsonl"
        static let provenance = "provenance.json"
        static let checkpoint = "checkpoint-"
    }

    static func folder(_ url: URL) throws -> Facts {
        func has(_ name: String) -> Bool {
            FileManager.default.fileExists(atPath: url.appending(path: name).path)
        }
        if has(Name.state), let state = state(url) { return checkpoint(state) }
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? [])
            .sorted()
        let checkpoints = names.filter {
            $0.hasPrefix(Name.checkpoint) && Int($0.dropFirst(Name.checkpoint.count)) != nil
        }
        guard has(Name.log) || !checkpoints.isEmpty else {
            let weights = has("model_index.json") ? nil : AdapterFile.weights(in: url)
            return try weights.map { try FileDescription($0).facts } ?? sound(url)
        }
        return run(url, names, checkpoints)
            + (has("model_index.json") ? try sound(url) : [])
    }

    /// A model in a folder, with what is damaged in its weights.
    private static func sound(_ url: URL) throws -> Facts {
        let facts = try model(url)
        let weights = try ModelSource(url).contents.weights
        let files = ModelPart.allCases.flatMap { part in
            let stored = weights[part]?.stored.values.map(\.file) ?? []
            return Dictionary(stored.map { ($0.path, $0) }) { first, _ in first }.values
                .sorted { $0.path < $1.path }
        }
        return facts + damage(files)
    }

    private static func state(_ folder: URL) -> [String: Any]? {
        let object = object(folder.appending(path: Name.state))
        return object?["step"] is Int ? object : nil
    }

    private static func object(_ file: URL) -> [String: Any]? {
        guard let data = try? WholeFile.read(file, limit: 16 << 20) else { return nil }
        return try? JSONSerialization.jsonObject(with: data) as? [String: Any]
    }

    private static func checkpoint(_ state: [String: Any]) -> Facts {
        var facts: Facts = [
            ("Kind", "training checkpoint, to resume from"),
            ("Step", "\(state["step"] ?? 0)"),
        ]
        if let count = state["exampleCount"] as? Int {
            facts.append(("Examples drawn", String(count)))
        }
        return facts + settings(state)
    }

    private static func settings(_ state: [String: Any]) -> Facts {
        (state["settings"] as? [String: String] ?? [:]).sorted { $0.key < $1.key }.map {
            ("\($0.key)", $0.value.count > 200 ? String($0.value.prefix(200)) + "…" : $0.value)
        }
    }

    private static func run(_ url: URL, _ names: [String], _ checkpoints: [String]) -> Facts {
        var facts: Facts = [("Kind", "training run")]
        if let last = lastStep(url.appending(path: Name.log)) {
            facts.append(("Steps", String(last.step)))
            if let loss = last.loss { facts.append(("Last loss", String(format: "%.4f", loss))) }
        }
        let made = names.filter { name in
            [".safetensors", ".pt"].contains { name.hasSuffix($0) }
        }
        if !made.isEmpty { facts.append(("Files", made.joined(separator: ", "))) }
        let sorted = checkpoints.sorted {
            (Int($0.dropFirst(Name.checkpoint.count)) ?? 0)
                < (Int($1.dropFirst(Name.checkpoint.count)) ?? 0)
        }
        if !sorted.isEmpty { facts.append(("Checkpoints", sorted.joined(separator: ", "))) }
        let provenance = object(url.appending(path: Name.provenance))
        for (label, key) in [
            ("Trained on", "model"), ("Its hash", "model_hash"), ("Made with Attune", "attune"),
        ] {
            if let value = provenance?[key] as? String { facts.append((label, value)) }
        }
        let newest = sorted.last.flatMap { state(url.appending(path: $0)) }
        return facts + settings(provenance ?? newest ?? [:])
    }

    /// The last step of a log; its last line may be cut short.
    private static func lastStep(_ log: URL) -> (step: Int, loss: Double?)? {
        guard let data = try? WholeFile.read(log, limit: 1 << 28) else { return nil }
        var result: (step: Int, loss: Double?)?
        for line in data.split(separator: UInt8(ascii: "\n")).suffix(64) {
            guard
                let object = try? JSONSerialization.jsonObject(with: Data(line)) as? [String: Any],
                let step = object["step"] as? Int
            else { continue }
            result = (step, object["loss"] as? Double ?? result?.loss)
        }
        return result
    }
}
