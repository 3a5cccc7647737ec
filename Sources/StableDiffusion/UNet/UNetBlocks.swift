import NN
import Torch

/// One level on the way down, or up, or at the bottom: residual blocks, each followed by a
/// transformer where the level has them.
///
/// Source: `models/unets/unet_2d_blocks.py` in diffusers.
final class UNetLevel {
    private let resnets: [ResnetBlock]
    private let transformers: [SpatialTransformer]

    /// - Parameter inputs: the channels that enter each residual block.
    init(
        _ path: ParameterPath, inputs: [Int], outputs: Int, transformerCount: Int,
        headCount: Int, configuration: UNetConfiguration
    ) throws(CheckpointError) {
        var resnets: [ResnetBlock] = []
        for (index, channels) in inputs.enumerated() {
            resnets.append(
                try ResnetBlock(
                    path / "resnets" / index, channels, outputs,
                    timeWidth: configuration.blockOutChannels[0] * 4,
                    groups: configuration.normGroupCount, epsilon: configuration.normEpsilon))
        }
        var transformers: [SpatialTransformer] = []
        for index in 0..<transformerCount {
            transformers.append(
                try SpatialTransformer(
                    path / "attentions" / index, channels: outputs, headCount: headCount,
                    configuration: configuration))
        }
        self.resnets = resnets
        self.transformers = transformers
    }

    var layerCount: Int { resnets.count }

    /// One residual block and, where there is one, the transformer after it.
    func layer(_ index: Int, _ input: Tensor, time: Tensor, context: Tensor) -> Tensor {
        let hidden = resnets[index](input, time: time)
        return index < transformers.count ? transformers[index](hidden, context: context) : hidden
    }
}
