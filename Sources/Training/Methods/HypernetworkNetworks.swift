import Datasets
import Foundation
import NN
import Settings
import StableDiffusion
import Torch

/// A hypernetwork: small networks before the keys and values of attention.
struct HypernetworkNetworks: FineTunedNetworks {
    let source: ModelSource
    let unet: UNet
    let context: TextContext
    let dtype: DType
    let groups: [ParameterGroup]
    private let hypernetwork: Hypernetwork

    init(
        _ source: ModelSource, _ configuration: FineTuningConfiguration,
        _ method: HypernetworkTraining, texts: RunTexts, device: Device, disk: DiskMemory?
    ) throws {
        self.source = source
        dtype = configuration.training.precision(on: device).computing
        // Before the U-Net is there: the text encoder is not needed any more.
        context = TextContext(
            texts, try source.textEncoder(device: device), tokenizer: source.tokenizer,
            isTrained: false, dtype: dtype, device: device)
        unet = try configuration.training.frozenUNet(
            source, dtype: dtype, device: device, disk: disk)
        var network = method.network
        // Without a choice: every width that the model has.
        if method.usesModelWidths { network.widths = unet.contextWidths }
        let seed = configuration.training.seed ?? 0
        let name = configuration.outputName
        hypernetwork = try Hypernetwork(
            name: name, network,
            generator: Generator(seed: Seeds.derived(from: seed, .vectors, 1)), device: device)
        try hypernetwork.attach(to: unet)
        hypernetwork.parameters.setRequiresGradient(true)
        groups = [
            ParameterGroup(name: "hypernetwork", parameters: hypernetwork.parameters.entries)
        ]
    }

    func prepareStep(_ generator: Generator?) { hypernetwork.dropoutGenerator = generator }

    func pipeline(device: Device) throws -> Pipeline {
        hypernetwork.dropoutGenerator = nil
        return Pipeline(
            source,
            textEncoder: try source.textEncoder(
                dtype: dtype, device: device, weights: .mainMemory),
            unet: unet,
            autoencoder: try source.autoencoder(device: device, weights: .mainMemory),
            precision: dtype, device: device)
    }

    func write(to output: URL, training: TrainingSummary) throws -> [URL] {
        hypernetwork.step = training.stepCount
        hypernetwork.checkpointName = source.name
        hypernetwork.checkpointHash = try source.hash
        let url = output.appending(path: "\(hypernetwork.name).pt")
        try HypernetworkFile.write(hypernetwork, to: url)
        return [url]
    }
}
