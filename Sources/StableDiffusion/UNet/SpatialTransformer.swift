import NN
import Torch

/// A transformer over the pixels of `[batch, channels, height, width]`.
///
/// Source: `Transformer2DModel` in diffusers' `models/transformers/transformer_2d.py`.
final class SpatialTransformer {
    private let norm: GroupNorm
    private let inputProjection: Linear
    private let block: TransformerBlock
    private let outputProjection: Linear

    init(
        _ path: ParameterPath, channels: Int, headCount: Int, configuration: UNetConfiguration
    ) throws(CheckpointError) {
        norm = try GroupNorm(
            path / "norm", groups: configuration.normGroupCount, channels: channels, epsilon: 1e-6)
        // A linear map of every pixel, which SD 1.x stores as a convolution and SD 2.x as a matrix.
        let isConvolution = !configuration.usesLinearProjection
        inputProjection = try Linear(
            path / "proj_in", channels, channels, isStoredAsConvolution: isConvolution)
        block = try TransformerBlock(
            path / "transformer_blocks" / 0, width: channels,
            contextWidth: configuration.crossAttentionWidth, headCount: headCount,
            upcasts: configuration.upcastsAttention)
        outputProjection = try Linear(
            path / "proj_out", channels, channels, isStoredAsConvolution: isConvolution)
    }

    func callAsFunction(_ input: Tensor, context: Tensor) -> Tensor {
        let shape = input.shape
        // With the channels fastest, both of these are views: no copy is made.
        let pixels = norm(input).permuted(0, 2, 3, 1)
            .reshaped(shape[0], shape[2] * shape[3], shape[1])
        let hidden = outputProjection(block(inputProjection(pixels), context: context))
        let picture = hidden.reshaped(shape[0], shape[2], shape[3], shape[1]).permuted(0, 3, 1, 2)
        return picture + input
    }
}

/// Self-attention, cross-attention and a gated feed-forward, each with a norm and a residual.
///
/// Source: `BasicTransformerBlock` in diffusers' `models/attention.py`.
private final class TransformerBlock {
    private let firstNorm: LayerNorm
    private let selfAttention: CrossAttention
    private let secondNorm: LayerNorm
    private let crossAttention: CrossAttention
    private let thirdNorm: LayerNorm
    private let gate: Linear
    private let output: Linear

    init(
        _ path: ParameterPath, width: Int, contextWidth: Int, headCount: Int, upcasts: Bool
    ) throws(CheckpointError) {
        firstNorm = try LayerNorm(path / "norm1", width)
        selfAttention = try CrossAttention(
            path / "attn1", width: width, contextWidth: width, headCount: headCount,
            upcasts: upcasts)
        secondNorm = try LayerNorm(path / "norm2", width)
        crossAttention = try CrossAttention(
            path / "attn2", width: width, contextWidth: contextWidth, headCount: headCount,
            upcasts: upcasts)
        thirdNorm = try LayerNorm(path / "norm3", width)
        gate = try Linear(path / "ff" / "net" / 0 / "proj", width, width * 8)
        output = try Linear(path / "ff" / "net" / 2, width * 4, width)
    }

    func callAsFunction(_ input: Tensor, context: Tensor) -> Tensor {
        var hidden = input + selfAttention(firstNorm(input))
        hidden = hidden + crossAttention(secondNorm(hidden), context: context)
        // GEGLU: Shazeer 2020, arXiv 2002.05202.
        let halves = gate(thirdNorm(hidden)).split(-1, into: 2)
        return hidden + output(halves[0] * halves[1].gelu())
    }
}
