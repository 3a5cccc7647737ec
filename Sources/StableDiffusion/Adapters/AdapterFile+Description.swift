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
            // A file may claim any width where it holds no element.
            if let first = columns(1), let second = columns(2) {
                let (width, overflows) = first.multipliedReportingOverflow(by: second)
                return overflows ? nil : width
            }
        }
        return nil
    }

    /// The thin axis of its layers, the most frequent first; empty where none is of low rank.
    public var ranks: [Int] { mostFrequent { name in self.rank(name) } }

    /// The alphas of its layers, the most frequent first; empty where none is said.
    ///
    /// A number for each layer is read, not the weights.
    public var alphas: [Double] { mostFrequent { name in self.alpha(name)?.value } }

    /// The factors of its layers, alpha divided by the rank or by its root, the most frequent
    /// first; empty where none is said.
    public var scales: [Double] {
        mostFrequent { name in
            guard let alpha = self.alpha(name), let rank = self.rank(name), rank > 0 else {
                return nil
            }
            return alpha.isRankStabilized
                ? alpha.value / Double(rank).squareRoot() : alpha.value / Double(rank)
        }
    }

    private func alpha(_ name: String) -> (value: Double, isRankStabilized: Bool)? {
        guard let keys = groups[name], keys["oft_blocks"] == nil else { return nil }
        if let stored = keys["alpha"].flatMap(tensor) {
            return stored.count == 1 ? (stored.item(), false) : nil
        }
        return scale(name).map { ($0.alpha, $0.isRankStabilized) }
    }

    private func rank(_ name: String) -> Int? {
        let keys = groups[name] ?? [:]
        return ["lora_down.weight", "hada_w1_b", "lokr_w2_b", "lokr_w1_b", "b2.weight"].lazy
            .compactMap { self.shape(keys[$0])?.first }.first ?? scale(name)?.rank
    }

    private func mostFrequent<Value: Comparable & Hashable>(
        _ value: (String) -> Value?
    ) -> [Value] {
        var counts: [Value: Int] = [:]
        for name in groups.keys {
            if let found = value(name) { counts[found, default: 0] += 1 }
        }
        return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
    }

    /// How many layers have a scale that neither a tensor nor a setting says, and that is taken
    /// for 1, as diffusers and A1111 take it.
    var assumedScaleCount: Int {
        guard metadata[AdapterWriter.scaleKey] == nil else { return 0 }
        return groups.count { name, keys in
            guard keys["alpha"] == nil, scale(name) == nil else { return false }
            // The processors of old diffusers had no alpha.
            if keys.values.contains(where: { $0.contains("_lora.") }) { return false }
            let thin = ["lora_down.weight", "hada_w1_b", "lokr_w1_b", "lokr_w2_b", "b2.weight"]
            // LyCORIS has no scale for a LoKr of two whole factors; PEFT has one.
            return thin.contains { keys[$0] != nil }
                || keys["lokr_w2"].map { !AdapterKey.isKohya($0) } ?? false
        }
    }

    /// What had to be assumed of the file, as a sentence; nil: nothing.
    public var assumption: String? {
        let count = assumedScaleCount
        guard count > 0 else { return nil }
        let isAlone = settings.isEmpty && file.keys.contains(where: AdapterKey.isOwnOfPEFT)
        return "\(url.lastPathComponent) does not say the alpha of "
            + (count == groups.count ? "its layers" : "\(count) of its \(groups.count) layers")
            + ": it is taken for their rank, so that what was trained counts as it is"
            + (isAlone
                ? "; PEFT writes it into \(PEFTSettings.fileName), which is not there." : ".")
    }

    /// What people should know who lay the file over a model, a sentence each: what had to be
    /// assumed, and a strength without effect.
    public func notices(unetStrength: Double, textEncoderStrength: Double) -> [String] {
        var result = [assumption].compactMap { $0 }
        guard unetStrength != textEncoderStrength else { return result }
        let (name, counts) = (url.lastPathComponent, layerCounts)
        if counts.textEncoder == 0 {
            result.append(
                "\(name) changes no text encoder, so the strength \(textEncoderStrength) for it "
                    + "has no effect.")
        }
        if counts.unet == 0 {
            result.append(
                "\(name) changes the text encoder only, so the strength \(unetStrength) for the "
                    + "U-Net has no effect.")
        }
        return result
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
