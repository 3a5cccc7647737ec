import Foundation
public import StableDiffusion

/// The sizes of the embedded model, and how long each part is trained.
public struct MiniatureConfiguration: Codable, Sendable {
    /// Height and width of the pictures, in pixels: 64 or 128.
    public var pictureSize: Int
    /// Tokens of the text encoder.
    public var vocabularySize = 1024
    /// The width of the text encoder, and so of what the U-Net attends to.
    public var contextWidth = 128
    /// How the CLIP is trained on pictures and captions.
    public var contrastive = Schedule(stepCount: 700, batchSize: 256, learningRate: 1e-3)
    /// How the CLIP's picture tower goes on by itself.
    public var vision = Schedule(stepCount: 2000, batchSize: 128, learningRate: 1e-3)
    /// How both towers then go on together.
    public var towers = Schedule(stepCount: 1000, batchSize: 128, learningRate: 5e-4)
    /// How the VAE is trained.
    public var autoencoder = Schedule(stepCount: 10000, batchSize: 8, learningRate: 1e-3)
    /// How the U-Net is trained on the frozen text encoder.
    public var diffusion = Schedule(stepCount: 6000, batchSize: 48, learningRate: 5e-4)

    /// How one part is trained.
    public struct Schedule: Codable, Sendable {
        /// Optimizer steps.
        public var stepCount: Int
        /// Pictures in one step.
        public var batchSize: Int
        /// The rate at its highest.
        public var learningRate: Double
    }

    /// The defaults, for pictures of this height and width in pixels.
    public init(pictureSize: Int) { self.pictureSize = pictureSize }

    /// Latents are 16 high and wide, whatever the size of the pictures; where they stand for more
    /// pixels, there are more of them for each.
    public var latentChannels: Int { pictureSize > 64 ? 8 : 4 }

    /// Identifiers that are one token and that no caption uses.
    public static let rareIdentifiers = [
        "sks", "ohwx", "zwx", "xjy", "qpt", "vrk", "wzx", "bnq",
    ]

    /// The CLIP, whose text tower becomes the text encoder.
    public var clip: CLIPConfiguration {
        var text = TextEncoderConfiguration()
        text.vocabularySize = vocabularySize
        text.width = contextWidth
        text.feedForwardWidth = contextWidth * 4
        text.layerCount = 3
        text.headCount = contextWidth / 32
        text.projectionWidth = contextWidth
        text.endTokenID = vocabularySize - 1
        return CLIPConfiguration(
            text: text,
            vision: .init(
                width: 128, feedForwardWidth: 512, layerCount: 4, headCount: 4,
                imageSize: pictureSize, patchSize: pictureSize / 8, projectionWidth: contextWidth),
            projectionWidth: contextWidth)
    }

    /// The autoencoder; its scaling factor is measured once it is trained.
    public var vae: AutoencoderConfiguration {
        var vae = AutoencoderConfiguration()
        vae.blockOutChannels = pictureSize > 64 ? [32, 64, 96, 128] : [32, 64, 96]
        vae.layersPerBlock = 1
        vae.latentChannels = latentChannels
        vae.normGroupCount = 16
        vae.sampleSize = pictureSize
        vae.scalingFactor = 1
        return vae
    }

    /// The U-Net.
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
