import Datasets
import Foundation
import NN
import Settings
import StableDiffusion
import Torch

/// The networks of a run as one method has them: what is frozen, what is trained, what is written.
protocol FineTunedNetworks {
    /// The model that is fine-tuned.
    var source: ModelSource { get }
    /// Predicts the noise, with whatever the method lays over it.
    var unet: UNet { get }
    /// The texts of the run.
    var context: TextContext { get }
    /// What activations are computed in.
    var dtype: DType { get }
    /// What is trained.
    var groups: [ParameterGroup] { get }
    /// Brings weights of which each of several processes has a part; nil: all of them are here.
    var shards: ShardedBlocks? { get }

    /// Called before each batch with what everything random of the run is drawn from; nil: what
    /// follows is no training, and nothing random may happen.
    func prepareStep(_ generator: Generator?)

    /// The U-Net as it was before anything was trained.
    func frozenUNet(device: Device) throws -> UNet

    /// Paints with the networks as they are now.
    func pipeline(device: Device) throws -> Pipeline

    /// Whether what is written shows a picture of its own.
    var showsThumbnail: Bool { get }

    /// Bytes of the model's own files that are written along with what was trained.
    var unchangedBytes: Int { get throws }

    /// Writes what was trained; files that are there are replaced whole.
    ///
    /// - Returns: what people load: folders or files.
    func write(to output: URL, training: TrainingSummary) throws -> [URL]
}

extension FineTunedNetworks {
    /// None: most methods write what they trained alone.
    var unchangedBytes: Int { 0 }

    /// What most methods train is small.
    var shards: ShardedBlocks? { nil }

    /// Most do not.
    var showsThumbnail: Bool { false }

    /// Has process 0 see all weights, where each process has a part of them.
    func withWeights<Value>(_ body: () throws -> Value) throws -> Value {
        try shards.map { try $0.whileFirstLooks(body) } ?? body()
    }

    /// Nothing: most methods draw nothing in their networks.
    func prepareStep(_ generator: Generator?) {}

    /// The same weights, which most methods leave as they are, with nothing laid over them.
    func frozenUNet(device: Device) throws -> UNet {
        let frozen = try UNet(unet.configuration, SharedParameters(unet.parameters))
        if unet.streamsWeights { frozen.streamWeights(to: device) }
        return frozen
    }
}

/// What files say about how they came to be.
struct TrainingSummary {
    let configuration: FineTuningConfiguration
    let stepCount: Int
    let photoCount: Int
    let resolution: Int
    /// The captions of the photos, where they have some.
    let captions: PhotoTexts?
    /// A picture that the result paints, as a data URI.
    var thumbnail: String?
}

/// The networks of the configured method.
///
/// - Parameter processes: those that train together; nil: this one alone.
func makeNetworks(
    _ source: ModelSource, _ configuration: FineTuningConfiguration, texts: RunTexts,
    device: Device, disk: DiskMemory?, processes: ProcessGroup?,
    notify: (String) -> Void
) throws -> any FineTunedNetworks {
    switch configuration.method {
    case .dreamBooth:
        try DreamBoothNetworks(
            source, configuration, texts: texts, device: device, disk: disk,
            processes: configuration.training.zeroStage == 3 ? processes : nil)
    case .lora(let adapters):
        try LoRANetworks(
            source, configuration, adapters, texts: texts, device: device, disk: disk,
            notify: notify)
    case .textualInversion(let inversion):
        try TextualInversionNetworks(
            source, configuration, inversion, texts: texts, device: device, disk: disk,
            notify: notify)
    case .hypernetwork(let hypernetwork):
        try HypernetworkNetworks(
            source, configuration, hypernetwork, texts: texts, device: device, disk: disk)
    }
}

extension FineTuningConfiguration {
    /// Sees whether the method can be laid over a model, before anything is loaded or written.
    func check(_ source: ModelSource) throws {
        switch method {
        case .dreamBooth, .hypernetwork: break
        case .lora(let lora):
            var adapters = lora.adapters
            // Magnitudes are of weights, which are not there.
            adapters.usesMagnitudes = false
            let layers = try source.layers().filter {
                trainTextEncoder || $0.network == .unet
            }
            _ = try AdapterSet(adapters, layers: layers, generator: Generator(seed: 0))
            try lora.word?.check(source)
        case .textualInversion(let inversion):
            try inversion.check(source)
            try inversion.checkSentences(source)
        }
    }

    /// The rate of the text encoder's parameters as a factor of that of the others.
    var textEncoderRateScale: Double {
        training.textEncoderLearningRate.map { $0 / training.learningRate } ?? 1
    }

    /// The texts of the run.
    ///
    /// - Parameter captions: those of the photos, where they have some; textual inversion uses
    ///   sentences of its own.
    func texts(_ captions: PhotoTexts?) throws -> RunTexts {
        if case .textualInversion(let method) = method {
            return RunTexts(
                sentences: try method.texts(), classes: classTexts, dropoutRate: wantedDropout)
        }
        if let captions {
            return RunTexts(captions: captions, classes: classTexts, dropoutRate: wantedDropout)
        }
        guard let instancePrompt, subjects.count == 1 else {
            preconditionFailure("captions are read before networks")
        }
        return RunTexts(
            sentences: [instancePrompt], classes: classTexts, dropoutRate: wantedDropout)
    }
}

extension TrainingConfiguration {
    /// Where the weights are that are computed with.
    ///
    /// - Parameter disk: what is kept on a disk, where anything is.
    func weightPlace(_ disk: DiskMemory?) -> WeightPlace {
        switch offloadParam {
        case .none: .device
        case .cpu: .mainMemory
        case .nvme: disk.map(WeightPlace.disk) ?? .mainMemory
        }
    }

    /// How class pictures are painted: where memory is saved in training, it is saved there too.
    var paintingOffload: WeightOffload {
        offloadParam != .none ? .sequential : gradientCheckpointing ? .model : .none
    }

    /// A U-Net that something is laid over.
    func frozenUNet(
        _ source: ModelSource, dtype: DType, device: Device, disk: DiskMemory?
    ) throws -> UNet {
        let unet = try source.unet(dtype: dtype, device: device, weights: weightPlace(disk))
        unet.checkpointsActivations = gradientCheckpointing
        return unet
    }
}

extension FrozenPrior {
    /// Must be made before anything is trained or restored.
    ///
    /// - Parameter classTexts: the classes' texts.
    init(_ networks: any FineTunedNetworks, classTexts: [TextID], device: Device) throws {
        networks.prepareStep(nil)
        self.init(
            unet: try networks.frozenUNet(device: device),
            contexts: withoutGradients { networks.context.rows(classTexts).detached() },
            classTexts: classTexts)
    }
}
