internal import Files
public import Foundation
internal import PyTorchArchive
internal import Torch

/// What a file or a folder of weights is, for people: `attune inspect`.
public struct FileDescription: Sendable {
    /// A line each: what is said, and of what.
    public let facts: [(label: String, value: String)]

    /// Looks at a model, LoRA, embedding or hypernetwork; reads no more than it needs.
    ///
    /// - Throws: one sentence that names the file and what it is not.
    public init(_ url: URL) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw ModelError.absent(path: url.path)
        }
        if isFolder.boolValue {
            facts = try Self.model(url)
            return
        }
        let start = try WholeFile.prefix(url, count: 2)
        let isPickle = start.starts(with: [0x50, 0x4B]) || start.first == 0x80
        facts = isPickle ? try Self.archive(url) : try Self.safetensors(url)
    }

    private typealias Facts = [(label: String, value: String)]

    private static func safetensors(_ url: URL) throws -> Facts {
        if let adapters = try? AdapterFile(url) {
            var facts: Facts = [
                ("Kind", adapters.algorithms.joined(separator: ", ")),
                ("Made for", adapters.origin),
                ("Layers", String(adapters.groups.count)),
            ]
            if !adapters.ranks.isEmpty {
                facts.append(("Rank", adapters.ranks.map(String.init).joined(separator: ", ")))
            }
            return facts + said(adapters.metadata)
        }
        if let file = try? TextualInversionFile(url) { return embedding(file) }
        return try model(url)
    }

    private static func archive(_ url: URL) throws -> Facts {
        if let file = try? TextualInversionFile(url) { return embedding(file) }
        if let network = try? HypernetworkFile.read(url) {
            let configuration = network.configuration
            var facts: Facts = [
                ("Kind", "hypernetwork"), ("Name", network.name),
                ("Widths", configuration.widths.map(String.init).joined(separator: ", ")),
                (
                    "Layer structure",
                    configuration.layerStructure.map { "\($0)" }.joined(separator: ", ")
                ),
                ("Activation", configuration.activation.rawValue),
                ("Steps", String(network.step)),
            ]
            if let name = network.checkpointName { facts.append(("Trained on", name)) }
            if let hash = network.checkpointHash { facts.append(("Its hash", hash)) }
            return facts
        }
        let archive = try PyTorchArchive(url, skippingUnknownObjects: true)
        let tensors = try archive.tensors()
        return [
            ("Kind", "a PyTorch archive of \(tensors.count) tensors"),
            ("First", tensors.first?.name ?? "none"),
        ]
    }

    private static func embedding(_ file: TextualInversionFile) -> Facts {
        let embedding = file.embedding
        var facts: Facts = [
            ("Kind", "textual inversion embedding (\(file.kind.rawValue))"),
            ("Token", embedding.token),
            ("Vectors", "\(embedding.vectorCount) of width \(embedding.width)"),
            ("Made for", TextualInversion.family(width: embedding.width)),
        ]
        if embedding.step > 0 { facts.append(("Steps", String(embedding.step))) }
        if let name = embedding.baseModelName { facts.append(("Trained on", name)) }
        return facts
    }

    private static func model(_ url: URL) throws -> Facts {
        let source = try ModelSource(url)
        let factor = source.vaeConfiguration.downsamplingFactor
        let side = source.unetConfiguration.sampleSize * factor
        return [
            ("Kind", "Stable Diffusion model"),
            ("Text", TextualInversion.family(width: source.unetConfiguration.crossAttentionWidth)),
            ("Picture size", "\(side) x \(side) pixels"),
            ("Predicts", source.schedulerConfiguration.predictionType.rawValue),
            ("Hash", try source.hash),
        ]
    }

    /// What trainers write that people ask for first; then everything else.
    private static func said(_ metadata: [String: String]) -> Facts {
        let first = [
            "ss_output_name", "modelspec.trigger_phrase", "ss_sd_model_name", "ss_network_dim",
            "ss_network_alpha", "ss_network_args", "ss_steps", "ss_learning_rate", "ss_optimizer",
            "ss_resolution", "ss_num_train_images", "sshs_model_hash",
        ]
        let rest = metadata.keys.filter { !first.contains($0) && $0 != "format" }.sorted()
        return (first + rest).compactMap { key in
            metadata[key].map { (key, $0.count > 200 ? String($0.prefix(200)) + "…" : $0) }
        }
    }
}
