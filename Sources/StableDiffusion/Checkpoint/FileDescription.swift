internal import Files
public import Foundation
internal import NN
internal import PyTorchArchive
internal import Torch

/// What a file or a folder of weights is, for people: `attune inspect`.
public struct FileDescription: Sendable {
    /// A line each: what is said, and of what.
    public let facts: [(label: String, value: String)]

    typealias Facts = [(label: String, value: String)]

    /// Looks at a model, LoRA, embedding, hypernetwork or training run, or says by its first bytes
    /// what else a file is.
    ///
    /// - Throws: one sentence that names the file and what it is not.
    public init(_ url: URL) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw ModelError.absent(path: url.path)
        }
        if isFolder.boolValue {
            facts = try Self.folder(url)
            return
        }
        let start = try WholeFile.prefix(url, count: FileKind.startLength)
        let isHeader = start.count > 8 && start[start.startIndex + 8] == UInt8(ascii: "{")
        switch isHeader ? .safetensors : FileKind(start: start) {
        case .safetensors: facts = try Self.withDamage(Self.safetensors(url), url)
        case .pickle, .zip: facts = try Self.archive(url)
        case let kind?: facts = try Self.foreign(kind, url)
        case nil: throw ModelError.unknownKind(path: url.path)
        }
    }

    /// A file that holds no weights.
    private static func foreign(_ kind: FileKind, _ url: URL) throws -> Facts {
        var facts: Facts = [("Kind", String(kind.name.drop { $0 != " " }.dropFirst()))]
        if kind == .zeros || kind == .empty { facts = [("Kind", kind.name)] }
        if !kind.advice.isEmpty { facts.append(("Note", kind.advice)) }
        let size = try FileManager.default.attributesOfItem(atPath: url.path)[.size]
        return facts + [("Bytes", "\(size ?? 0)"), ("SHA-256", try digest(url))]
    }

    /// With the tensors that nothing can be computed with, where there are any that are not told.
    private static func withDamage(_ facts: Facts, _ url: URL) -> Facts {
        guard !facts.contains(where: { $0.label == "Damaged" }),
            let file = try? openTensors(url)
        else { return facts }
        return facts + damage([file])
    }

    static func damage(_ files: [any TensorFile]) -> Facts {
        let bad = files.flatMap { file in
            file.keys.filter { file.tensor($0)?.isAllFinite == false }
        }
        guard let first = bad.first else { return [] }
        let others = bad.count == 1 ? "" : " and \(bad.count - 1) more"
        return [("Not finite", "\(first)\(others): nothing can be computed with it")]
    }

    private static func safetensors(_ url: URL) throws -> Facts {
        do {
            return try adapters(url) ?? embedding(url) ?? model(url)
        } catch CheckpointError.unsupportedType(_, let key, let type) {
            return [
                ("Kind", "safetensors file with weights in \(type), a type that is not supported"),
                ("First", key), ("SHA-256", try digest(url)),
            ]
        }
    }

    private static func archive(_ url: URL) throws -> Facts {
        do {
            return try withDamage(weights(url), url)
        } catch let error as PyTorchArchiveError {
            let kind = try FileKind(url) == .zip ? "zip archive" : "Python pickle"
            return [("Kind", kind), ("Not read", "\(error)"), ("SHA-256", try digest(url))]
        }
    }

    private static func weights(_ url: URL) throws -> Facts {
        if let facts = try embedding(url) { return facts }
        do {
            return try hypernetwork(try HypernetworkFile.read(url), url)
        } catch HypernetworkError.notFinite(_, let key) {
            return try damaged("hypernetwork", key, url)
        } catch {}
        return try adapters(url) ?? model(url)
    }

    /// Nil where the file holds no adapters.
    private static func adapters(_ url: URL) throws -> Facts? {
        let file: AdapterFile
        do {
            file = try AdapterFile(url)
        } catch AdapterError.unsupported(_, let key, let algorithm) {
            return [
                ("Kind", "\(algorithm) weights, which are not supported"), ("First", key),
                ("SHA-256", try digest(url)),
            ]
        } catch let error as AdapterError {
            guard case .noAdapters = error else { throw error }
            return nil
        } catch {
            return nil
        }
        return try adapters(file)
    }

    /// Nil where the file is no embedding.
    private static func embedding(_ url: URL) throws -> Facts? {
        do {
            return try embedding(try TextualInversionFile(url), url)
        } catch TextualInversionError.notFinite(_, let key) {
            return try damaged("textual inversion embedding", key, url)
        } catch {
            return nil
        }
    }

    private static func damaged(_ kind: String, _ key: String, _ url: URL) throws -> Facts {
        [("Kind", kind), notFinite(key), ("SHA-256", try digest(url))]
    }

    static func notFinite(_ key: String) -> (label: String, value: String) {
        ("Damaged", "\(key) holds values that are not finite")
    }

    private static func embedding(_ file: TextualInversionFile, _ url: URL) throws -> Facts {
        let embedding = file.embedding
        let form = file.kind == .sdxl ? "SDXL, of which clip_l is read" : file.kind.rawValue
        var facts: Facts = [
            ("Kind", "textual inversion embedding (\(form))"),
            ("Token", embedding.token),
            ("Vectors", "\(embedding.vectorCount) of width \(embedding.width)"),
            (
                "Made for",
                file.kind == .sdxl ? "SDXL" : TextualInversion.family(width: embedding.width)
            ),
        ]
        if embedding.step > 0 { facts.append(("Steps", String(embedding.step))) }
        if let name = embedding.baseModelName { facts.append(("Trained on", name)) }
        if let hash = embedding.baseModelHash { facts.append(("Its hash", hash)) }
        return facts + [("SHA-256", try digest(url))]
    }

    private static func hypernetwork(_ network: Hypernetwork, _ url: URL) throws -> Facts {
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
        return facts + [("SHA-256", try digest(url))]
    }

    /// A model, in a folder or a file, or what a file of tensors is instead.
    static func model(_ url: URL) throws -> Facts {
        let source: ModelSource
        do {
            source = try ModelSource(url)
        } catch ModelError.unsupported(let path, let what)
            where path.hasSuffix("/" + url.lastPathComponent)
        {
            return try tensors(url, what)
        }
        let factor = source.vaeConfiguration.downsamplingFactor
        let side = source.unetConfiguration.sampleSize * factor
        let types = Set(
            (source.contents.weights[.unet]?.stored.values ?? [:].values).compactMap {
                $0.file.dtype(of: $0.key)?.rawValue
            })
        var facts: Facts = [
            ("Kind", "Stable Diffusion model"),
            ("Text", TextualInversion.family(width: source.unetConfiguration.crossAttentionWidth)),
            ("Picture size", "\(side) x \(side) pixels"),
            (
                "Predicts",
                source.schedulerConfiguration.predictionType.rawValue
                    + (source.contents.guessesPrediction ? " (assumed: the file does not say)" : "")
            ),
            ("Precision", types.sorted().joined(separator: ", ")),
        ]
        if let path = source.contents.configurationFile {
            facts.append(("Configuration", URL(filePath: path).lastPathComponent))
        }
        let words = source.tokenizer.addedWords.map { word, ids in
            ids.count == 1 ? word : "\(word) (\(ids.count) vectors)"
        }
        if !words.isEmpty { facts.append(("Added words", words.joined(separator: ", "))) }
        if let notice = try? SamplerChoice(for: source.schedulerConfiguration).notice {
            facts.append(("Sampler", notice))
        }
        if let file = source.contents.weights[.unet]?.stored.values.first?.file {
            if file.keys.contains(where: { $0.hasPrefix("model_ema.diffusion_model") }) {
                facts.append(("Averaged weights", "beside the plain ones (attune convert --ema)"))
            }
            facts += said(file.metadata)
        }
        return facts + [("Hash", try source.hash)]
    }

    /// A file of tensors that is no model; what it is, as far as that is known.
    private static func tensors(_ url: URL, _ what: String) throws -> Facts {
        let file = try openTensors(url)
        let start = what.prefix { $0 != ";" }
        let kind = start.hasPrefix("is ") ? String(start.dropFirst("is ".count)) : nil
        return [
            ("Kind", kind ?? "tensors of no kind that is known (the file \(start))"),
            ("Tensors", String(file.keys.count)), ("First", file.keys.first ?? "none"),
        ] + said(file.metadata) + [("SHA-256", try digest(url))]
    }

    /// The SHA-256 of a whole file; its first ten digits are what A1111 shows.
    static func digest(_ url: URL) throws -> String {
        try SHA256.digest(ofFile: url).hexadecimal
    }

    /// What trainers write that people ask for first; then everything else.
    static func said(_ metadata: [String: String]) -> Facts {
        let first = [
            "ss_output_name", "modelspec.title", "modelspec.trigger_phrase", "ss_sd_model_name",
            "ss_sd_model_hash", "ss_base_model_version", "modelspec.architecture",
            "ss_network_module", "ss_network_dim", "ss_network_alpha", "ss_network_args",
            "ss_steps", "ss_learning_rate", "ss_optimizer", "ss_resolution",
            "ss_num_train_images", "sshs_model_hash",
        ]
        let rest = metadata.keys.filter { !first.contains($0) && $0 != "format" }.sorted()
        return (first + rest).compactMap { key in
            metadata[key].map { value in
                // JSON with an indentation would break the lines of the list.
                let line = value.split(whereSeparator: \.isWhitespace).joined(separator: " ")
                return (key, line.count > 200 ? String(line.prefix(200)) + "…" : line)
            }
        }
    }
}
