internal import Files
public import Foundation
public import NN
public import Torch

/// Writes models as folders in the layout of diffusers.
///
/// A model appears whole or not at all: everything is written to a temporary folder first. In a
/// folder that is there already it takes the place of the model in it; what else the folder holds
/// (checkpoints, logs, pictures) is not touched.
public enum ModelWriter {
    /// Writes a model of which some networks may have new weights.
    ///
    /// All weights of the folder have one dtype, whatever the source had. Parts without new
    /// weights are copied as they are where that gives the same, and are else written anew, under
    /// the names of today and without variant. The safety checker is left out.
    ///
    /// - Parameters:
    ///   - url: the folder to write; the one it stands in must exist.
    ///   - source: gives configuration, tokenizer, scheduler and the untouched weights.
    ///   - unet: new weights of the U-Net; nil: those of the source.
    ///   - textEncoder: new weights of the text encoder; nil: those of the source.
    ///   - autoencoder: new weights of the autoencoder; nil: those of the source.
    ///   - dtype: what weights are written in; nil: float32.
    ///   - replacing: false: an error where the folder holds one of ``entries`` already.
    /// - Throws: `CheckpointError` when weights are not finite, before anything is replaced, or a
    ///   file error.
    public static func write(
        to url: URL, source: ModelSource, unet: ParameterStore? = nil,
        textEncoder: ParameterStore? = nil, autoencoder: ParameterStore? = nil,
        dtype: DType? = nil, replacing: Bool = true
    ) throws {
        let dtype = dtype ?? .float32
        precondition(dtype.isFloatingPoint, "weights cannot be written in \(dtype)")
        let replacement = try FolderReplacement(of: url)
        do {
            try fill(replacement.temporary, source, unet, textEncoder, autoencoder, dtype)
        } catch let error as FileError {
            throw error.relocated(from: replacement.temporary, to: url)
        }
        try replacement.commit(
            replacing: entries, overwriting: replacing, last: "model_index.json")
    }

    private static func fill(
        _ folder: URL, _ source: ModelSource, _ unet: ParameterStore?,
        _ textEncoder: ParameterStore?, _ autoencoder: ParameterStore?, _ dtype: DType
    ) throws {
        for part in ModelPart.allCases {
            let target = folder.appending(path: part.rawValue)
            try Folder.create(target)
            let store =
                switch part {
                case .unet: unet
                case .vae: autoencoder
                case .textEncoder: textEncoder
                }
            try writeWeights(part, store, source, to: target, dtype)
            guard let file = source.contents.configurations[part] else { continue }
            try AtomicFile.write(try file.bytes(), to: target.appending(path: "config.json"))
        }
        let scheduler = folder.appending(path: "scheduler")
        try Folder.create(scheduler)
        try AtomicFile.write(
            try source.contents.scheduler.bytes(),
            to: scheduler.appending(path: "scheduler_config.json"))
        try writeTokenizer(source.contents, to: folder.appending(path: "tokenizer"))
        try AtomicFile.write(
            try index(source).bytes(), to: folder.appending(path: "model_index.json"))
    }

    /// What of an existing folder belongs to the model that is replaced.
    public static let entries = [
        "model_index.json", "unet", "vae", "text_encoder", "tokenizer", "scheduler",
        "safety_checker", "feature_extractor", "image_encoder",
    ]

    private static func writeWeights(
        _ part: ModelPart, _ store: ParameterStore?, _ source: ModelSource, to folder: URL,
        _ dtype: DType
    ) throws {
        let weights = source.contents.weights[part]
        if store == nil, let weights, weights.isCurrentSpelling, weights.isStored(as: dtype) {
            try weights.requireFinite()
            for file in weights.files { try copy(file, to: folder) }
            return
        }
        let parameters =
            if let store {
                store
            } else {
                switch part {
                case .unet: try source.unet(dtype: dtype).parameters
                case .vae: try source.autoencoder(dtype: dtype).parameters
                case .textEncoder: try source.textEncoder(dtype: dtype).parameters
                }
            }
        try SafetensorsWriter.write(
            parameters.entries, to: folder.appending(path: "\(part.weightsStem).safetensors"),
            dtype: dtype, contents: parameters.contents ?? { $0 })
    }

    private static func writeTokenizer(_ contents: ModelContents, to folder: URL) throws {
        try Folder.create(folder)
        let names = [
            "vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json",
            "added_tokens.json", "tokenizer.json",
        ]
        for name in names {
            let url = contents.tokenizerFolder.appending(path: name)
            guard FileManager.default.fileExists(atPath: url.path) else { continue }
            guard let token = contents.paddingToken, name.contains("token"),
                name != "tokenizer.json"
            else {
                try copy(url, to: folder)
                continue
            }
            var file = try ConfigurationFile(url)
            file.object["pad_token"] = token
            try AtomicFile.write(try file.bytes(), to: folder.appending(path: name))
        }
    }

    private static func index(_ source: ModelSource) -> ConfigurationFile {
        let old = source.contents.index?.object ?? [:]
        var object: [String: Any] = [
            "_class_name": "StableDiffusionPipeline",
            "_diffusers_version": old["_diffusers_version"] as? String
                ?? SingleFileSettings.diffusersVersion,
            "requires_safety_checker": false,
            "tokenizer": old["tokenizer"] ?? ["transformers", "CLIPTokenizer"],
        ]
        for part in ModelPart.allCases {
            let library = part == .textEncoder ? "transformers" : "diffusers"
            object[part.rawValue] = [library, part.className]
        }
        let scheduler = source.contents.scheduler.object["_class_name"] as? String
        object["scheduler"] = old["scheduler"] ?? ["diffusers", scheduler ?? "PNDMScheduler"]
        for left in ["safety_checker", "feature_extractor", "image_encoder"] {
            object[left] = [NSNull(), NSNull()]
        }
        return ConfigurationFile(path: "model_index.json", object: object)
    }

    /// Copies a file in pieces, so that its size is no matter.
    private static func copy(_ url: URL, to folder: URL) throws {
        let input: FileHandle
        do {
            input = try FileHandle(forReadingFrom: url)
        } catch {
            throw FileError(.read, url, errorNumber: ENOENT)
        }
        defer { try? input.close() }
        let output = try AtomicFile(at: folder.appending(path: url.lastPathComponent))
        while let piece = try input.read(upToCount: 1 << 23), !piece.isEmpty {
            try output.write(piece)
        }
        try output.commit()
    }
}
