internal import NN

/// What the tensors below `first_stage_model.` of a single file are in diffusers' autoencoder.
///
/// The original numbers the levels of the decoder by resolution, diffusers in the order in which
/// they compute. Reference: `convert_ldm_vae_checkpoint` in diffusers'
/// `loaders/single_file_utils.py`.
struct SingleFileVAENames {
    static let prefix = "first_stage_model."

    let levelCount: Int

    /// - Parameter key: without the prefix.
    /// - Returns: nil for a tensor that such a network does not have, nothing for the parts of
    ///   the loss that some files still carry.
    func meaning(of key: String, shape: [Int]) -> [KeyMeaning]? {
        let parts = key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        if parts[0] == "loss" || parts[0] == "model_ema" { return [] }
        if parts[0] == "quant_conv" || parts[0] == "post_quant_conv" { return [KeyMeaning(key)] }
        guard parts.count >= 3, parts[0] == "encoder" || parts[0] == "decoder",
            let (name, isAttention) = inside(Array(parts.dropFirst()))
        else { return nil }
        let isProjection = isAttention && isPointwise(shape)
        return [KeyMeaning("\(parts[0]).\(name)", isProjection ? .reshaped : .none)]
    }

    private func inside(_ parts: [String]) -> (name: String, isAttention: Bool)? {
        let rest = parts.dropFirst().joined(separator: ".")
        switch parts[0] {
        case "conv_in", "conv_out": return ("\(parts[0]).\(rest)", false)
        case "norm_out": return ("conv_norm_out.\(rest)", false)
        case "mid": return middle(Array(parts.dropFirst()))
        case "down", "up": return level(parts).map { ($0, false) }
        default: return nil
        }
    }

    private func middle(_ parts: [String]) -> (name: String, isAttention: Bool)? {
        let rest = Array(parts.dropFirst())
        switch parts[0] {
        case "block_1": return ("mid_block.resnets.0." + resnet(rest), false)
        case "block_2": return ("mid_block.resnets.1." + resnet(rest), false)
        case "attn_1":
            guard rest.count == 2 else { return nil }
            let names = [
                "norm": "group_norm", "q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0",
            ]
            return names[rest[0]].map { ("mid_block.attentions.0.\($0).\(rest[1])", true) }
        default: return nil
        }
    }

    private func level(_ parts: [String]) -> String? {
        guard parts.count >= 4, let number = Int(parts[1]), (0..<levelCount).contains(number) else {
            return nil
        }
        let isDown = parts[0] == "down"
        let block = isDown ? "down_blocks.\(number)" : "up_blocks.\(levelCount - 1 - number)"
        let rest = Array(parts.dropFirst(3))
        switch parts[2] {
        case "block": return "\(block).resnets.\(rest[0])." + resnet(Array(rest.dropFirst()))
        case "downsample": return "\(block).downsamplers.0." + rest.joined(separator: ".")
        case "upsample": return "\(block).upsamplers.0." + rest.joined(separator: ".")
        default: return nil
        }
    }

    private func resnet(_ parts: [String]) -> String {
        let first = parts.first == "nin_shortcut" ? ["conv_shortcut"] : Array(parts.prefix(1))
        return (first + parts.dropFirst()).joined(separator: ".")
    }
}
