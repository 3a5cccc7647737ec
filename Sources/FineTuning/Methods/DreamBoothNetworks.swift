import NN
import StableDiffusion
import Torch

/// The networks of a DreamBooth run, and which of their parameters are trained.
struct Networks {
    let unet: UNet
    /// Nil where it stays as it is: then it is freed once the texts are encoded.
    let trainedTextEncoder: TextEncoder?
    let context: TextContext
    /// What activations are computed in.
    let dtype: DType
    /// By the name of the network and the parameter's own.
    let trained: [(name: String, tensor: Tensor)]

    /// Loads the networks in fp32, whatever the model's files have.
    init(_ source: ModelSource, _ configuration: DreamBoothConfiguration, device: Device) throws {
        dtype = configuration.training.mixedPrecision.dtype(on: device)
        let prompts = [
            configuration.instancePrompt,
            configuration.withPriorPreservation ? configuration.classPrompt : nil,
        ].compactMap { $0 }
        let encoder = try source.textEncoder(device: device)
        unet = try source.unet(device: device)
        unet.checkpointsActivations = configuration.training.gradientCheckpointing
        trainedTextEncoder = configuration.trainTextEncoder ? encoder : nil

        let all =
            unet.parameters.entries.map { ("unet.\($0.name)", $0.tensor) }
            + encoder.parameters.entries.map { ("text_encoder.\($0.name)", $0.tensor) }
        trained = all.filter { Self.isTrained($0.0, configuration) }
        for (_, tensor) in trained { tensor.requiresGradient = true }

        context = TextContext(
            prompts, encoder, tokenizer: source.tokenizer,
            isTrained: configuration.trainTextEncoder, dtype: dtype, device: device)
    }

    /// DreamBooth attaches to a model through this predicate on names, and nothing else.
    static func isTrained(_ name: String, _ configuration: DreamBoothConfiguration) -> Bool {
        name.hasPrefix("unet.")
            || (configuration.trainTextEncoder && name.hasPrefix("text_encoder."))
    }
}

extension TrainingConfiguration.Precision {
    /// The dtype of activations; a CPU computes bf16 where fp16 is asked for.
    func dtype(on device: Device) -> DType {
        switch self {
        case .no: .float32
        case .bf16: .bfloat16
        case .fp16: device == .cpu ? .bfloat16 : .float16
        }
    }
}
