import NN
public import Torch

/// The whole way from a prompt to pictures.
///
/// Source: `StableDiffusionPipeline.__call__` in diffusers'
/// `pipelines/stable_diffusion/pipeline_stable_diffusion.py`; a seed gives the picture that it
/// gives with `torch.Generator("cpu").manual_seed(seed)`.
public final class Pipeline {
    /// The model that the parts are of.
    public let source: ModelSource
    /// Makes of a prompt what the U-Net attends to.
    public let textEncoder: TextEncoder
    /// Predicts the noise in latents.
    public let unet: UNet
    /// Makes pictures of latents.
    public let autoencoder: Autoencoder
    /// What the networks compute in.
    public let precision: DType
    /// Where the networks compute.
    public let device: Device
    /// How much of the model lies there.
    public let offload: WeightOffload
    /// Learned vectors that prompts use by their tokens; each must be valid for the model
    /// (``TextualInversion/validate(_:for:)``).
    public var embeddings: [TextualInversion] = []
    /// Takes sentences that a person should see, such as that decoding was redone.
    public var notify: (String) -> Void = { _ in }
    private var hasToldOverflow = false

    /// Loads all parts of a model.
    public init(
        _ source: ModelSource, precision: DType = .float32, device: Device = .cpu,
        offload: WeightOffload = .none
    ) throws {
        self.source = source
        self.precision = precision
        self.device = device
        self.offload = offload
        let place: WeightPlace = offload == .none ? .device : .mainMemory
        textEncoder = try source.textEncoder(dtype: precision, device: device, weights: place)
        unet = try source.unet(dtype: precision, device: device, weights: place)
        autoencoder = try source.autoencoder(dtype: precision, device: device, weights: place)
    }

    /// A pipeline over networks that are there already, such as those in training.
    public init(
        _ source: ModelSource, textEncoder: TextEncoder, unet: UNet, autoencoder: Autoencoder,
        precision: DType, device: Device
    ) {
        self.source = source
        self.textEncoder = textEncoder
        self.unet = unet
        self.autoencoder = autoencoder
        self.precision = precision
        self.device = device
        offload = .none
    }

    /// Paints one picture for every seed, all in one batch.
    ///
    /// - Parameters:
    ///   - progress: called after every step with the steps done and all steps; what it throws
    ///     ends the run.
    /// - Returns: uint8 `[height, width, 3]` on the CPU, in the order of the seeds.
    /// - Throws: ``GenerationError``, ``SamplerError``, ``PromptError``, or what `progress` throws.
    public func generate(
        _ settings: GenerationSettings, seeds: [UInt64],
        progress: (_ done: Int, _ of: Int) throws -> Void = { _, _ in }
    ) throws -> [Tensor] {
        let latents = try latents(settings, seeds: seeds, progress: progress)
        // One at a time: decoding is where memory peaks.
        return try (0..<seeds.count).map { row in
            guard let picture = picture(latents.narrowed(0, start: row, length: 1)) else {
                throw GenerationError.notFinite(precision: precision.shortName)
            }
            return picture
        }
    }

    /// The latents after the last step, float32 `[seeds, channels, height, width]`.
    public func latents(
        _ settings: GenerationSettings, seeds: [UInt64],
        progress: (_ done: Int, _ of: Int) throws -> Void = { _, _ in }
    ) throws -> Tensor {
        let latents = try diffused(settings, seeds: seeds, progress: progress)
        guard latents.isAllFinite else {
            throw GenerationError.notFinite(precision: precision.shortName)
        }
        return latents
    }

    private func diffused(
        _ settings: GenerationSettings, seeds: [UInt64],
        progress: (_ done: Int, _ of: Int) throws -> Void
    ) throws -> Tensor {
        try settings.validate(for: source)
        let prompts = conditioned(
            try CompiledPrompts(settings, encoder: promptEncoder), clipSkip: settings.clipSkip)
        return try diffused(
            settings, rows: seeds.map { (prompts, $0) }, progress: progress)
    }

    /// Pictures that are painted at once, each with prompts and a seed of its own; some or all may
    /// not be finite.
    ///
    /// - Parameters:
    ///   - settings: of all of them; their prompts count nothing.
    ///   - rows: whose prompts have one ``CompiledPrompts/batchShape``.
    /// - Returns: float32 `[rows, channels, height, width]`.
    package func diffused(
        _ settings: GenerationSettings, rows: [(prompts: ConditionedPrompts, seed: UInt64)],
        progress: (_ done: Int, _ of: Int) throws -> Void
    ) throws -> Tensor {
        let configuration = source.schedulerConfiguration
        let sampler = try SamplerChoice(
            settings.sampler, schedule: settings.schedule, for: configuration
        ).sampler(stepCount: settings.stepCount)
        let factor = source.vaeConfiguration.downsamplingFactor
        let side = source.unetConfiguration.sampleSize
        let shape = [
            1, source.vaeConfiguration.latentChannels,
            settings.height.map { $0 / factor } ?? side,
            settings.width.map { $0 / factor } ?? side,
        ]
        let noise = PictureNoise(rows.map(\.seed), shape: shape, for: sampler, on: device)
        return try withoutGradients {
            var guidance = Guidance(rows.map(\.prompts), scale: settings.guidanceScale) { step in
                settings.speed.isGuided(step: step, of: settings.stepCount)
            }
            var caches: [Int: (call: Guidance.Call, cache: FeatureCache)] = [:]
            var latents = noise.next() * sampler.initialNoiseScale
            let callCount = sampler.timesteps.count
            func take(_ call: Int, at time: Double) throws {
                // Some samplers call the network more often than they have steps.
                let step = call * settings.stepCount / callCount + 1
                let input = sampler.scaledInput(latents, step: call).cast(to: precision)
                let output = guidance.prediction(step: step) { context, repeats, now in
                    let inputs =
                        repeats == 1
                        ? input
                        : Tensor.concatenating(Array(repeating: input, count: repeats))
                    let times = Tensor.full([inputs.size(0)], time, device: device)
                    guard settings.speed.cacheInterval > 1 else {
                        return unet(inputs, timesteps: times, context: context).cast(to: .float32)
                    }
                    let known = caches[now.number].flatMap {
                        $0.call == now && call % settings.speed.cacheInterval != 0
                            ? $0.cache : nil
                    }
                    let cache = known ?? FeatureCache()
                    caches[now.number] = (now, cache)
                    let output =
                        known == nil
                        ? unet(inputs, timesteps: times, context: context, caching: cache)
                        : unet.shallow(
                            inputs, timesteps: times, context: context, cached: cache)
                    return output.cast(to: .float32)
                }
                latents = sampler.step(output, step: call, latents: latents) { _ in
                    noise.of(sampler.brownianPiece(step: call))
                }
                try progress(call + 1, callCount)
            }
            func sample() throws {
                for (call, time) in sampler.timesteps.enumerated() { try take(call, at: time) }
            }
            if offload == .model {
                try unet.parameters.visiting(device, sample)
            } else {
                try sample()
            }
            // Decoding has tensors of other sizes: what is kept would lie beside them.
            if offload != .none { device.emptyCache() }
            return latents
        }
    }

    /// - Returns: `[texts, tokens, width]`.
    public func encode(_ texts: [String], clipSkip: Int = 1) -> Tensor {
        encode(texts.map { promptEncoder.encode($0) }, clipSkip: clipSkip)
    }

    /// Knows the model's tokens and the words of ``embeddings``.
    public var promptEncoder: PromptEncoder {
        PromptEncoder(source.tokenizer, embeddings: embeddings)
    }

    private func encode(_ prompts: [EmbeddedPrompt], clipSkip: Int) -> Tensor {
        let (ids, learned) = promptEncoder.batch(prompts, device: device)
        return textEncoder(ids, clipSkip: clipSkip, dtype: precision, learned: learned)
    }

    /// Runs prompts through the text encoder.
    package func conditioned(_ prompts: CompiledPrompts, clipSkip: Int) -> ConditionedPrompts {
        withoutGradients {
            ConditionedPrompts(
                PromptConditioning.all(of: prompts, empty: PromptChunks(promptEncoder).empty) {
                    encode($0.map(\.prompt), clipSkip: clipSkip)
                })
        }
    }

    /// Decodes one picture.
    ///
    /// - Parameter latents: float32 `[1, channels, height, width]`, as they are diffused.
    /// - Returns: uint8 `[height, width, 3]` on the CPU; nil where the latents or the picture are
    ///   not finite.
    package func picture(_ latents: Tensor) -> Tensor? {
        guard latents.isAllFinite else { return nil }
        return withoutGradients {
            let scaled = latents / source.vaeConfiguration.scalingFactor
            var pixels = autoencoder.decode(scaled.cast(to: precision)).cast(to: .float32)
            if !pixels.isAllFinite {
                guard precision != .float32 else { return nil }
                if !hasToldOverflow {
                    notify(
                        "Decoding overflowed in \(precision.shortName) and was done again in fp32; "
                            + "so are others where that happens.")
                }
                hasToldOverflow = true
                pixels = autoencoder.decode(scaled)
                guard pixels.isAllFinite else { return nil }
            }
            let bytes = ((pixels * 0.5 + 0.5).clamped(0, 1) * 255).rounded().cast(to: .uint8)
            return bytes.squeezed(0).permuted(1, 2, 0).moved(to: .cpu)
                .converted(format: .contiguous)
        }
    }
}

extension DType {
    /// What options and people call the types that networks compute in.
    package var shortName: String {
        switch self {
        case .float32: "fp32"
        case .float16: "fp16"
        case .bfloat16: "bf16"
        default: rawValue
        }
    }
}
