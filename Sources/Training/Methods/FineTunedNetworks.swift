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

    /// Called before each batch with what everything random of the run is drawn from; nil: what
    /// follows is no training, and nothing random may happen.
    func prepareStep(_ generator: Generator?)

    /// The U-Net as it was before anything was trained.
    func frozenUNet(device: Device) throws -> UNet

    /// Paints with the networks as they are now.
    func pipeline(device: Device) throws -> Pipeline

    /// Whether what is written shows a picture of its own.
    var showsThumbnail: Bool { get }

    /// Writes what was trained; files that are there are replaced whole.
    ///
    /// - Returns: what people load: folders or files.
    func write(to output: URL, training: TrainingSummary) throws -> [URL]
}

extension FineTunedNetworks {
    /// Most do not.
    var showsThumbnail: Bool { false }

    /// Nothing: most methods draw nothing in their networks.
    func prepareStep(_ generator: Generator?) {}

    /// The same weights, which most methods leave as they are, with nothing laid over them.
    func frozenUNet(device: Device) throws -> UNet {
        try UNet(unet.configuration, SharedParameters(unet.parameters))
    }
}

/// What files say about how they came to be.
struct TrainingSummary {
    let configuration: FineTuningConfiguration
    let stepCount: Int
    let photoCount: Int
    let resolution: Int
    /// A picture that the result paints, as a data URI.
    var thumbnail: String?
}

/// The networks of the configured method.
func makeNetworks(
    _ source: ModelSource, _ configuration: FineTuningConfiguration, device: Device,
    notify: (String) -> Void
) throws -> any FineTunedNetworks {
    switch configuration.method {
    case .dreamBooth: try DreamBoothNetworks(source, configuration, device: device)
    case .lora(let adapters):
        try LoRANetworks(source, configuration, adapters, device: device, notify: notify)
    case .textualInversion(let inversion):
        try TextualInversionNetworks(
            source, configuration, inversion, device: device, notify: notify)
    case .hypernetwork(let hypernetwork):
        try HypernetworkNetworks(source, configuration, hypernetwork, device: device)
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
        case .textualInversion(let inversion): try inversion.check(source)
        }
    }

    /// The rate of the text encoder's parameters as a factor of that of the others.
    var textEncoderRateScale: Double {
        training.textEncoderLearningRate.map { $0 / training.learningRate } ?? 1
    }

    /// The texts of the photos, of which each row has one; textual inversion and captions are many.
    func instanceTexts() throws -> [String] {
        if case .textualInversion(let method) = method { return try method.texts() }
        if let captions { return captions.texts }
        guard let instancePrompt, subjects.count == 1 else {
            preconditionFailure("captions are read before networks")
        }
        return [instancePrompt]
    }

    /// The texts of the photos, then those of the classes, then the empty one where captions are
    /// left out.
    func texts() throws -> [String] {
        try instanceTexts() + classTexts + (wantedDropout == nil ? [] : [""])
    }

    /// The places of the classes' texts among ``texts()``, one for each subject.
    func classTextNumbers() throws -> Range<Int> {
        let count = try instanceTexts().count
        return count..<(count + subjects.count)
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

extension FrozenPrior {
    /// Must be made before anything is trained or restored.
    ///
    /// - Parameter classTexts: the numbers of the classes' texts.
    init(_ networks: any FineTunedNetworks, classTexts: Range<Int>, device: Device) throws {
        networks.prepareStep(nil)
        self.init(
            unet: try networks.frozenUNet(device: device),
            contexts: withoutGradients { networks.context.rows(Array(classTexts)).detached() },
            classTexts: classTexts)
    }
}
