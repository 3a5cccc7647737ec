internal import NN

/// What the tensors below `cond_stage_model.` of a single file are in transformers' text encoder.
///
/// SD 1.x holds CLIP as transformers writes it; SD 2.x holds OpenCLIP's own network, with one
/// layer more than is computed, since the conditioning is the output of the one before the last.
/// Reference: `convert_open_clip_checkpoint` in diffusers' `loaders/single_file_utils.py`.
struct SingleFileTextNames {
    static let clipPrefix = "cond_stage_model.transformer."
    static let openCLIPPrefix = "cond_stage_model.model."

    /// The layers that are computed.
    let layerCount: Int

    /// - Parameter key: with its whole prefix.
    /// - Returns: nil for a tensor that no text encoder has.
    func meaning(of key: String) -> [KeyMeaning]? {
        if key.hasPrefix(Self.clipPrefix) {
            let name = String(key.dropFirst(Self.clipPrefix.count))
            return name == "text_projection.weight" ? [] : DiffusersNames.textEncoder(name)
        }
        if key.hasPrefix(Self.openCLIPPrefix) {
            return openCLIP(String(key.dropFirst(Self.openCLIPPrefix.count)))
        }
        // Some converters put what CLIP has beyond the encoder here.
        return ["cond_stage_model.logit_scale", "cond_stage_model.text_projection"]
            .contains(where: key.hasPrefix) ? [] : nil
    }

    private func openCLIP(_ key: String) -> [KeyMeaning]? {
        switch key {
        case "text_projection", "logit_scale", "attn_mask": return []
        case "token_embedding.weight":
            return [KeyMeaning("text_model.embeddings.token_embedding.weight")]
        case "positional_embedding":
            return [KeyMeaning("text_model.embeddings.position_embedding.weight")]
        case "ln_final.weight", "ln_final.bias":
            return [KeyMeaning("text_model.final_layer_norm." + key.dropFirst("ln_final.".count))]
        default: break
        }
        let parts = key.split(separator: ".").map(String.init)
        guard parts.count >= 5, parts[0] == "transformer", parts[1] == "resblocks",
            let number = Int(parts[2]), number <= layerCount
        else { return nil }
        if number == layerCount { return [] }
        let layer = "text_model.encoder.layers.\(number)"
        let rest = parts.dropFirst(3).joined(separator: ".")
        for end in ["weight", "bias"] {
            if rest == "attn.in_proj_\(end)" {
                return ["q", "k", "v"].enumerated().map { index, name in
                    KeyMeaning("\(layer).self_attn.\(name)_proj.\(end)", .third(index))
                }
            }
            for (theirs, ours) in Self.names where rest == "\(theirs).\(end)" {
                return [KeyMeaning("\(layer).\(ours).\(end)")]
            }
        }
        return nil
    }

    private static let names = [
        "ln_1": "layer_norm1", "ln_2": "layer_norm2", "mlp.c_fc": "mlp.fc1",
        "mlp.c_proj": "mlp.fc2", "attn.out_proj": "self_attn.out_proj",
    ]
}
