import Foundation
import NN
import StableDiffusion
import Torch

/// Textual inversion: a few vectors are trained, and nothing else.
///
/// Only the vectors are parameters, so only they have moments: diffusers trains the whole token
/// table and copies the other rows back at every step.
struct TextualInversionNetworks: FineTunedNetworks {
    let source: ModelSource
    let unet: UNet
    let context: TextContext
    let dtype: DType
    let groups: [ParameterGroup]
    private let textEncoder: TextEncoder
    private let embedding: TextualInversion

    /// - Parameter notify: takes a sentence where vectors and initializer are not as many.
    init(
        _ source: ModelSource, _ configuration: FineTuningConfiguration,
        _ method: TextualInversionConfiguration, device: Device, notify: (String) -> Void
    ) throws {
        self.source = source
        dtype = configuration.training.mixedPrecision.dtype(on: device)
        textEncoder = try source.textEncoder(dtype: dtype, device: device)
        let generator = Generator(
            seed: Seeds.derived(from: configuration.training.seed ?? 0, .vectors, 0))
        let (embedding, notice) = try TextualInversion.initialized(
            method.placeholderToken, from: method.initializerToken,
            vectorCount: method.vectorCount, textEncoder: textEncoder,
            tokenizer: source.tokenizer, generator: generator)
        if let notice { notify(notice) }
        embedding.vectors.requiresGradient = true
        self.embedding = embedding
        unet = try source.unet(dtype: dtype, device: device)
        unet.checkpointsActivations = configuration.training.gradientCheckpointing
        groups = [
            ParameterGroup(
                name: "vectors", parameters: [("vectors", embedding.vectors)],
                // Decay would pull the word towards nothing, which no other token is.
                weightDecay: 0)
        ]
        context = TextContext(
            try configuration.texts(), textEncoder, tokenizer: source.tokenizer,
            embeddings: [embedding], isTrained: true, dtype: dtype, device: device)
    }

    func pipeline(device: Device) throws -> Pipeline {
        let pipeline = Pipeline(
            source, textEncoder: textEncoder, unet: unet,
            autoencoder: try source.autoencoder(device: device), precision: dtype, device: device)
        pipeline.embeddings = [embedding]
        return pipeline
    }

    func write(to output: URL, training: TrainingSummary) throws -> [URL] {
        embedding.step = training.stepCount
        embedding.baseModelName = source.name
        embedding.baseModelHash = try source.hash
        // Programs other than diffusers take the file's name for the word.
        let stem = embedding.token.filter { $0.isLetter || $0.isNumber || "-_".contains($0) }
        let name = stem.isEmpty ? "embedding" : stem
        let files = [
            (
                output.appending(path: "learned_embeds.safetensors"),
                TextualInversionFile.Format.safetensors
            ),
            (output.appending(path: "\(name).safetensors"), .safetensors),
            (output.appending(path: "\(name).pt"), .a1111),
        ]
        for (url, format) in files {
            try TextualInversionFile.write(embedding, to: url, format: format)
        }
        return files.map(\.0)
    }
}
