public import Foundation
internal import NN
public import Torch

/// A file of adapters in any of the spellings that trainers write: kohya's, LyCORIS', diffusers'
/// (new and old) and PEFT's; `.safetensors`, or the `.bin` and `.pt` of older versions.
public final class AdapterFile {
    /// The file.
    public let url: URL
    /// What its header says besides the tensors: training settings, for those who ask.
    public let metadata: [String: String]
    /// The parameters of each layer, by the layer's name in the file.
    let groups: [String: [String: String]]
    /// The keys of the embeddings that the file brings along: by their word, then by the part.
    let bundles: [String: [String: String]]
    let file: any TensorFile
    let settings: PEFTSettings

    /// Names of the weights in a folder that PEFT or diffusers saved.
    private static let savedNames = [
        "adapter_model.safetensors", "pytorch_lora_weights.safetensors", "adapter_model.bin",
        "pytorch_lora_weights.bin",
    ]

    /// The file with the weights of a folder that PEFT or diffusers saved; nil where there is none.
    static func weights(in folder: URL) -> URL? {
        savedNames.map { folder.appending(path: $0) }
            .first { FileManager.default.fileExists(atPath: $0.path) }
    }

    /// Opens the file and sorts its tensors by layer; reads none of them.
    ///
    /// Of a folder that PEFT or diffusers saved, it is the file with the weights.
    ///
    /// - Throws: `CheckpointError`, `PyTorchArchiveError` or ``AdapterError``: one sentence that
    ///   names the file.
    public init(_ url: URL) throws {
        let url = Self.weights(in: url) ?? url
        self.url = url
        file = try openTensors(url)
        metadata = file.metadata
        var groups: [String: [String: String]] = [:]
        var bundles: [String: [String: String]] = [:]
        var strangers: [String] = []
        var names: Set<String> = []
        for key in file.keys {
            if let (word, part) = Self.bundled(key) {
                bundles[word, default: [:]][part] = key
            } else if let parsed = AdapterKey(key) {
                let other = groups[parsed.layer, default: [:]].updateValue(
                    key, forKey: parsed.parameter)
                if let other {
                    throw AdapterError.malformed(
                        file: url.path, key: key, problem: "says the same as \(other)")
                }
                if let name = parsed.adapter { names.insert(name) }
            } else {
                strangers.append(key)
            }
        }
        guard !groups.isEmpty else { throw AdapterError.noAdapters(file: url.path) }
        if let key = strangers.first {
            throw AdapterError.unsupported(
                file: url.path, key: key, algorithm: AdapterKey.algorithm(of: key))
        }
        guard names.count < 2 else {
            throw AdapterError.severalAdapters(file: url.path, names: names.sorted())
        }
        self.groups = groups
        self.bundles = bundles
        let stem = url.deletingPathExtension().lastPathComponent
        settings = try PEFTSettings(
            url, metadata: metadata,
            isOwnOfPEFT: stem == PEFTSettings.ownStem
                || file.keys.contains(where: AdapterKey.isOwnOfPEFT))
    }

    /// Makes adapters of the file's tensors and finds their layers.
    ///
    /// - Parameters:
    ///   - layers: all layers of the model.
    ///   - model: how messages name the model.
    ///   - device: where they compute; nil: where the layers' weights are.
    /// - Throws: ``AdapterError`` when anything in the file has no place in the model.
    public func adapters(
        for layers: [AdaptedLayer], model: String, device: Device? = nil
    ) throws -> AdapterSet {
        let names = AdapterNames(layers)
        var found: [String: any LayerAdapter] = [:]
        var lost: [String] = []
        for (name, keys) in groups {
            guard let place = names[name] else {
                lost.append(name)
                continue
            }
            let group = AdapterTensors(
                file: url.path, name: name, tensors: try tensors(keys),
                scale: scale(name), settingsFile: settings.file,
                device: device ?? place.layer.weight.device)
            guard let adapter = try group.adapter(place: place) else {
                lost.append(name)
                continue
            }
            found[place.diffusersName] = adapter
        }
        guard lost.isEmpty else {
            throw AdapterError.otherModel(
                file: url.path, madeFor: origin, model: model, keys: lost.sorted())
        }
        return AdapterSet(
            layers.compactMap { place in
                found[place.diffusersName].map { AdapterSet.Entry(place: place, adapter: $0) }
            })
    }

    // MARK: - Tensors

    /// The tensors of a layer in float32, on the CPU.
    ///
    /// - Throws: `CheckpointError` or ``AdapterError`` for one that is not finite, or holds nothing.
    private func tensors(_ keys: [String: String]) throws -> [String: Tensor] {
        var result: [String: Tensor] = [:]
        for (parameter, key) in keys.sorted(by: { $0.value < $1.value }) {
            guard let stored = try file.finiteTensor(key) else { continue }
            guard stored.count > 0 else {
                throw AdapterError.malformed(
                    file: url.path, key: key,
                    problem: "has the shape \(stored.shape), which holds nothing")
            }
            let tensor = stored.cast(to: .float32)
            guard stored.dtype != .float64 || tensor.isAllFinite else {
                throw CheckpointError.tooLarge(file: url.path, key: key, dtype: .float32)
            }
            result[parameter] = tensor
        }
        return result
    }

    /// The first key, in the order of the names, whose values are not all finite; nil: none. Reads
    /// the whole file.
    public var firstKeyNotFinite: String? {
        groups.values.flatMap(\.values).sorted().first { file.tensor($0)?.isAllFinite == false }
    }

    /// How a layer's change is scaled, by the settings beside its tensors.
    func scale(_ layer: String) -> PEFTSettings.Scale? {
        settings.scale(
            layer, hasRankStabilization: groups[layer]?["lora_down.weight"] != nil)
    }

    func shape(_ key: String?) -> [Int]? { key.flatMap(file.shape) }
    func dtype(_ key: String) -> DType? { file.dtype(of: key) }
    func tensor(_ key: String) -> Tensor? { file.tensor(key) }
}
