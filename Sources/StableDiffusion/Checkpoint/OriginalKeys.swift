internal import NN

/// The names that the tensors of networks of given sizes may have in a single file.
///
/// What each of them means is the readers' to say (``SingleFileUNetNames`` and the others), so
/// that there is one truth: names here that mean nothing are passed over by the writer, and it
/// refuses to leave out a tensor that none of them means.
enum OriginalKeys {
    private static let ends = ["weight", "bias"]

    private static func ended(_ layers: [String]) -> [String] {
        layers.flatMap { layer in ends.map { "\(layer).\($0)" } }
    }

    // MARK: - U-Net

    /// - Parameters:
    ///   - layers: residual blocks of a level on the way down.
    ///   - inside: what the tensors of a transformer are called, which is the same in both.
    /// - Returns: names without the prefix.
    static func unet(
        _ configuration: UNetConfiguration, layers: Int, inside: [String]
    ) -> [String] {
        let last = configuration.blockOutChannels.count - 1
        var keys = ended(["time_embed.0", "time_embed.2", "out.0", "out.2", "input_blocks.0.0"])
        func block(_ root: String, attends: Bool) {
            keys += resnet("\(root).0")
            if attends { keys += inside.map { "\(root).1.\($0)" } }
        }
        for level in 0...last {
            let attends = configuration.downBlockTypes[level].hasPrefix("CrossAttn")
            let first = level * (layers + 1) + 1
            for layer in 0..<layers { block("input_blocks.\(first + layer)", attends: attends) }
            if level < last { keys += ended(["input_blocks.\(first + layers).0.op"]) }
        }
        keys += resnet("middle_block.0") + resnet("middle_block.2")
        keys += inside.map { "middle_block.1.\($0)" }
        for level in 0...last {
            let attends = configuration.upBlockTypes[level].hasPrefix("CrossAttn")
            let first = level * (layers + 1)
            for layer in 0...layers { block("output_blocks.\(first + layer)", attends: attends) }
            // After the attention where the level has one.
            let place = attends ? 2 : 1
            if level < last { keys += ended(["output_blocks.\(first + layers).\(place).conv"]) }
        }
        return keys
    }

    private static func resnet(_ root: String) -> [String] {
        ended(
            [
                "in_layers.0", "in_layers.2", "emb_layers.1", "out_layers.0", "out_layers.3",
                "skip_connection",
            ].map { "\(root).\($0)" })
    }

    // MARK: - Autoencoder

    /// - Returns: names without the prefix.
    static func autoencoder(_ configuration: AutoencoderConfiguration) -> [String] {
        let inside = ["norm1", "conv1", "norm2", "conv2", "nin_shortcut"]
        var layers = ["quant_conv", "post_quant_conv"]
        for (half, way, resampler) in [
            ("encoder", "down", "downsample"), ("decoder", "up", "upsample"),
        ] {
            layers += ["conv_in", "norm_out", "conv_out"].map { "\(half).\($0)" }
            layers += ["norm", "q", "k", "v", "proj_out"].map { "\(half).mid.attn_1.\($0)" }
            for block in ["mid.block_1", "mid.block_2"] {
                layers += inside.map { "\(half).\(block).\($0)" }
            }
            for level in configuration.blockOutChannels.indices {
                for block in 0...configuration.layersPerBlock {
                    layers += inside.map { "\(half).\(way).\(level).block.\(block).\($0)" }
                }
                layers.append("\(half).\(way).\(level).\(resampler).conv")
            }
        }
        return ended(layers)
    }

    // MARK: - Text encoder

    /// - Returns: names with the prefix, as OpenCLIP has them.
    static func openCLIP(layerCount: Int) -> [String] {
        let outside =
            ["token_embedding.weight", "positional_embedding"] + ended(["ln_final"])
        let layers = (0..<layerCount).flatMap(openCLIPLayer)
        return outside.map { SingleFileTextNames.openCLIPPrefix + $0 } + layers
    }

    /// - Returns: the names of one layer, with the prefix.
    static func openCLIPLayer(_ number: Int) -> [String] {
        let root = "\(SingleFileTextNames.openCLIPPrefix)transformer.resblocks.\(number)"
        return ends.map { "\(root).attn.in_proj_\($0)" }
            + ended(
                ["ln_1", "ln_2", "mlp.c_fc", "mlp.c_proj", "attn.out_proj"].map { "\(root).\($0)" })
    }
}
