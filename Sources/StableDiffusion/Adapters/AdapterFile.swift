public import Foundation
internal import NN
internal import Torch

/// A file of adapters in any of the spellings that trainers write: kohya's, LyCORIS', diffusers'
/// (new and old) and PEFT's.
public final class AdapterFile {
    /// The file.
    public let url: URL
    /// What its header says besides the tensors: training settings, for those who ask.
    public let metadata: [String: String]
    /// The parameters of each layer, by the layer's name in the file.
    let groups: [String: [String: String]]
    /// The keys of the embeddings that the file brings along: by their word, then by the part.
    let bundles: [String: [String: String]]
    private let file: SafetensorsFile

    /// Opens the file and sorts its tensors by layer; reads none of them.
    ///
    /// - Throws: `CheckpointError` or ``AdapterError``: one sentence that names the file.
    public init(_ url: URL) throws {
        self.url = url
        file = try SafetensorsFile(url)
        metadata = file.header.metadata
        var groups: [String: [String: String]] = [:]
        var bundles: [String: [String: String]] = [:]
        var strangers: [String] = []
        for key in file.keys {
            if let (word, part) = Self.bundled(key) {
                bundles[word, default: [:]][part] = key
            } else if let (layer, parameter) = AdapterKey.parse(key) {
                groups[layer, default: [:]][parameter] = key
            } else {
                strangers.append(key)
            }
        }
        guard !groups.isEmpty else { throw AdapterError.noAdapters(file: url.path) }
        if let key = strangers.first {
            throw AdapterError.unsupported(
                file: url.path, key: key, algorithm: AdapterKey.algorithm(of: key))
        }
        self.groups = groups
        self.bundles = bundles
    }

    /// Makes adapters of the file's tensors and finds their layers.
    ///
    /// - Parameters:
    ///   - layers: all layers of the model.
    ///   - model: how messages name the model.
    /// - Throws: ``AdapterError`` when anything in the file has no place in the model.
    public func adapters(for layers: [AdaptedLayer], model: String) throws -> AdapterSet {
        let names = AdapterNames(layers)
        var found: [String: any LayerAdapter] = [:]
        var lost: [String] = []
        for (name, keys) in groups {
            guard let place = names[name] else {
                lost.append(name)
                continue
            }
            let group = AdapterTensors(
                file: url.path, name: name,
                tensors: keys.mapValues { [file] key in file.tensor(key) },
                device: place.layer.weight.device)
            guard let adapter = try group.adapter(alphas: PEFTAlphas(metadata), place: place) else {
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

    func shape(_ key: String?) -> [Int]? { key.flatMap { file.header.entries[$0]?.shape } }
    func dtype(_ key: String) -> DType? { file.header.entries[key]?.dtype }
    func tensor(_ key: String) -> Tensor? { file.tensor(key) }
}

/// `lora_adapter_metadata` of diffusers: the alphas that its files have no tensors for.
struct PEFTAlphas {
    private let settings: [String: Any]

    init(_ metadata: [String: String]) {
        let text = metadata["lora_adapter_metadata"] ?? "{}"
        let parsed = try? JSONSerialization.jsonObject(with: Data(text.utf8))
        settings = parsed as? [String: Any] ?? [:]
    }

    /// - Parameter rank: what alpha is where nothing is said.
    func alpha(_ place: AdaptedLayer, rank: Int) -> Double {
        let prefix = place.network.rawValue
        let pattern = settings["\(prefix).alpha_pattern"] as? [String: Any]
        let own = pattern?[place.name] as? Double
        let alpha = own ?? settings["\(prefix).lora_alpha"] as? Double ?? Double(rank)
        guard settings["\(prefix).use_rslora"] as? Bool == true else { return alpha }
        return alpha * Double(rank).squareRoot()
    }
}
