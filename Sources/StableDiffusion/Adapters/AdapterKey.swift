import Foundation

/// How a key of an adapter file is made up: a layer's name and a parameter's.
///
/// Whatever the spelling, parameters get kohya's and LyCORIS' names here.
struct AdapterKey {
    /// The layer's name, as the file spells it.
    let layer: String
    /// The parameter's name, as kohya and LyCORIS spell it.
    let parameter: String
    /// What PEFT calls the adapter, in a file that says so in its keys.
    var adapter: String?

    /// - Returns: nil for what is no parameter of an adapter that can be read.
    init?(_ key: String) {
        if let dot = key.firstIndex(of: "."), Self.isKohya(key) {
            let parameter = String(key[key.index(after: dot)...])
            if Self.kohyaParameters.contains(parameter) {
                self.init(layer: String(key[..<dot]), parameter: parameter)
                return
            }
        }
        guard let found = Self.peft(key) ?? Self.diffusers(key) ?? Self.processor(key) else {
            return nil
        }
        self = found
    }

    private init(layer: some StringProtocol, parameter: String, adapter: String? = nil) {
        self.layer = String(layer)
        self.parameter = parameter
        self.adapter = adapter
    }

    /// `LAYER.PARAMETER.ADAPTER.weight`, where both the adapter's name and the ending may be left
    /// out: PEFT's own state has all of it, and its files leave the name out.
    private static func peft(_ key: String) -> AdapterKey? {
        var parts = key.split(separator: ".", omittingEmptySubsequences: false)
        let ending = parts.last.map(String.init) ?? ""
        let hasEnding = ["weight", "bias"].contains(ending)
        if hasEnding { parts.removeLast() }
        // A name has no dots, so the parameter is the last part or the one before it.
        for count in 1...2 where parts.count > count {
            let part = String(parts[parts.count - count])
            guard let names = peftParameters[part], let name = names[hasEnding ? ending : ""] else {
                continue
            }
            return AdapterKey(
                layer: withoutPrefix(parts.dropLast(count).joined(separator: ".")),
                parameter: name, adapter: count == 2 ? parts.last.map(String.init) : nil)
        }
        return nil
    }

    private static func diffusers(_ key: String) -> AdapterKey? {
        for (ending, parameter) in endings where key.hasSuffix(ending) {
            return AdapterKey(
                layer: withoutPrefix(key.dropLast(ending.count)), parameter: parameter)
        }
        return nil
    }

    /// Before PEFT the attention's layers were named by the processor that held them; the text
    /// encoder's, in diffusers 0.17, by the attention alone. Source:
    /// `DIFFUSERS_OLD_TO_PEFT` in diffusers' `utils/state_dict_utils.py`.
    private static func processor(_ key: String) -> AdapterKey? {
        for (ending, parameter) in [
            (".down.weight", "lora_down.weight"), (".up.weight", "lora_up.weight"),
        ] where key.hasSuffix(ending) {
            let stem = withoutPrefix(key.dropLast(ending.count))
            guard stem.hasSuffix("_lora"), let dot = stem.lastIndex(of: ".") else { return nil }
            let place = stem[..<dot]
            let name = String(stem[stem.index(after: dot)...].dropLast("_lora".count))
            if place.hasSuffix(".processor") {
                let attention = place.dropLast(".processor".count)
                return AdapterKey(
                    layer: "\(attention).\(name == "to_out" ? "to_out.0" : name)",
                    parameter: parameter)
            }
            guard place.hasSuffix(".self_attn"), let projection = textProjections[name] else {
                return nil
            }
            return AdapterKey(layer: "\(place).\(projection)", parameter: parameter)
        }
        return nil
    }

    private static let textProjections = [
        "to_q": "q_proj", "to_k": "k_proj", "to_v": "v_proj", "to_out": "out_proj",
    ]

    /// Whether a file that has such a key may be PEFT's own, with its settings beside it.
    static func isOwnOfPEFT(_ key: String) -> Bool { key.hasPrefix(peftPrefix) }

    /// What PEFT puts before a network's own names.
    private static let peftPrefix = "base_model.model."

    private static func withoutPrefix(_ name: some StringProtocol) -> String {
        String(name.hasPrefix(peftPrefix) ? String(name.dropFirst(peftPrefix.count)) : String(name))
    }

    /// Whether a key begins as those of kohya and LyCORIS do.
    static func isKohya(_ key: String) -> Bool {
        // Also the networks of other architectures, so that messages can tell whose they are.
        ["lora_", kohyaRotationPrefix, "lycoris_"].contains { key.hasPrefix($0) }
    }

    /// What the names of kohya's own OFT begin with, whose constraint means something else.
    static let kohyaRotationPrefix = "oft_unet_"

    private static let kohyaParameters: Set<String> = [
        "lora_down.weight", "lora_up.weight", "lora_mid.weight", "alpha", "dora_scale",
        "hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "hada_t1", "hada_t2",
        "lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t1",
        "lokr_t2", "diff", "diff_b", "w_norm", "b_norm", "weight", "on_input", "oft_blocks",
        "rescale", "a1.weight", "a2.weight", "b1.weight", "b2.weight", "lora_up.bias",
    ]

    /// PEFT's name for what LyCORIS calls `dora_scale`; it is always that of the outputs.
    static let magnitude = "lora_magnitude_vector"

    /// By PEFT's name, then by the ending of the key.
    private static let peftParameters: [String: [String: String]] = {
        var result = [
            "lora_A": ["weight": "lora_down.weight"],
            "lora_B": ["weight": "lora_up.weight", "bias": "lora_up.bias"],
            magnitude: ["": magnitude, "weight": magnitude],
        ]
        for name in [
            "hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "hada_t1", "hada_t2",
            "lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t2",
        ] {
            result[name] = ["": name]
        }
        return result
    }()

    private static let endings: [(String, String)] =
        [
            (".lora.down.weight", "lora_down.weight"), (".lora.up.weight", "lora_up.weight"),
            (".lora_linear_layer.down.weight", "lora_down.weight"),
            (".lora_linear_layer.up.weight", "lora_up.weight"), (".alpha", "alpha"),
        ]
        + ["lokr_t1", "diff", "diff_b", "w_norm", "b_norm", "oft_blocks", "rescale"].map {
            (".\($0)", $0)
        }

    /// What a key that cannot be read is probably part of.
    static func algorithm(of key: String) -> String {
        if key.contains("oft_diag") { return "LyCORIS 1 OFT" }
        if key.contains("oft_R") { return "PEFT's OFT" }
        if key.contains("boft_") { return "PEFT's BOFT" }
        if key.contains("ia3_l") { return "PEFT's IA3" }
        if key.hasSuffix(".bm.weight") { return "GLoRA with a middle factor" }
        if key.contains("vera_lambda") { return "VeRA" }
        if key.contains("lora_embedding_") { return "LoRA of a table of tokens" }
        if key.contains(".lora_E") || key.contains("ranknum") { return "AdaLoRA" }
        if key.contains("modules_to_save") || key.contains("base_layer") {
            return "whole layers beside a LoRA"
        }
        return "unknown"
    }
}

/// Finds a layer by any of the names that files give it.
struct AdapterNames {
    private var places: [String: AdaptedLayer] = [:]

    init(_ layers: [AdaptedLayer]) {
        for place in layers {
            let name = place.name
            places[place.kohyaName] = place
            places[place.diffusersName] = place
            // PEFT alone says nothing of the network; the names of the two do not meet.
            places[name] = place
            let flat = name.replacing(".", with: "_")
            places["lycoris_" + flat] = place
            switch place.network {
            case .unet:
                places[AdapterKey.kohyaRotationPrefix + flat] = place
                if let original = OriginalUNetNames.name(of: name) {
                    places["lora_unet_" + original.replacing(".", with: "_")] = place
                    places["diffusion_model." + original] = place
                }
            case .textEncoder:
                places["lora_te1_" + flat] = place
                // transformers 5 has no such level.
                let short = name.replacing("text_model.", with: "")
                places["text_encoder.\(short)"] = place
                places["lora_te_" + short.replacing(".", with: "_")] = place
            }
        }
    }

    subscript(name: String) -> AdaptedLayer? { places[name] }
}
