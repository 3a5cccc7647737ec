/// What the original code calls the layers of diffusers' U-Net with two layers in a block: some
/// trainers name them so.
///
/// The reverse of ``SingleFileUNetNames``.
enum OriginalUNetNames {
    private static let layersPerBlock = 2

    /// - Returns: nil for layers that such a network does not have.
    static func name(of layer: String) -> String? {
        let parts = layer.split(separator: ".").map(String.init)
        guard parts.count >= 2 else { return nil }
        let rest = Array(parts.dropFirst(2))
        switch parts[0] {
        case "conv_in": return "input_blocks.0.0"
        case "conv_out": return "out.2"
        case "time_embedding": return parts[1] == "linear_1" ? "time_embed.0" : "time_embed.2"
        case "mid_block":
            guard parts.count >= 3, let index = Int(parts[2]) else { return nil }
            let inside = parts.dropFirst(3).joined(separator: ".")
            if parts[1] == "attentions" { return "middle_block.1.\(inside)" }
            return resnet(inside).map { "middle_block.\(index * 2).\($0)" }
        case "down_blocks":
            guard let level = Int(parts[1]) else { return nil }
            return block(rest, "input_blocks", first: level * (layersPerBlock + 1) + 1)
        case "up_blocks":
            guard let level = Int(parts[1]) else { return nil }
            return block(rest, "output_blocks", first: level * (layersPerBlock + 1))
        default: return nil
        }
    }

    private static func block(_ parts: [String], _ root: String, first: Int) -> String? {
        guard parts.count >= 3, let index = Int(parts[1]) else { return nil }
        let inside = parts.dropFirst(2).joined(separator: ".")
        switch parts[0] {
        case "resnets": return resnet(inside).map { "\(root).\(first + index).0.\($0)" }
        case "attentions": return "\(root).\(first + index).1.\(inside)"
        case "downsamplers": return "\(root).\(first + layersPerBlock).0.op"
        case "upsamplers":
            // After the attention where the level has one; the first level on the way up has none.
            return "\(root).\(first + layersPerBlock).\(first == 0 ? 1 : 2).conv"
        default: return nil
        }
    }

    private static func resnet(_ layer: String) -> String? {
        switch layer {
        case "conv1": "in_layers.2"
        case "conv2": "out_layers.3"
        case "time_emb_proj": "emb_layers.1"
        case "conv_shortcut": "skip_connection"
        default: nil
        }
    }
}
