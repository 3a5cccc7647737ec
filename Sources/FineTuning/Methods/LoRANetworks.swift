import Foundation
import NN
import StableDiffusion
import Torch

/// LoRA and its relatives: small layers laid over frozen ones.
struct LoRANetworks: FineTunedNetworks {
    let source: ModelSource
    let unet: UNet
    let context: TextContext
    let dtype: DType
    let groups: [ParameterGroup]
    private let textEncoder: TextEncoder?
    private let adapters: AdapterSet

    /// The frozen weights are kept in what activations are computed in; the adapters in fp32.
    init(
        _ source: ModelSource, _ configuration: FineTuningConfiguration,
        _ method: LoRAConfiguration, device: Device
    ) throws {
        self.source = source
        dtype = configuration.training.mixedPrecision.dtype(on: device)
        let encoder = try source.textEncoder(
            dtype: configuration.trainTextEncoder ? dtype : .float32, device: device)
        unet = try source.unet(dtype: dtype, device: device)
        unet.checkpointsActivations = configuration.training.gradientCheckpointing
        textEncoder = configuration.trainTextEncoder ? encoder : nil
        let generator = Generator(
            seed: Seeds.derived(from: configuration.training.seed ?? 0, .adapters, 0))
        let adapters = try AdapterSet(
            method.adapters, layers: AdaptedLayer.all(unet: unet, textEncoder: textEncoder),
            generator: generator)
        self.adapters = adapters
        adapters.attach()
        groups = AdaptedNetwork.allCases.flatMap { network in
            Self.groups(
                adapters.parameters(of: network), network, method,
                scale: network == .unet ? 1 : configuration.textEncoderRateScale)
        }
        for group in groups {
            for parameter in group.parameters { parameter.tensor.requiresGradient = true }
        }
        context = TextContext(
            try configuration.texts(), encoder, tokenizer: source.tokenizer,
            isTrained: configuration.trainTextEncoder, dtype: dtype, device: device)
    }

    /// LoRA+ (Hayou et al. 2024, arXiv 2402.12354): what begins at zero learns faster by a ratio.
    private static func groups(
        _ parameters: [(name: String, tensor: Tensor)], _ network: AdaptedNetwork,
        _ method: LoRAConfiguration, scale: Double
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
            ParameterGroup(name: $0.0, parameters: $0.1, learningRateScale: $0.2)
        }
    }

    func prepareStep(_ generator: Generator?) { adapters.setDropoutGenerator(generator) }

    func pipeline(device: Device) throws -> Pipeline {
        adapters.setDropoutGenerator(nil)
        return Pipeline(
            source,
            textEncoder: try textEncoder ?? source.textEncoder(dtype: dtype, device: device),
            unet: unet, autoencoder: try source.autoencoder(device: device), precision: dtype,
            device: device)
    }

    func write(to output: URL, training: TrainingSummary) throws -> [URL] {
        guard case .lora(let method) = training.configuration.method else { return [] }
        let name = output.standardizedFileURL.lastPathComponent
        var written: [URL] = []
        for format in method.formats where format == .kohya || method.canBeWrittenAsPEFT {
            let file = format == .kohya ? "\(name).safetensors" : "pytorch_lora_weights.safetensors"
            let url = output.appending(path: file)
            try AdapterWriter.write(
                adapters, to: url, format: format, dtype: method.saveDType,
                metadata: format == .kohya
                    ? try LoRAMetadata(source, method, training, name: name).strings : [:])
            written.append(url)
        }
        return written
    }
}
