internal import NN

/// What the tensors below `model.diffusion_model.` of a single file are in diffusers' U-Net.
///
/// In the original code the blocks of all levels are numbered through: level *i* holds
/// `layersPerBlock` blocks and one that changes the resolution on the way down, and
/// `layersPerBlock + 1` blocks on the way up. Reference: `convert_ldm_unet_checkpoint` in
/// diffusers' `loaders/single_file_utils.py`.
struct SingleFileUNetNames {
    static let prefix = "model.diffusion_model."

    let layersPerBlock: Int

    /// - Parameter key: without the prefix.
    /// - Returns: nil for a tensor that such a network does not have.
    func meaning(of key: String, shape: [Int]) -> [KeyMeaning]? {
        let parts = key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard let name = name(parts) else { return nil }
        let isProjection = name.hasSuffix(".proj_in.weight") || name.hasSuffix(".proj_out.weight")
        return [KeyMeaning(name, isProjection && isPointwise(shape) ? .reshaped : .none)]
    }

    private func name(_ parts: [String]) -> String? {
        guard parts.count >= 3 else { return nil }
        let rest = parts.dropFirst(2).joined(separator: ".")
        switch (parts[0], parts[1]) {
        case ("time_embed", "0"): return "time_embedding.linear_1.\(rest)"
        case ("time_embed", "2"): return "time_embedding.linear_2.\(rest)"
        case ("out", "0"): return "conv_norm_out.\(rest)"
        case ("out", "2"): return "conv_out.\(rest)"
        case ("middle_block", let place): return middle(place, Array(parts.dropFirst(2)))
        case ("input_blocks", let number):
            return Int(number).flatMap { down($0, Array(parts.dropFirst(2))) }
        case ("output_blocks", let number):
            return Int(number).flatMap { up($0, Array(parts.dropFirst(2))) }
        default: return nil
        }
    }

    private func middle(_ place: String, _ inside: [String]) -> String? {
        switch place {
        case "0": resnet(inside).map { "mid_block.resnets.0.\($0)" }
        case "1": "mid_block.attentions.0." + inside.joined(separator: ".")
        case "2": resnet(inside).map { "mid_block.resnets.1.\($0)" }
        default: nil
        }
    }

    private func down(_ number: Int, _ parts: [String]) -> String? {
        guard number >= 0, parts.count >= 2 else { return nil }
        let inside = Array(parts.dropFirst())
        if number == 0 { return parts[0] == "0" ? "conv_in." + inside.joined(separator: ".") : nil }
        let (level, layer) = (number - 1).quotientAndRemainder(dividingBy: layersPerBlock + 1)
        let block = "down_blocks.\(level)"
        switch (parts[0], inside[0]) {
        case ("0", "op"):
            return "\(block).downsamplers.0.conv." + inside.dropFirst().joined(separator: ".")
        case ("0", _): return resnet(inside).map { "\(block).resnets.\(layer).\($0)" }
        case ("1", _): return "\(block).attentions.\(layer)." + inside.joined(separator: ".")
        default: return nil
        }
    }

    private func up(_ number: Int, _ parts: [String]) -> String? {
        guard number >= 0, parts.count >= 2 else { return nil }
        let inside = Array(parts.dropFirst())
        let (level, layer) = number.quotientAndRemainder(dividingBy: layersPerBlock + 1)
        let block = "up_blocks.\(level)"
        switch (parts[0], inside[0]) {
        case ("0", _): return resnet(inside).map { "\(block).resnets.\(layer).\($0)" }
        // The upsampler comes after the attention where a level has one, else in its place.
        case ("1", "conv"), ("2", "conv"):
            return "\(block).upsamplers.0.conv." + inside.dropFirst().joined(separator: ".")
        case ("1", _): return "\(block).attentions.\(layer)." + inside.joined(separator: ".")
        default: return nil
        }
    }

    private func resnet(_ parts: [String]) -> String? {
        guard let last = parts.last else { return nil }
        switch parts.dropLast().joined(separator: ".") {
        case "in_layers.0": return "norm1.\(last)"
        case "in_layers.2": return "conv1.\(last)"
        case "emb_layers.1": return "time_emb_proj.\(last)"
        case "out_layers.0": return "norm2.\(last)"
        case "out_layers.3": return "conv2.\(last)"
        case "skip_connection": return "conv_shortcut.\(last)"
        default: return nil
        }
    }
}
