public import NN
public import Torch

/// The network that predicts the noise (or the velocity) in latents, given the time and a text.
///
/// Source: `UNet2DConditionModel` in diffusers' `models/unets/unet_2d_condition.py`; parameter
/// names are those of its checkpoints. Rombach et al. 2022, arXiv 2112.10752.
public final class UNet {
    /// The sizes.
    public let configuration: UNetConfiguration
    /// All parameters, by diffusers' names.
    public let parameters = ParameterStore()

    /// Whether backward computes the layers again instead of keeping what they computed.
    public var checkpointsActivations = false
    /// Brings the weights of a block where it is computed; nil: they are there, or each layer
    /// brings its own.
    private var stream: BlockStream?

    private let time: TimeEmbedding
    private let input: Conv2d
    private let down: [UNetLevel]
    private let downsamplers: [Downsampler]
    private let middle: UNetLevel
    private let up: [UNetLevel]
    private let upsamplers: [Upsampler]
    private let outputNorm: GroupNorm
    private let output: Conv2d

    /// - Parameter configuration: validated by the caller (``UNetConfiguration/validate()``).
    /// - Throws: ``Torch/CheckpointError`` when the source lacks a tensor or has it in another
    ///   shape.
    public init(
        _ configuration: UNetConfiguration, _ source: any ParameterSource
    ) throws(CheckpointError) {
        self.configuration = configuration
        let root = ParameterPath(source, store: parameters)
        let widths = configuration.blockOutChannels
        let top = widths.count - 1
        input = try Conv2d(root / "conv_in", configuration.inChannels, widths[0], kernel: 3)
        time = try TimeEmbedding(root / "time_embedding", configuration)

        var blockCount = 0
        func level(
            _ path: ParameterPath, inputs: [Int], outputs: Int, transformerCount: Int,
            headCount: Int
        ) throws(CheckpointError) -> UNetLevel {
            defer { blockCount += inputs.count }
            return try UNetLevel(
                path, firstNumber: blockCount, inputs: inputs, outputs: outputs,
                transformerCount: transformerCount, headCount: headCount,
                configuration: configuration)
        }
        var down: [UNetLevel] = []
        var downsamplers: [Downsampler] = []
        for depth in 0...top {
            let path = root / "down_blocks" / depth
            let count = configuration.layersPerBlock[depth]
            let entering = widths[max(depth - 1, 0)]
            down.append(
                try level(
                    path, inputs: [entering] + Array(repeating: widths[depth], count: count - 1),
                    outputs: widths[depth],
                    transformerCount: configuration.downBlockTypes[depth].hasPrefix("Cross")
                        ? count : 0,
                    headCount: configuration.attentionHeadCount[depth]))
            if depth < top {
                downsamplers.append(
                    try Downsampler(
                        path / "downsamplers" / 0, widths[depth],
                        padding: configuration.downsamplePadding))
            }
        }
        middle = try level(
            root / "mid_block", inputs: [widths[top], widths[top]], outputs: widths[top],
            transformerCount: 1, headCount: configuration.attentionHeadCount[top])

        var up: [UNetLevel] = []
        var upsamplers: [Upsampler] = []
        for (index, depth) in (0...top).reversed().enumerated() {
            let path = root / "up_blocks" / index
            let count = configuration.layersPerBlock[depth] + 1
            // Each block also takes what the way down left: its own level's outputs, and last
            // what entered that level.
            let below = widths[min(depth + 1, top)]
            let hidden = [below] + Array(repeating: widths[depth], count: count - 1)
            let skips =
                Array(repeating: widths[depth], count: count - 1) + [widths[max(depth - 1, 0)]]
            up.append(
                try level(
                    path, inputs: zip(hidden, skips).map { $0 + $1 }, outputs: widths[depth],
                    transformerCount: configuration.upBlockTypes[index].hasPrefix("Cross")
                        ? count : 0,
                    headCount: configuration.attentionHeadCount[depth]))
            if depth > 0 {
                upsamplers.append(try Upsampler(path / "upsamplers" / 0, widths[depth]))
            }
        }
        outputNorm = try GroupNorm(
            root / "conv_norm_out", groups: configuration.normGroupCount, channels: widths[0],
            epsilon: configuration.normEpsilon)
        output = try Conv2d(root / "conv_out", widths[0], configuration.outChannels, kernel: 3)
        self.down = down
        self.downsamplers = downsamplers
        self.up = up
        self.upsamplers = upsamplers
    }

    /// - Parameters:
    ///   - sample: latents, `[batch, in channels, height, width]`; their dtype is computed in.
    ///   - timesteps: float32 `[batch]`, in the units of training (0 to 999).
    ///   - context: the text, `[batch, tokens, cross attention width]`.
    ///   - cache: takes what the deep layers give.
    /// - Returns: `[batch, out channels, height, width]`.
    public func callAsFunction(
        _ sample: Tensor, timesteps: Tensor, context: Tensor, caching cache: FeatureCache? = nil
    ) -> Tensor {
        let time = self.time(timesteps, dtype: sample.dtype)
        let context = context.cast(to: sample.dtype)
        var (hidden, skips) = descend(sample, time, context)
        for (index, block) in up.enumerated() {
            for layerIndex in 0..<block.layerCount {
                // The last of all is computed from what entered it and the first skip.
                if skips.count == 1 { cache?.features = hidden }
                hidden = Tensor.concatenating([hidden, skips.removeLast()], 1)
                hidden = layer(block, layerIndex, hidden, time, context)
            }
            if index < upsamplers.count, let next = skips.last {
                hidden = upsamplers[index](hidden, size: (next.size(2), next.size(3)))
            }
        }
        return output(outputNorm(hidden).silu())
    }

    /// The same with what the deep layers gave before: only the first convolution, the last layer
    /// on the way up and the output are computed.
    ///
    /// - Parameter cache: what ``callAsFunction(_:timesteps:context:caching:)`` left there for a
    ///   batch of the same size.
    public func shallow(
        _ sample: Tensor, timesteps: Tensor, context: Tensor, cached cache: FeatureCache
    ) -> Tensor {
        guard let features = cache.features else {
            return callAsFunction(
                sample, timesteps: timesteps, context: context, caching: cache)
        }
        let time = self.time(timesteps, dtype: sample.dtype)
        stream?.restart()
        let first = input(sample.converted(format: input.format))
        let block = up[up.count - 1]
        let hidden = layer(
            block, block.layerCount - 1, Tensor.concatenating([features, first], 1), time,
            context.cast(to: sample.dtype))
        return output(outputNorm(hidden).silu())
    }

    /// What the network makes of its input on the way down: features of what a picture shows
    /// (Tang et al. 2023, arXiv 2306.03881). Parameters as those of
    /// ``callAsFunction(_:timesteps:context:)``.
    ///
    /// - Returns: `[batch, widest channels, height, width]`, smaller by half for each level but the
    ///   first.
    public func middleFeatures(_ sample: Tensor, timesteps: Tensor, context: Tensor) -> Tensor {
        let time = self.time(timesteps, dtype: sample.dtype)
        // Nobody goes on from there.
        defer { stream?.restart() }
        return descend(sample, time, context.cast(to: sample.dtype)).hidden
    }

    /// The way down and through the middle; `skips` are what the way up takes again, last first.
    private func descend(
        _ sample: Tensor, _ time: Tensor, _ context: Tensor
    ) -> (hidden: Tensor, skips: [Tensor]) {
        stream?.restart()
        var hidden = input(sample.converted(format: input.format))
        var skips = [hidden]
        for (level, block) in down.enumerated() {
            for index in 0..<block.layerCount {
                hidden = layer(block, index, hidden, time, context)
                skips.append(hidden)
            }
            if level < downsamplers.count {
                hidden = downsamplers[level](hidden)
                skips.append(hidden)
            }
        }
        hidden = layer(middle, 0, hidden, time, context)
        hidden = layer(middle, 1, hidden, time, context)
        return (hidden, skips)
    }

    private func layer(
        _ level: UNetLevel, _ index: Int, _ input: Tensor, _ time: Tensor, _ context: Tensor
    ) -> Tensor {
        let number = level.firstNumber + index
        guard checkpointsActivations else {
            return streamed(number, then: number + 1) {
                level.layer(index, input, time: time, context: context)
            }
        }
        // Backward computes the blocks again from the last to the first.
        var step = 1
        return checkpointed([input, time, context]) { [self] inputs in
            defer { step = -1 }
            return streamed(number, then: number + step) {
                level.layer(index, inputs[0], time: inputs[1], context: inputs[2])
            }
        }
    }

    private func streamed(_ number: Int, then next: Int, _ body: () -> Tensor) -> Tensor {
        stream?.with(number, then: next, body) ?? body()
    }

    /// Whether its weights come to the device a block at a time.
    public var streamsWeights: Bool { stream != nil }

    /// Has weights that lie in main memory come to the device a block at a time; nothing changes
    /// on a processor.
    public func streamWeights(to device: Device) {
        guard !device.isProcessor else { return }
        streamWeights(
            through: UploadedBlocks(blocks.map { $0.map(parameters.parameter) }, on: device))
    }

    /// Has weights come a block at a time.
    ///
    /// - Parameter carrier: brings ``blocks``.
    public func streamWeights(through carrier: any BlockCarrier) { stream = BlockStream(carrier) }

    /// How convolution weights lie, and activations with them.
    public var format: MemoryFormat { input.format }

    /// The names of the parameters of each block, in the order of computing. What is computed
    /// before, between and after them is in none.
    public var blocks: [[String]] {
        (down + [middle] + up).flatMap { level in
            (0..<level.layerCount).map { level.names(parameters, of: $0) }
        }
    }
}
