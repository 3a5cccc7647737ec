internal import Foundation
internal import NN

/// What tensors of diffusers folders mean: mostly what they are called, apart from older files.
///
/// An empty meaning is a tensor that is known and not needed; nil is an unknown one.
enum DiffusersNames {
    static func meaning(of key: String, shape: [Int], in part: ModelPart) -> [KeyMeaning]? {
        switch part {
        case .unet: [KeyMeaning(key)]
        case .vae: autoencoder(key, shape)
        case .textEncoder: textEncoder(key)
        }
    }

    /// Before diffusers 0.15 the attention of the VAE had names of its own; in files from other
    /// programs its layers are 1×1 convolutions.
    private static func autoencoder(_ key: String, _ shape: [Int]) -> [KeyMeaning]? {
        guard let range = key.range(of: ".attentions.") else { return [KeyMeaning(key)] }
        let head = key[..<range.upperBound]
        var parts = key[range.upperBound...].split(separator: ".").map(String.init)
        guard parts.count >= 3 else { return nil }
        switch parts[1] {
        case "query": parts[1] = "to_q"
        case "key": parts[1] = "to_k"
        case "value": parts[1] = "to_v"
        case "proj_attn": parts.replaceSubrange(1...1, with: ["to_out", "0"])
        case "to_q", "to_k", "to_v", "to_out": break
        default: return [KeyMeaning(key)]
        }
        let isConvolution = shape.count == 4 && isPointwise(shape)
        return [
            KeyMeaning(head + parts.joined(separator: "."), isConvolution ? .reshaped : .none)
        ]
    }

    /// transformers 5 left the level `text_model` out; transformers before 4.31 stored a buffer
    /// with the numbers of the positions.
    static func textEncoder(_ key: String) -> [KeyMeaning]? {
        if key.hasSuffix("embeddings.position_ids") { return [] }
        for level in ["embeddings.", "encoder.", "final_layer_norm."] where key.hasPrefix(level) {
            return [KeyMeaning("text_model." + key)]
        }
        return [KeyMeaning(key)]
    }
}
