import Datasets
import Foundation
import NN
import Settings
import StableDiffusion
import Torch

/// DreamBooth: the whole U-Net is trained, and the text encoder where that is wanted.
struct DreamBoothNetworks: FineTunedNetworks {
    let source: ModelSource
    let unet: UNet
    let context: TextContext
    let dtype: DType
    let groups: [ParameterGroup]
    /// Nil where it stays as it is: then it is freed once the texts are encoded.
    private let textEncoder: TextEncoder?
    /// What is trained and written: the networks' own parameters, or fp32 ones in main memory.
    private let trained: [AdaptedNetwork: ParameterStore]
    /// Where weights are that are computed with and not trained there.
    private let place: WeightPlace
    /// Brings the U-Net's weights from the processes that have them; nil: they are here.
    let shards: ShardedBlocks?

    /// Loads what is trained in fp32, whatever the model's files have, or in bf16 where that is
    /// wanted. Where it is kept in main memory, the device has the U-Net in the type that is
    /// computed in, and the text encoder in fp32, as it is computed in parts.
    ///
    /// - Parameter processes: those that have the weights together, each a part of them; nil: this
    ///   one has all.
    init(
        _ source: ModelSource, _ configuration: FineTuningConfiguration, texts: RunTexts,
        device: Device, disk: DiskMemory?, processes: ProcessGroup? = nil
    ) throws {
        self.source = source
        let training = configuration.training
        let precision = training.precision(on: device)
        dtype = precision.computing
        let isOffloaded = training.offloadOptimizer != .none && !device.isProcessor
        let home = isOffloaded ? device.mainMemory : device
        place = training.weightPlace(disk)
        let optimizerDisk = training.offloadOptimizer == .nvme ? disk : nil
        // On a processor, what is trained is what is computed with.
        let isOnDisk = optimizerDisk != nil && (isOffloaded || training.offloadParam == .nvme)
        let trainedPlace = (isOnDisk ? optimizerDisk : nil).map(WeightPlace.disk) ?? .device
        var encoder =
            configuration.trainTextEncoder
            ? try source.textEncoder(
                dtype: precision.trained, device: home, weights: trainedPlace)
            : try source.textEncoder(device: device)
        var trained: [AdaptedNetwork: ParameterStore] = [:]
        if configuration.trainTextEncoder {
            trained[.textEncoder] = encoder.parameters
            if isOffloaded {
                encoder = try TextEncoder(
                    source.textEncoderConfiguration,
                    ConvertedParameters(encoder.parameters, dtype: .float32, device: device))
            }
        }
        textEncoder = configuration.trainTextEncoder ? encoder : nil
        // Before the U-Net is there: a text encoder that stays as it is is not needed any more.
        context = TextContext(
            texts, encoder, tokenizer: source.tokenizer,
            isTrained: configuration.trainTextEncoder, dtype: dtype, device: device)
        let owner = try processes.map {
            try Self.owners(source, $0.count, others: trained[.textEncoder])
        }
        var unet = try source.unet(
            dtype: precision.trained, device: home, weights: trainedPlace,
            keeping: owner.map { owner in
                { name in owner(name).map { $0 == processes?.rank } ?? true }
            })
        trained[.unet] = unet.parameters
        if let processes, let owner {
            shards = try ShardedBlocks(unet, processes, on: home, owner: owner)
        } else {
            shards = nil
        }
        if isOffloaded {
            let copies = ConvertedParameters(
                unet.parameters, dtype: dtype, device: place.isOnDevice ? device : home,
                format: .channelsLast)
            unet = try UNet(source.unetConfiguration, place.source(copies, for: device))
            if !place.isOnDevice { unet.streamWeights(to: device) }
        }
        self.unet = unet
        self.trained = trained
        unet.checkpointsActivations = training.gradientCheckpointing || shards != nil

        func group(
            _ network: AdaptedNetwork, _ computed: ParameterStore, scale: Double = 1,
            lastStep: Int? = nil
        ) -> ParameterGroup {
            let store = trained[network] ?? computed
            store.setRequiresGradient(true)
            computed.setRequiresGradient(true)
            return ParameterGroup(
                name: network.rawValue,
                parameters: store.entries.map { ("\(network.rawValue).\($0.name)", $0.tensor) },
                learningRateScale: scale, lastStep: lastStep,
                copies: isOffloaded ? store.names.map { computed[$0] } : nil, disk: optimizerDisk)
        }
        var groups = [group(.unet, unet.parameters)]
        if let textEncoder {
            groups.append(
                group(
                    .textEncoder, textEncoder.parameters,
                    scale: configuration.textEncoderRateScale,
                    lastStep: configuration.training.stopTextEncoderTraining))
        }
        self.groups = groups
    }

    /// Which process has which weights of the U-Net's blocks: the one that moves them, of all that
    /// is trained. Of a single number each has its own.
    private static func owners(
        _ source: ModelSource, _ processCount: Int, others: ParameterStore?
    ) throws -> (String) -> Int? {
        let outline = try source.unet(device: .meta(.main))
        let sizes = (outline.parameters.entries + (others?.entries ?? [])).map(\.tensor.count)
        let shards = ParameterShards(sizes, processCount: processCount)
        let inBlocks = Set(outline.blocks.flatMap { $0 })
        var owners: [String: Int] = [:]
        for (index, name) in outline.parameters.names.enumerated()
        where inBlocks.contains(name) && sizes[index] > 1 {
            owners[name] = shards.owner(of: index)
        }
        return { owners[$0] }
    }

    /// Read again: the weights themselves are trained.
    func frozenUNet(device: Device) throws -> UNet {
        try source.unet(dtype: dtype, device: device, weights: place)
    }

    func pipeline(device: Device) throws -> Pipeline {
        // The parts that are not trained are read again rather than kept in memory.
        Pipeline(
            source,
            textEncoder: try textEncoder
                ?? source.textEncoder(device: device, weights: .mainMemory),
            unet: unet,
            autoencoder: try source.autoencoder(device: device, weights: .mainMemory),
            precision: dtype, device: device)
    }

    var unchangedBytes: Int {
        get throws {
            try source.byteCount(of: trained[.textEncoder] == nil ? [.textEncoder, .vae] : [.vae])
        }
    }

    func write(to output: URL, training: TrainingSummary) throws -> [URL] {
        try ModelWriter.write(
            to: output, source: source, unet: trained[.unet] ?? unet.parameters,
            textEncoder: trained[.textEncoder])
        return [output]
    }
}
