import Datasets
import Foundation
import NN
import Settings
import StableDiffusion
import Torch

/// LoRA and its relatives: small layers laid over frozen ones, and a word that is learned along
/// with them where that is wanted (pivotal tuning).
struct LoRANetworks: FineTunedNetworks {
    let source: ModelSource
    let unet: UNet
    let context: TextContext
    let dtype: DType
    let groups: [ParameterGroup]
    private let textEncoder: TextEncoder?
    private let adapters: AdapterSet
    private let word: TextualInversion?

    /// The frozen weights are kept in what activations are computed in; the adapters in fp32.
    ///
    /// - Parameter notify: takes a sentence where vectors and initializer are not as many.
    init(
        _ source: ModelSource, _ configuration: FineTuningConfiguration,
        _ method: LoRAConfiguration, texts: RunTexts, device: Device, disk: DiskMemory?,
        notify: (String) -> Void
    ) throws {
        self.source = source
        dtype = configuration.training.precision(on: device).computing
        let textsChange = configuration.trainTextEncoder || method.word != nil
        let encoder = try source.textEncoder(
            dtype: textsChange ? dtype : .float32, device: device)
        textEncoder = textsChange ? encoder : nil
        let seed = configuration.training.seed ?? 0
        word = try method.word.map {
            try $0.embedding(source, encoder, seed: seed, notify: notify)
        }
        // Before the U-Net is there: a text encoder that stays as it is is not needed any more.
        context = TextContext(
            texts, encoder, tokenizer: source.tokenizer,
            embeddings: word.map { [$0] } ?? [], isTrained: textsChange, dtype: dtype,
            device: device)
        unet = try configuration.training.frozenUNet(
            source, dtype: dtype, device: device, disk: disk)
        let adapters = try AdapterSet(
            method.adapters,
            layers: AdaptedLayer.all(
                unet: unet, textEncoder: configuration.trainTextEncoder ? textEncoder : nil),
            generator: Generator(seed: Seeds.derived(from: seed, .adapters, 0)), device: device)
        self.adapters = adapters
        adapters.attach()
        groups =
            AdaptedNetwork.allCases.flatMap { network in
                Self.groups(
                    adapters.parameters(of: network), network, method,
                    scale: network == .unet ? 1 : configuration.textEncoderRateScale,
                    lastStep: network == .unet
                        ? nil : configuration.training.stopTextEncoderTraining)
            }
            + (word.map {
                let rate = method.wordLearningRate ?? configuration.training.learningRate
                return [$0.group(rateScale: rate / configuration.training.learningRate)]
            } ?? [])
        for group in groups {
            for parameter in group.parameters { parameter.tensor.requiresGradient = true }
        }
    }

    /// LoRA+ (Hayou et al. 2024, arXiv 2402.12354): what begins at zero learns faster by a ratio.
    private static func groups(
        _ parameters: [(name: String, tensor: Tensor)], _ network: AdaptedNetwork,
        _ method: LoRAConfiguration, scale: Double, lastStep: Int?
    ) -> [ParameterGroup] {
        func isLate(_ name: String) -> Bool {
            ["lora_up.weight", "hada_w2_a", "lokr_w2", "lokr_w2_b"].contains(where: name.hasSuffix)
        }
        let ratio = method.loraPlusRatio
        let parts =
            ratio == 1
            ? [(network.rawValue, parameters, scale)]
            : [
                (network.rawValue, parameters.filter { !isLate($0.name) }, scale),
                ("\(network.rawValue), late", parameters.filter { isLate($0.name) }, scale * ratio),
            ]
        return parts.filter { !$0.1.isEmpty }.map {
            ParameterGroup(
                name: $0.0, parameters: $0.1, learningRateScale: $0.2, lastStep: lastStep)
        }
    }

    func prepareStep(_ generator: Generator?) { adapters.setDropoutGenerator(generator) }

    func pipeline(device: Device) throws -> Pipeline {
        adapters.setDropoutGenerator(nil)
        let pipeline = Pipeline(
            source,
            textEncoder: try textEncoder
                ?? source.textEncoder(dtype: dtype, device: device, weights: .mainMemory),
            unet: unet,
            autoencoder: try source.autoencoder(device: device, weights: .mainMemory),
            precision: dtype, device: device)
        pipeline.embeddings = word.map { [$0] } ?? []
        return pipeline
    }

    /// In the metadata of kohya's format.
    var showsThumbnail: Bool { true }

    func write(to output: URL, training: TrainingSummary) throws -> [URL] {
        guard case .lora(let method) = training.configuration.method else { return [] }
        let name = output.standardizedFileURL.lastPathComponent
        var written: [URL] = []
        for format in method.formats where format == .kohya || method.canBeWrittenAsPEFT {
            let url = output.appending(path: LoRAConfiguration.fileName(format, name))
            try AdapterWriter.write(
                adapters, to: url, format: format, dtype: method.saveDType,
                embeddings: format == .kohya ? word.map { [$0] } ?? [] : [],
                metadata: format == .kohya
                    ? try LoRAMetadata(source, method, training, name: name).strings : [:])
            written.append(url)
        }
        if let word {
            // PEFT's file has no place for it.
            try word.describe(source, stepCount: training.stepCount)
            let url = output.appending(path: TextualInversionConfiguration.fileName)
            try TextualInversionFile.write(word, to: url)
            written.append(url)
        }
        return written
    }
}
