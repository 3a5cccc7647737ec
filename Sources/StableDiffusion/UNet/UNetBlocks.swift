import NN
import Torch

/// One level on the way down, or up, or at the bottom: residual blocks, each followed by a
/// transformer where the level has them.
///
/// Source: `models/unets/unet_2d_blocks.py` in diffusers.
final class UNetLevel {
    private let resnets: [ResnetBlock]
    private let transformers: [SpatialTransformer]
    private let name: String
    /// The number of the first of its layers among those of the whole network.
    let firstNumber: Int

    /// - Parameter inputs: the channels that enter each residual block.
    init(
        _ path: ParameterPath, firstNumber: Int, inputs: [Int], outputs: Int, transformerCount: Int,
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
        self.firstNumber = firstNumber
        name = path.name
    }

    var layerCount: Int { resnets.count }

    /// What one of its layers computes with.
    func names(_ store: ParameterStore, of index: Int) -> [String] {
        ["resnets", "attentions"].flatMap { kind in
            store.names.filter { $0.hasPrefix("\(name).\(kind).\(index).") }
        }
    }

    /// One residual block and, where there is one, the transformer after it.
    func layer(_ index: Int, _ input: Tensor, time: Tensor, context: Tensor) -> Tensor {
        let hidden = resnets[index](input, time: time)
        return index < transformers.count ? transformers[index](hidden, context: context) : hidden
    }
}
