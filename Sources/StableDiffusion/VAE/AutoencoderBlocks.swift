import NN
import Torch

private let epsilon = 1e-6

/// Residual, attention, residual: the bottom of the encoder and of the decoder.
///
/// Source: `UNetMidBlock2D` in diffusers' `models/unets/unet_2d_blocks.py`.
private final class MidBlock {
    private let first: ResnetBlock
    private let attention: PixelAttention?
    private let second: ResnetBlock

    init(
        _ path: ParameterPath, _ channels: Int, configuration: AutoencoderConfiguration
    ) throws(CheckpointError) {
        let groups = configuration.normGroupCount
        first = try ResnetBlock(
            path / "resnets" / 0, channels, channels, groups: groups, epsilon: epsilon)
        attention =
            configuration.midBlockAttends
            ? try PixelAttention(path / "attentions" / 0, channels, groups: groups) : nil
        second = try ResnetBlock(
            path / "resnets" / 1, channels, channels, groups: groups, epsilon: epsilon)
    }

    func callAsFunction(_ input: Tensor) -> Tensor {
        let hidden = first(input)
        return second(attention?(hidden) ?? hidden)
    }
}

/// Attention of every pixel to every other, with one head.
private final class PixelAttention {
    private let norm: GroupNorm
    private let query: Linear
    private let key: Linear
    private let value: Linear
    private let output: Linear

    init(_ path: ParameterPath, _ channels: Int, groups: Int) throws(CheckpointError) {
        norm = try GroupNorm(
            path / "group_norm", groups: groups, channels: channels, epsilon: epsilon)
        query = try Linear(path / "to_q", channels, channels)
        key = try Linear(path / "to_k", channels, channels)
        value = try Linear(path / "to_v", channels, channels)
        output = try Linear(path / "to_out" / 0, channels, channels)
    }

    func callAsFunction(_ input: Tensor) -> Tensor {
        let shape = input.shape
        let pixels = norm(input).permuted(0, 2, 3, 1)
            .reshaped(shape[0], shape[2] * shape[3], shape[1])
        let attended = output(
            attend(query: query(pixels), key: key(pixels), value: value(pixels), headCount: 1))
        return input
            + attended.reshaped(shape[0], shape[2], shape[3], shape[1]).permuted(0, 3, 1, 2)
    }
}

/// From pixels to the parameters of the latents' distribution.
final class AutoencoderEncoder {
    private let input: Conv2d
    private let levels: [[ResnetBlock]]
    private let downsamplers: [Downsampler]
    private let middle: MidBlock
    private let outputNorm: GroupNorm
    private let output: Conv2d

    init(
        _ path: ParameterPath, _ configuration: AutoencoderConfiguration
    ) throws(CheckpointError) {
        let widths = configuration.blockOutChannels
        let groups = configuration.normGroupCount
        input = try Conv2d(path / "conv_in", configuration.inChannels, widths[0], kernel: 3)
        var levels: [[ResnetBlock]] = []
        var downsamplers: [Downsampler] = []
        for (level, width) in widths.enumerated() {
            let here = path / "down_blocks" / level
            var blocks: [ResnetBlock] = []
            for index in 0..<configuration.layersPerBlock {
                let entering = index == 0 ? widths[max(level - 1, 0)] : width
                blocks.append(
                    try ResnetBlock(
                        here / "resnets" / index, entering, width, groups: groups,
                        epsilon: epsilon))
            }
            levels.append(blocks)
            if level < widths.count - 1 {
                downsamplers.append(try Downsampler(here / "downsamplers" / 0, width, padding: 0))
            }
        }
        let last = widths[widths.count - 1]
        middle = try MidBlock(path / "mid_block", last, configuration: configuration)
        outputNorm = try GroupNorm(
            path / "conv_norm_out", groups: groups, channels: last, epsilon: epsilon)
        output = try Conv2d(
            path / "conv_out", last, configuration.latentChannels * 2, kernel: 3)
        self.levels = levels
        self.downsamplers = downsamplers
    }

    func callAsFunction(_ pixels: Tensor) -> Tensor {
        var hidden = input(pixels.converted(format: input.format))
        for (level, blocks) in levels.enumerated() {
            for block in blocks { hidden = block(hidden) }
            if level < downsamplers.count { hidden = downsamplers[level](hidden) }
        }
        return output(outputNorm(middle(hidden)).silu())
    }
}

/// From latents to pixels.
final class AutoencoderDecoder {
    private let input: Conv2d
    private let middle: MidBlock
    private let levels: [[ResnetBlock]]
    private let upsamplers: [Upsampler]
    private let outputNorm: GroupNorm
    private let output: Conv2d

    init(
        _ path: ParameterPath, _ configuration: AutoencoderConfiguration
    ) throws(CheckpointError) {
        let widths = Array(configuration.blockOutChannels.reversed())
        let groups = configuration.normGroupCount
        input = try Conv2d(path / "conv_in", configuration.latentChannels, widths[0], kernel: 3)
        middle = try MidBlock(path / "mid_block", widths[0], configuration: configuration)
        var levels: [[ResnetBlock]] = []
        var upsamplers: [Upsampler] = []
        for (level, width) in widths.enumerated() {
            let here = path / "up_blocks" / level
            var blocks: [ResnetBlock] = []
            for index in 0...configuration.layersPerBlock {
                let entering = index == 0 ? widths[max(level - 1, 0)] : width
                blocks.append(
                    try ResnetBlock(
                        here / "resnets" / index, entering, width, groups: groups,
                        epsilon: epsilon))
            }
            levels.append(blocks)
            if level < widths.count - 1 {
                upsamplers.append(try Upsampler(here / "upsamplers" / 0, width))
            }
        }
        let last = widths[widths.count - 1]
        outputNorm = try GroupNorm(
            path / "conv_norm_out", groups: groups, channels: last, epsilon: epsilon)
        output = try Conv2d(path / "conv_out", last, configuration.outChannels, kernel: 3)
        self.levels = levels
        self.upsamplers = upsamplers
    }

    func callAsFunction(_ latents: Tensor) -> Tensor {
        var hidden = middle(input(latents.converted(format: input.format)))
        for (level, blocks) in levels.enumerated() {
            for block in blocks { hidden = block(hidden) }
            if level < upsamplers.count { hidden = upsamplers[level](hidden) }
        }
        return output(outputNorm(hidden).silu())
    }
}
