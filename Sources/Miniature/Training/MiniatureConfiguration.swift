import Foundation
public import StableDiffusion

/// The sizes of the embedded model, and how long each part is trained.
public struct MiniatureConfiguration: Codable, Sendable {
    /// Height and width of the pictures, in pixels.
    public var pictureSize = 128
    public var vocabularySize = 1024
    public var latentChannels = 8
    public var contextWidth = 192
    public var contrastive = Schedule(stepCount: 4000, batchSize: 512, learningRate: 1e-3)
    public var autoencoder = Schedule(stepCount: 6000, batchSize: 96, learningRate: 1e-3)
    public var diffusion = Schedule(stepCount: 16000, batchSize: 768, learningRate: 8e-4)

    /// How one part is trained.
    public struct Schedule: Codable, Sendable {
        public var stepCount: Int
        public var batchSize: Int
        public var learningRate: Double
    }

    public init() {}

    /// Identifiers that are one token and that no caption uses.
    public static let rareIdentifiers = [
        "sks", "ohwx", "zwx", "xjy", "qpt", "vrk", "wzx", "bnq",
    ]

    public var clip: CLIPConfiguration {
        var text = TextEncoderConfiguration()
        text.vocabularySize = vocabularySize
        text.width = contextWidth
        text.feedForwardWidth = contextWidth * 4
        text.layerCount = 4
        text.headCount = contextWidth / 32
        text.projectionWidth = contextWidth
        text.endTokenID = vocabularySize - 1
        return CLIPConfiguration(
            text: text,
            vision: .init(
                width: 192, feedForwardWidth: 768, layerCount: 6, headCount: 6,
                imageSize: pictureSize, patchSize: 16, projectionWidth: contextWidth),
            projectionWidth: contextWidth)
    }

    public var vae: AutoencoderConfiguration {
        var vae = AutoencoderConfiguration()
        vae.blockOutChannels = [32, 64, 96, 128]
        vae.layersPerBlock = 1
        vae.latentChannels = latentChannels
        vae.normGroupCount = 16
        vae.sampleSize = pictureSize
        vae.scalingFactor = 1
        return vae
    }

    public var unet: UNetConfiguration {
        var unet = UNetConfiguration()
        unet.sampleSize = pictureSize / vae.downsamplingFactor
        unet.inChannels = latentChannels
        unet.outChannels = latentChannels
        unet.blockOutChannels = [96, 160, 224]
        unet.downBlockTypes = ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"]
        unet.upBlockTypes = ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"]
        unet.layersPerBlock = .one(1)
        unet.crossAttentionWidth = contextWidth
        unet.attentionHeadCount = .many([3, 5, 7])
        unet.usesLinearProjection = true
        return unet
    }
}
