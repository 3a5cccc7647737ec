internal import Files
internal import Foundation
internal import NN
internal import Torch

/// Finds and opens the weights in the folder of one part of a diffusers model.
enum PartFiles {
    /// - Throws: ``ModelError`` when there are none; `CheckpointError` or `PyTorchArchiveError`
    ///   when a file is damaged or the index and the shards do not belong together.
    static func open(_ part: ModelPart, in folder: URL) throws -> PartWeights {
        let stem = part.weightsStem
        let found = try candidates(stem, in: folder)
        if let file = found.file {
            return try whole(try SafetensorsFile(file), file, part, isCurrent: found.isPlain)
        }
        if let index = found.index { return try sharded(index, part, isCurrent: found.isPlain) }
        // What diffusers wrote before safetensors, where there is nothing newer.
        let names = try listing(folder)
        let old = part == .textEncoder ? "pytorch_model" : stem
        for variant in ["", ".fp16", ".bf16"] where names.contains("\(old)\(variant).bin") {
            let url = folder.appending(path: "\(old)\(variant).bin")
            return try whole(try ArchiveTensors(url), url, part, isCurrent: false)
        }
        throw ModelError.missingWeights(folder: folder.path, expected: "\(stem).safetensors")
    }

    /// The file without a variant comes first, then fp16, then bf16, then any other.
    private static func candidates(
        _ stem: String, in folder: URL
    ) throws -> (file: URL?, index: URL?, isPlain: Bool) {
        let names = try listing(folder)
        let others = names.compactMap { name -> String? in
            guard name.hasPrefix("\(stem)."), name.hasSuffix(".safetensors") else { return nil }
            let variant = name.dropFirst(stem.count + 1).dropLast(".safetensors".count)
            return variant.isEmpty || variant.contains("-of-") ? nil : String(variant)
        }
        for variant in ["", "fp16", "bf16"] + others {
            let dotted = variant.isEmpty ? "" : ".\(variant)"
            let file = "\(stem)\(dotted).safetensors"
            if names.contains(file) {
                return (folder.appending(path: file), nil, variant.isEmpty)
            }
            for index in [
                "\(stem).safetensors.index\(dotted).json",
                "\(stem)\(dotted).safetensors.index.json",
            ] where names.contains(index) {
                return (nil, folder.appending(path: index), variant.isEmpty)
            }
        }
        return (nil, nil, false)
    }

    private static func listing(_ folder: URL) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        } catch {
            throw ModelError.missingPart(
                name: "\(folder.lastPathComponent)/",
                folder: folder.deletingLastPathComponent().path)
        }
    }

    private static func whole(
        _ file: any TensorFile, _ url: URL, _ part: ModelPart, isCurrent: Bool
    ) throws -> PartWeights {
        var weights = PartWeights(origin: url.path, files: [url], isCurrentSpelling: isCurrent)
        for key in file.keys { try insert(key, of: file, part, into: &weights) }
        return weights
    }

    private static func sharded(
        _ url: URL, _ part: ModelPart, isCurrent: Bool
    ) throws -> PartWeights {
        let index = try ConfigurationFile(url)
        guard let map = index.object["weight_map"] as? [String: String], !map.isEmpty else {
            throw ModelError.configuration(
                path: url.path, reason: "it has no weight_map from tensors to files")
        }
        let folder = url.deletingLastPathComponent()
        let names = Set(map.values).sorted()
        var shards: [String: SafetensorsFile] = [:]
        for name in names {
            // What a shard is called may not lead out of the folder.
            guard name.hasSuffix(".safetensors"), !name.contains("/"), !name.contains("\0") else {
                throw ModelError.configuration(
                    path: url.path,
                    reason: "it names \"\(name)\", which is not a .safetensors file beside it")
            }
            shards[name] = try SafetensorsFile(folder.appending(path: name))
        }
        let files = [url] + names.map { folder.appending(path: $0) }
        var weights = PartWeights(origin: url.path, files: files, isCurrentSpelling: isCurrent)
        for (key, name) in map.sorted(by: { $0.key < $1.key }) {
            guard let shard = shards[name], shard.shape(of: key) != nil else {
                throw CheckpointError.missing(
                    file: folder.appending(path: name).path, key: key,
                    hint: "the index says that it is there; fetch the shards again")
            }
            try insert(key, of: shard, part, into: &weights)
        }
        return weights
    }

    private static func insert(
        _ key: String, of file: any TensorFile, _ part: ModelPart, into weights: inout PartWeights
    ) throws {
        let shape = file.shape(of: key) ?? []
        try weights.insert(
            key, of: file, as: DiffusersNames.meaning(of: key, shape: shape, in: part))
    }
}
