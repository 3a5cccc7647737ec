/// The sizes of an autoencoder, as `vae/config.json` of a diffusers folder has them.
///
/// Source: `AutoencoderKL.__init__` in diffusers' `models/autoencoders/autoencoder_kl.py`.
public struct AutoencoderConfiguration: Codable, Sendable, Equatable {
    /// Channels of a picture going in.
    public var inChannels: Int = 3
    /// Channels of a picture coming out.
    public var outChannels: Int = 3
    /// Channels of each level; every level but the last halves the sides.
    public var blockOutChannels: [Int] = [128, 256, 512, 512]
    /// Residual blocks of a level in the encoder; the decoder has one more.
    public var layersPerBlock: Int = 2
    /// Channels of the latents.
    public var latentChannels: Int = 4
    /// Groups of the group norms; they divide the channels of every level.
    public var normGroupCount: Int = 32
    /// Height and width of the pictures that it was trained on.
    public var sampleSize: Int = 512
    /// What latents are multiplied by before they are diffused, so that their variance is one.
    public var scalingFactor: Double = 0.18215
    /// Whether a 1×1 convolution follows the encoder.
    public var usesQuantConvolution: Bool = true
    /// Whether a 1×1 convolution precedes the decoder.
    public var usesPostQuantConvolution: Bool = true
    /// Whether the middle block has self-attention.
    public var midBlockAttends: Bool = true
    /// `silu`, which may also be spelt `swish`.
    public var activation: String = "silu"

    enum CodingKeys: String, CodingKey {
        case inChannels = "in_channels"
        case outChannels = "out_channels"
        case blockOutChannels = "block_out_channels"
        case layersPerBlock = "layers_per_block"
        case latentChannels = "latent_channels"
        case normGroupCount = "norm_num_groups"
        case sampleSize = "sample_size"
        case scalingFactor = "scaling_factor"
        case usesQuantConvolution = "use_quant_conv"
        case usesPostQuantConvolution = "use_post_quant_conv"
        case midBlockAttends = "mid_block_add_attention"
        case activation = "act_fn"
    }

    /// The sizes of Stable Diffusion 1.x and 2.x.
    public init() {}

    /// Reads `config.json`; what it leaves out is as in Stable Diffusion.
    ///
    /// - Throws: a decoding error that names the key.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ key: CodingKeys, _ field: inout Value) throws {
            if let value = try values.decodeIfPresent(Value.self, forKey: key) { field = value }
        }
        try read(.inChannels, &inChannels)
        try read(.outChannels, &outChannels)
        try read(.blockOutChannels, &blockOutChannels)
        try read(.layersPerBlock, &layersPerBlock)
        try read(.latentChannels, &latentChannels)
        try read(.normGroupCount, &normGroupCount)
        try read(.sampleSize, &sampleSize)
        try read(.scalingFactor, &scalingFactor)
        try read(.usesQuantConvolution, &usesQuantConvolution)
        try read(.usesPostQuantConvolution, &usesPostQuantConvolution)
        try read(.midBlockAttends, &midBlockAttends)
        try read(.activation, &activation)
    }

    /// Pixels per latent, on each side.
    public var downsamplingFactor: Int { 1 << (blockOutChannels.count - 1) }

    /// - Throws: ``ConfigurationError`` naming the first key that does not hold.
    public func validate() throws(ConfigurationError) {
        func refuse(_ key: CodingKeys, _ found: Any, _ expected: String) -> ConfigurationError {
            .unsupported(
                file: "vae/config.json", key: key.rawValue, found: "\(found)", expected: expected)
        }
        guard (1...16).contains(blockOutChannels.count), normGroupCount > 0,
            blockOutChannels.allSatisfy({ $0 > 0 && $0 % normGroupCount == 0 })
        else {
            throw refuse(
                .blockOutChannels, blockOutChannels,
                "one to sixteen multiples of \(normGroupCount)")
        }
        guard layersPerBlock > 0 else {
            throw refuse(.layersPerBlock, layersPerBlock, "a positive number")
        }
        guard latentChannels > 0, latentChannels < 1024 else {
            throw refuse(.latentChannels, latentChannels, "a small positive number")
        }
        for (key, count) in [(CodingKeys.inChannels, inChannels), (.outChannels, outChannels)]
        where count != 3 {
            throw refuse(key, count, "3, red, green and blue,")
        }
        guard scalingFactor.isFinite, scalingFactor > 0 else {
            throw refuse(.scalingFactor, scalingFactor, "a positive number")
        }
        guard activation == "silu" || activation == "swish" else {
            throw refuse(.activation, activation, "silu")
        }
    }
}
