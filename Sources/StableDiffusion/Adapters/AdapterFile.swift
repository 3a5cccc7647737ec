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
    private let file: SafetensorsFile

    /// Opens the file and sorts its tensors by layer; reads none of them.
    ///
    /// - Throws: `CheckpointError` or ``AdapterError``: one sentence that names the file.
    public init(_ url: URL) throws {
        self.url = url
        file = try SafetensorsFile(url)
        metadata = file.header.metadata
        var groups: [String: [String: String]] = [:]
        var strangers: [String] = []
        for key in file.keys {
            if let (layer, parameter) = AdapterKey.parse(key) {
                groups[layer, default: [:]][parameter] = key
            } else if !key.hasPrefix("bundle_emb.") {
                strangers.append(key)
            }
        }
        guard !groups.isEmpty else { throw AdapterError.noAdapters(file: url.path) }
        if let key = strangers.first {
            throw AdapterError.unsupported(
                file: url.path, key: key, algorithm: AdapterKey.algorithm(of: key))
        }
        self.groups = groups
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
            guard let adapter = try group.adapter(alphas: alphas, place: place) else {
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

    /// PEFT's settings, where diffusers put them beside the weights.
    private var alphas: PEFTAlphas { PEFTAlphas(metadata) }

    /// Which architecture the file was made for, as far as its widths tell.
    public var origin: String {
        for (name, keys) in groups where name.contains("attn2") && name.hasSuffix("to_k") {
            let key = keys["lora_down.weight"] ?? keys["hada_w1_b"]
            guard let shape = key.flatMap({ file.header.entries[$0]?.shape }), shape.count >= 2
            else { continue }
            switch shape[1] {
            case 768: return "Stable Diffusion 1.x"
            case 1024: return "Stable Diffusion 2.x"
            case 2048: return "SDXL"
            default: return "a model whose text is \(shape[1]) wide"
            }
        }
        return metadata["ss_base_model_version"] ?? "another model"
    }

    /// The thin axis of its layers, the most frequent first; empty where none is of low rank.
    public var ranks: [Int] {
        var counts: [Int: Int] = [:]
        for keys in groups.values {
            for name in ["lora_down.weight", "hada_w1_b", "lokr_w2_b", "lokr_w1_b"] {
                guard let shape = keys[name].flatMap({ file.header.entries[$0]?.shape }),
                    let rank = shape.first
                else { continue }
                counts[rank, default: 0] += 1
                break
            }
        }
        return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
    }

    /// The algorithms in the file, as people name them.
    public var algorithms: [String] {
        var result: Set<String> = []
        for keys in groups.values {
            if keys["lora_down.weight"] != nil {
                result.insert(keys["lora_mid.weight"] == nil ? "LoRA" : "LoCon (Tucker)")
            }
            if keys["hada_w1_a"] != nil { result.insert("LoHa") }
            if keys.keys.contains(where: { $0.hasPrefix("lokr_w") }) { result.insert("LoKr") }
            if keys["diff"] != nil { result.insert("whole differences") }
            if keys["dora_scale"] != nil || keys[AdapterKey.magnitude] != nil {
                result.insert("DoRA")
            }
        }
        return result.sorted()
    }
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
