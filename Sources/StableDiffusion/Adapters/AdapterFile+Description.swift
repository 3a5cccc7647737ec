internal import Foundation
internal import Torch

// What a file of adapters says about itself, for people.
extension AdapterFile {
    /// Which architecture the file was made for, as far as its names and widths tell.
    public var origin: String {
        if let name = nameOfOther { return name }
        if let width = textWidth {
            return width == 2048 ? "SDXL" : TextualInversion.family(width: width)
        }
        let said =
            metadata["ss_base_model_version"] ?? metadata["modelspec.architecture"] ?? ""
        for (start, name) in Self.versions where said.hasPrefix(start) { return name }
        return said.isEmpty ? "a model that the file does not name" : said
    }

    /// What kohya's `ss_base_model_version` and Stability's `modelspec.architecture` begin with.
    private static let versions = [
        ("sdxl", "SDXL"), ("stable-diffusion-xl", "SDXL"), ("sd_v1", "Stable Diffusion 1.x"),
        ("stable-diffusion-v1", "Stable Diffusion 1.x"), ("sd_v2", "Stable Diffusion 2.x"),
        ("stable-diffusion-v2", "Stable Diffusion 2.x"), ("sd3", "Stable Diffusion 3"),
        ("stable-diffusion-3", "Stable Diffusion 3"), ("flux", "Flux"),
    ]

    /// Architectures that the names of their layers tell.
    private var nameOfOther: String? {
        func any(_ parts: String...) -> Bool {
            groups.keys.contains { name in parts.contains { name.contains($0) } }
        }
        if any("double_blocks", "single_blocks", "single_transformer_blocks") { return "Flux" }
        if any("joint_blocks") || (any("transformer.transformer_blocks.") && !any("unet.")) {
            return "Stable Diffusion 3 or a relative of it"
        }
        if any("lora_te2_", "text_encoder_2.", "add_embedding", "label_emb") { return "SDXL" }
        if any("lora_prior_", "lora_transformer_") { return "a model of another family" }
        return nil
    }

    /// The width of the text that cross-attention takes in.
    private var textWidth: Int? {
        for (name, keys) in groups
        where name.contains("attn2") && (name.hasSuffix("to_k") || name.hasSuffix("to_v")) {
            for parameter in ["lora_down.weight", "hada_w1_b", "a2.weight", "diff"] {
                if let shape = shape(keys[parameter]), shape.count >= 2 { return shape[1] }
            }
            func columns(_ number: Int) -> Int? {
                (shape(keys["lokr_w\(number)"]) ?? shape(keys["lokr_w\(number)_b"]))?.last
            }
            if let first = columns(1), let second = columns(2) { return first * second }
        }
        return nil
    }

    /// The thin axis of its layers, the most frequent first; empty where none is of low rank.
    public var ranks: [Int] {
        var counts: [Int: Int] = [:]
        for keys in groups.values {
            let names = ["lora_down.weight", "hada_w1_b", "lokr_w2_b", "lokr_w1_b", "b2.weight"]
            if let rank = names.lazy.compactMap({ self.shape(keys[$0])?.first }).first {
                counts[rank, default: 0] += 1
            }
        }
        return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
    }

    /// The alphas of its layers, the most frequent first; empty where none is stored.
    ///
    /// A number for each layer is read, not the weights.
    public var alphas: [Double] {
        var counts: [Double: Int] = [:]
        for keys in groups.values where keys["oft_blocks"] == nil {
            if let alpha = keys["alpha"].flatMap(tensor), alpha.count == 1 {
                counts[alpha.item(), default: 0] += 1
            }
        }
        return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
    }

    /// How many layers of the U-Net, and of text encoders, the file changes.
    public var layerCounts: (unet: Int, textEncoder: Int) {
        let text = groups.keys.filter {
            $0.hasPrefix("lora_te") || $0.hasPrefix("text_encoder") || $0.contains("text_model")
        }.count
        return (groups.count - text, text)
    }

    /// The algorithms in the file, as people name them.
    public var algorithms: [String] {
        var result: Set<String> = []
        for keys in groups.values {
            func has(_ name: String) -> Bool { keys[name] != nil }
            if has("lora_down.weight") {
                result.insert(has("lora_mid.weight") ? "LoCon (Tucker)" : "LoRA")
            }
            if has("hada_w1_a") { result.insert("LoHa") }
            if keys.keys.contains(where: { $0.hasPrefix("lokr_w") }) { result.insert("LoKr") }
            if has("diff") { result.insert("whole differences") }
            if has("w_norm") || has("b_norm") { result.insert("norms") }
            if has("diff_b") || has("lora_up.bias") { result.insert("biases") }
            if has("on_input") { result.insert("IA3") }
            if has("a1.weight") { result.insert("GLoRA") }
            if has("oft_blocks") {
                result.insert(shape(keys["oft_blocks"])?.count == 4 ? "BOFT" : "OFT")
            }
            if has("dora_scale") || has(AdapterKey.magnitude) { result.insert("DoRA") }
        }
        return result.sorted()
    }
}
