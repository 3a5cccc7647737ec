import NN
import Torch

/// Two convolutions with a residual, in between them the time embedding where there is one.
///
/// Source: `ResnetBlock2D` in diffusers' `models/resnet.py`.
final class ResnetBlock {
    private let firstNorm: GroupNorm
    private let firstConvolution: Conv2d
    private let timeProjection: Linear?
    private let secondNorm: GroupNorm
    private let secondConvolution: Conv2d
    private let shortcut: Conv2d?

    init(
        _ path: ParameterPath, _ inputs: Int, _ outputs: Int, timeWidth: Int? = nil, groups: Int,
        epsilon: Double
    ) throws(CheckpointError) {
        firstNorm = try GroupNorm(
            path / "norm1", groups: groups, channels: inputs, epsilon: epsilon)
        firstConvolution = try Conv2d(path / "conv1", inputs, outputs, kernel: 3)
        if let timeWidth {
            timeProjection = try Linear(path / "time_emb_proj", timeWidth, outputs)
        } else {
            timeProjection = nil
        }
        secondNorm = try GroupNorm(
            path / "norm2", groups: groups, channels: outputs, epsilon: epsilon)
        secondConvolution = try Conv2d(path / "conv2", outputs, outputs, kernel: 3)
        shortcut =
            inputs == outputs
            ? nil : try Conv2d(path / "conv_shortcut", inputs, outputs, kernel: 1)
    }

    /// - Parameters:
    ///   - input: `[batch, inputs, height, width]`.
    ///   - time: the time embedding after SiLU, `[batch, time width]`.
    func callAsFunction(_ input: Tensor, time: Tensor? = nil) -> Tensor {
        var hidden = firstConvolution(firstNorm(input).silu())
        if let timeProjection, let time {
            hidden = hidden + timeProjection(time).unsqueezed(-1).unsqueezed(-1)
        }
        hidden = secondConvolution(secondNorm(hidden).silu())
        return (shortcut?(input) ?? input) + hidden
    }
}

/// Halves height and width by a convolution.
final class Downsampler {
    private let convolution: Conv2d
    private let padsAsymmetrically: Bool

    /// - Parameter padding: 0 pads one row and column at the end only, as the VAE does.
    init(_ path: ParameterPath, _ channels: Int, padding: Int) throws(CheckpointError) {
        convolution = try Conv2d(
            path / "conv", channels, channels, kernel: 3, stride: 2, padding: padding)
        padsAsymmetrically = padding == 0
    }

    func callAsFunction(_ input: Tensor) -> Tensor {
        convolution(padsAsymmetrically ? input.padded([0, 1, 0, 1]) : input)
    }
}

/// Enlarges by repeating pixels, then convolves.
final class Upsampler {
    private let convolution: Conv2d

    init(_ path: ParameterPath, _ channels: Int) throws(CheckpointError) {
        convolution = try Conv2d(path / "conv", channels, channels, kernel: 3)
    }

    /// - Parameter size: the new height and width; nil doubles them.
    func callAsFunction(_ input: Tensor, size: (height: Int, width: Int)? = nil) -> Tensor {
        let height = size?.height ?? input.size(2) * 2
        let width = size?.width ?? input.size(3) * 2
        return convolution(input.upsampledNearest(height: height, width: width))
    }
}
