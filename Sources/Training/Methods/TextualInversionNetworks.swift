import Datasets
import Foundation
import NN
import Settings
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
        _ method: TextualInversionConfiguration, texts: RunTexts, device: Device, disk: DiskMemory?,
        notify: (String) -> Void
    ) throws {
        self.source = source
        dtype = configuration.training.precision(on: device).computing
        textEncoder = try source.textEncoder(dtype: dtype, device: device)
        embedding = try method.embedding(
            source, textEncoder, seed: configuration.training.seed ?? 0, notify: notify)
        unet = try configuration.training.frozenUNet(
            source, dtype: dtype, device: device, disk: disk)
        groups = [embedding.group()]
        context = TextContext(
            texts, textEncoder, tokenizer: source.tokenizer,
            embeddings: [embedding], isTrained: true, dtype: dtype, device: device)
    }

    func pipeline(device: Device) throws -> Pipeline {
        let pipeline = Pipeline(
            source, textEncoder: textEncoder, unet: unet,
            autoencoder: try source.autoencoder(device: device, weights: .mainMemory),
            precision: dtype, device: device)
        pipeline.embeddings = [embedding]
        return pipeline
    }

    func write(to output: URL, training: TrainingSummary) throws -> [URL] {
        guard case .textualInversion(let method) = training.configuration.method else { return [] }
        try embedding.describe(source, stepCount: training.stepCount)
        let name = method.fileStem
        let files = [
            (
                output.appending(path: TextualInversionConfiguration.fileName),
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

extension TextualInversionConfiguration {
    /// The vectors as they begin, ready to be trained.
    ///
    /// - Parameter notify: takes a sentence where vectors and initializer are not as many.
    func embedding(
        _ source: ModelSource, _ textEncoder: TextEncoder, seed: UInt64,
        notify: (String) -> Void
    ) throws -> TextualInversion {
        let (embedding, notice) = try TextualInversion.initialized(
            placeholderToken, from: initializerToken, vectorCount: vectorCount,
            textEncoder: textEncoder, tokenizer: source.tokenizer,
            generator: Generator(seed: Seeds.derived(from: seed, .vectors, 0)))
        if let notice { notify(notice) }
        embedding.vectors.requiresGradient = true
        return embedding
    }

    /// Sees whether the word can be learned with a model.
    func check(_ source: ModelSource) throws {
        try TextualInversion.validate(placeholder: placeholderToken, for: source.tokenizer)
        try TextualInversion.validate(initializer: initializerToken, for: source.tokenizer)
    }

    /// Sees whether every sentence has the word where it is read.
    func checkSentences(_ source: ModelSource) throws {
        try PromptTemplates.check(
            try sentences(), of: templates, word: placeholderToken, vectorCount: vectorCount,
            tokenizer: source.tokenizer)
    }
}

extension TextualInversion {
    /// - Parameter rateScale: the vectors' rate as a factor of the run's.
    func group(rateScale: Double = 1) -> ParameterGroup {
        ParameterGroup(
            name: "vectors", parameters: [("vectors", vectors)], learningRateScale: rateScale,
            // Decay would pull the word towards nothing, which no other token is.
            weightDecay: 0)
    }

    /// Notes how it came to be, for its files.
    func describe(_ source: ModelSource, stepCount: Int) throws {
        step = stepCount
        baseModelName = source.name
        baseModelHash = try source.hash
    }
}
