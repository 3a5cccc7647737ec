internal import Files
public import Foundation
internal import NN
public import Torch

/// A Stable Diffusion 1.x or 2.x model on disk, opened and checked, its weights not yet loaded.
///
/// It is a folder in the layout of diffusers (plain, fp16, bf16 and sharded weights, with the
/// spellings of older versions), or one `.safetensors` or `.ckpt` file in the names of the
/// original code. Pickles are read as data: nothing of them is run.
public final class ModelSource {
    /// What was opened.
    public let url: URL
    /// The folder's or the file's name, without `.safetensors` or `.ckpt`.
    public let name: String
    /// The sizes of the U-Net.
    public let unetConfiguration: UNetConfiguration
    /// The sizes of the autoencoder.
    public let vaeConfiguration: AutoencoderConfiguration
    /// The sizes of the text encoder.
    public let textEncoderConfiguration: TextEncoderConfiguration
    /// The noise schedule, and the sampler that the model suggests.
    public let schedulerConfiguration: SchedulerConfiguration
    /// The tokenizer that belongs to the text encoder.
    public let tokenizer: CLIPTokenizer

    let contents: ModelContents
    private var digest: String?

    /// Opens a model: reads its configuration and the headers of its weights.
    ///
    /// A single file has no configuration. Its sizes are inferred from its tensors, and its
    /// scheduler is that of the version; what an SD 2.x file predicts cannot be told from the
    /// weights, and is velocity unless the web UI's YAML beside it, the file's metadata or
    /// `predictionOverride` says otherwise. ``notices`` tell where nobody said it.
    ///
    /// - Parameters:
    ///   - url: a diffusers folder or a single file.
    ///   - configuration: for a single file, a diffusers folder whose configuration, tokenizer and
    ///     scheduler hold; its weights are not looked at, and need not be there.
    ///   - predictionOverride: what the network predicts, whatever the model says.
    ///   - rescalesBetas: stretches the noise schedule to zero terminal SNR, whatever the model
    ///     says; a model that is written says so then, and suggests a sampler that can do it.
    ///   - usesEMA: for a single file, whether the U-Net gets its averaged weights.
    /// - Throws: `ModelError`, `CheckpointError`, `PyTorchArchiveError`, `ConfigurationError`,
    ///   `TokenizerError`, `SamplerError` or a file error: one sentence that names the file, and what to do.
    public init(
        _ url: URL, configuration: URL? = nil, predictionOverride: PredictionType? = nil,
        rescalesBetas: Bool = false, usesEMA: Bool = false
    ) throws {
        self.url = url
        let path = url.standardizedFileURL
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path.path, isDirectory: &isFolder) else {
            throw ModelError.absent(path: url.path)
        }
        let last = path.lastPathComponent
        if isFolder.boolValue {
            name = last
            if usesEMA { throw ModelError.noAverage(path: url.path) }
            contents = try Self.applying(
                predictionOverride, rescalesBetas: rescalesBetas, to: try ModelFolder.open(path))
        } else {
            let ending = [".safetensors", ".ckpt"].first { last.hasSuffix($0) } ?? ""
            name = String(last.dropLast(ending.count))
            contents = try Self.applying(
                predictionOverride, rescalesBetas: rescalesBetas,
                to: try SingleFile.open(
                    path, reference: configuration?.standardizedFileURL, usesEMA: usesEMA,
                    prediction: predictionOverride))
        }
        unetConfiguration = try contents.configuration(.unet)
        try unetConfiguration.validate()
        vaeConfiguration = try contents.configuration(.vae)
        try vaeConfiguration.validate()
        textEncoderConfiguration = try contents.configuration(.textEncoder)
        try textEncoderConfiguration.validate()
        schedulerConfiguration = try SchedulerConfiguration(
            json: try contents.scheduler.bytes(), file: contents.scheduler.path)
        tokenizer = try contents.tokenizer()
        try checkThatPartsFit()
    }

    /// Sentences for people on what was taken for granted, or cannot be used.
    public var notices: [String] { contents.notices }

    /// The first ten digits of a SHA-256, as A1111 names models: of the single file, or of the
    /// U-Net's weights (shard after shard). Computed when first asked for.
    public var hash: String {
        get throws {
            if let digest { return digest }
            var sum = SHA256()
            for file in contents.weights[.unet]?.files ?? [] where file.pathExtension != "json" {
                try sum.update(contentsOf: file)
            }
            let short = sum.digest().hexadecimal(prefix: 10)
            digest = short
            return short
        }
    }

    /// Loads the U-Net.
    ///
    /// - Parameters:
    ///   - device: where it is computed.
    ///   - isKept: whether this process has the parameter of a name, where several have it in
    ///     parts; nil: it has all.
    /// - Throws: ``Torch/CheckpointError`` naming the first tensor that is missing, misshapen or
    ///   too many.
    public func unet(
        dtype: DType = .float32, device: Device = .cpu, weights: WeightPlace = .device,
        keeping isKept: ((String) -> Bool)? = nil
    ) throws -> UNet {
        let unet = try load(.unet, dtype, device, weights) { source throws(CheckpointError) in
            try UNet(
                unetConfiguration,
                isKept.map { PartialParameters(source, keeping: $0) } ?? source)
        }
        if !weights.isOnDevice, !device.isProcessor { unet.streamWeights(to: device) }
        return unet
    }

    /// Loads the autoencoder.
    ///
    /// - Throws: as ``unet(dtype:device:weights:)``.
    public func autoencoder(
        dtype: DType = .float32, device: Device = .cpu, weights: WeightPlace = .device
    ) throws -> Autoencoder {
        try load(.vae, dtype, device, weights) { source throws(CheckpointError) in
            try Autoencoder(vaeConfiguration, source)
        }
    }

    /// Loads the text encoder.
    ///
    /// - Throws: as ``unet(dtype:device:weights:)``.
    public func textEncoder(
        dtype: DType = .float32, device: Device = .cpu, weights: WeightPlace = .device
    ) throws -> TextEncoder {
        try load(.textEncoder, dtype, device, weights) { source throws(CheckpointError) in
            try TextEncoder(textEncoderConfiguration, source)
        }
    }

    /// Sees whether every network finds all of its tensors, and nothing else; reads none of them.
    ///
    /// - Throws: as ``unet(dtype:device:weights:)``.
    public func verify() throws {
        _ = try layers()
        _ = try autoencoder(device: .meta(.main))
    }

    /// The layers that something can be laid over, with weights without contents: for seeing
    /// whether it would fit, at once and in next to no memory.
    ///
    /// - Throws: as ``unet(dtype:device:weights:)``.
    public func layers() throws -> [AdaptedLayer] {
        AdaptedLayer.all(
            unet: try unet(device: .meta(.main)),
            textEncoder: try textEncoder(device: .meta(.main)))
    }

    /// What the files of some parts take on the disk.
    ///
    /// - Throws: where a file cannot be looked at.
    package func byteCount(of parts: [ModelPart]) throws -> Int {
        try parts.flatMap { contents.weights[$0]?.files ?? [] }.reduce(0) { sum, file in
            sum + (try file.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0)
        }
    }

    private func load<Network>(
        _ part: ModelPart, _ dtype: DType, _ device: Device, _ place: WeightPlace,
        _ build: (any ParameterSource) throws(CheckpointError) -> Network
    ) throws -> Network {
        guard let weights = contents.weights[part] else {
            throw ModelError.missingPart(name: part.rawValue, folder: url.path)
        }
        let checkpoint = weights.checkpoint(
            dtype: dtype, device: place.isOnDevice ? device : device.mainMemory,
            format: format(on: device))
        let network = try build(place.source(checkpoint, for: device))
        try checkpoint.requireAllUsed()
        if !device.isProcessor { Device.trimMainMemory() }
        return network
    }

    /// On a processor narrow networks pay more for the channels-last format than they gain:
    /// diffusers' U-Net of the embedded model's sizes trains 46 rows a second in it and 56 without.
    private func format(on device: Device) -> MemoryFormat {
        let widest = unetConfiguration.blockOutChannels.max() ?? 0
        return device.isProcessor && widest < 256 ? .contiguous : .channelsLast
    }

    private static func applying(
        _ prediction: PredictionType?, rescalesBetas: Bool, to contents: ModelContents
    ) throws -> ModelContents {
        var contents = contents
        if let prediction { contents.scheduler.object["prediction_type"] = prediction.rawValue }
        if rescalesBetas { contents.rescaleBetas() }
        return contents
    }

    /// Parts of different models are a mistake that would else end in a trap during the maths.
    private func checkThatPartsFit() throws {
        func refuse(_ reason: String) -> ModelError {
            .configuration(path: url.path, reason: "its parts do not fit together: " + reason)
        }
        guard textEncoderConfiguration.width == unetConfiguration.crossAttentionWidth else {
            throw refuse(
                "the text encoder gives \(textEncoderConfiguration.width) channels and the U-Net "
                    + "takes \(unetConfiguration.crossAttentionWidth)")
        }
        guard unetConfiguration.inChannels == vaeConfiguration.latentChannels,
            unetConfiguration.outChannels == vaeConfiguration.latentChannels
        else {
            throw refuse(
                "the VAE has \(vaeConfiguration.latentChannels) latent channels and the U-Net "
                    + "\(unetConfiguration.inChannels) in, \(unetConfiguration.outChannels) out")
        }
        guard tokenizer.vocabularyCount <= textEncoderConfiguration.vocabularySize else {
            throw refuse(
                "the tokenizer has \(tokenizer.vocabularyCount) tokens and the text encoder "
                    + "\(textEncoderConfiguration.vocabularySize)")
        }
        guard tokenizer.highestID < textEncoderConfiguration.vocabularySize else {
            throw refuse(
                "the tokenizer has a token of the number \(tokenizer.highestID), and the text "
                    + "encoder \(textEncoderConfiguration.vocabularySize) rows")
        }
        guard tokenizer.maximumLength <= textEncoderConfiguration.maximumLength else {
            throw refuse(
                "the tokenizer makes \(tokenizer.maximumLength) tokens and the text encoder takes "
                    + "\(textEncoderConfiguration.maximumLength)")
        }
    }
}
