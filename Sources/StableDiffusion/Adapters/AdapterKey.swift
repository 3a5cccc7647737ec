import Foundation

/// How the keys of adapter files are made up: a layer's name and a parameter's.
///
/// Whatever the spelling, parameters get kohya's and LyCORIS' names here.
enum AdapterKey {
    /// - Returns: nil for what is no parameter of an adapter that can be read.
    static func parse(_ key: String) -> (layer: String, parameter: String)? {
        if let dot = key.firstIndex(of: "."), isKohya(key) {
            let parameter = String(key[key.index(after: dot)...])
            if kohyaParameters.contains(parameter) { return (String(key[..<dot]), parameter) }
        }
        for (ending, parameter) in endings where key.hasSuffix(ending) {
            return (layer(String(key.dropLast(ending.count))), parameter)
        }
        for (ending, parameter) in processorEndings where key.hasSuffix(ending) {
            // Before PEFT the attention's layers were named by the processor that held them.
            let stem = key.dropLast(ending.count)
            guard let range = stem.range(of: ".processor."), stem.hasSuffix("_lora") else {
                continue
            }
            let name = stem[range.upperBound...].dropLast("_lora".count)
            let layer = name == "to_out" ? "to_out.0" : String(name)
            return (Self.layer("\(stem[..<range.lowerBound]).\(layer)"), parameter)
        }
        return nil
    }

    private static func isKohya(_ key: String) -> Bool {
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

    private static let endings: [(String, String)] =
        [
            (".lora_A.weight", "lora_down.weight"), (".lora_B.weight", "lora_up.weight"),
            (".lora_A.default.weight", "lora_down.weight"),
            (".lora_B.default.weight", "lora_up.weight"),
            (".lora.down.weight", "lora_down.weight"), (".lora.up.weight", "lora_up.weight"),
            (".lora_linear_layer.down.weight", "lora_down.weight"),
            (".lora_linear_layer.up.weight", "lora_up.weight"),
            (".lora_B.bias", "lora_up.bias"), (".lora_B.default.bias", "lora_up.bias"),
            (".lora_magnitude_vector", magnitude),
            (".lora_magnitude_vector.weight", magnitude),
            (".lora_magnitude_vector.default.weight", magnitude),
            (".alpha", "alpha"),
        ]
        + ["hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "hada_t1", "hada_t2"].flatMap {
            [(".\($0)", $0), (".\($0).default", $0)]
        }
        + ["lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t2"]
        .flatMap { [(".\($0)", $0), (".\($0).default", $0)] }
        + ["diff", "diff_b", "w_norm", "b_norm", "oft_blocks", "rescale"].map {
            (".\($0)", $0)
        }

    private static let processorEndings: [(String, String)] = [
        (".down.weight", "lora_down.weight"), (".up.weight", "lora_up.weight"),
    ]

    /// Without what PEFT puts before a network's own names.
    private static func layer(_ name: String) -> String {
        for prefix in ["base_model.model."] where name.hasPrefix(prefix) {
            return String(name.dropFirst(prefix.count))
        }
        return name
    }

    /// What a key that cannot be read is probably part of.
    static func algorithm(of key: String) -> String {
        if key.contains("oft_diag") { return "LyCORIS 1 OFT" }
        if key.contains("oft_R") { return "PEFT's OFT" }
        if key.contains("boft_") { return "PEFT's BOFT" }
        if key.contains("ia3_l") { return "PEFT's IA3" }
        if key.hasSuffix(".bm.weight") { return "GLoRA with a middle factor" }
        if key.contains("vera_lambda") { return "VeRA" }
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
