/// The sizes of a U-Net, as `unet/config.json` of a diffusers folder has them.
///
/// Source: `UNet2DConditionModel.__init__` in diffusers' `models/unets/unet_2d_condition.py`.
public struct UNetConfiguration: Codable, Sendable, Equatable {
    /// Height and width of the latents that the model was trained on.
    public var sampleSize: Int = 64
    /// Channels of the latents.
    public var inChannels: Int = 4
    /// Channels of the prediction.
    public var outChannels: Int = 4
    /// Whether cosines come before sines in the embedding of the timestep.
    public var flipsSinToCos: Bool = true
    /// What is taken off the count of frequencies of that embedding.
    public var frequencyShift: Double = 0
    /// What each level on the way down is, from the finest.
    public var downBlockTypes: [String] = [
        "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D",
    ]
    /// What each level on the way up is, from the coarsest.
    public var upBlockTypes: [String] = [
        "UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D",
    ]
    /// Channels of each level, from the finest; every level but the last halves the sides.
    public var blockOutChannels: [Int] = [320, 640, 1280, 1280]
    /// Residual blocks of a level on the way down; on the way up there is one more.
    public var layersPerBlock: OneOrMany = .one(2)
    /// Zeros on every side of what a downsampler sees.
    public var downsamplePadding: Int = 1
    /// Groups of the group norms; they divide the channels of every level.
    public var normGroupCount: Int = 32
    /// What the group norms of residual blocks add to the variance.
    public var normEpsilon: Double = 1e-5
    /// The width of the text encoder's states.
    public var crossAttentionWidth: Int = 1280
    /// The number of heads, of all levels or of each: diffusers' name for it is a known misnomer.
    public var attentionHeadCount: OneOrMany = .one(8)
    /// Whether transformers are entered through linear layers, as in SD 2.x, or through 1×1
    /// convolutions, as in SD 1.x.
    public var usesLinearProjection: Bool = false
    /// Attention in fp32 where the rest is fp16: SD 2.1 overflows otherwise.
    public var upcastsAttention: Bool = false
    /// `silu`, which may also be spelt `swish`.
    public var activation: String = "silu"
    /// The class of the middle block; there is one kind.
    public var midBlockType: String = "UNetMidBlock2DCrossAttn"

    enum CodingKeys: String, CodingKey {
        case sampleSize = "sample_size"
        case inChannels = "in_channels"
        case outChannels = "out_channels"
        case flipsSinToCos = "flip_sin_to_cos"
        case frequencyShift = "freq_shift"
        case downBlockTypes = "down_block_types"
        case upBlockTypes = "up_block_types"
        case blockOutChannels = "block_out_channels"
        case layersPerBlock = "layers_per_block"
        case downsamplePadding = "downsample_padding"
        case normGroupCount = "norm_num_groups"
        case normEpsilon = "norm_eps"
        case crossAttentionWidth = "cross_attention_dim"
        case attentionHeadCount = "attention_head_dim"
        case usesLinearProjection = "use_linear_projection"
        case upcastsAttention = "upcast_attention"
        case activation = "act_fn"
        case midBlockType = "mid_block_type"
    }

    /// The defaults of diffusers, which are nearly those of SD 1.x.
    public init() {}

    /// Reads `config.json`; what it leaves out has the default of diffusers.
    ///
    /// - Throws: ``ConfigurationError`` for keys of other architectures, or a decoding error.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ key: CodingKeys, _ field: inout Value) throws {
            if let value = try values.decodeIfPresent(Value.self, forKey: key) { field = value }
        }
        try read(.sampleSize, &sampleSize)
        try read(.inChannels, &inChannels)
        try read(.outChannels, &outChannels)
        try read(.flipsSinToCos, &flipsSinToCos)
        try read(.frequencyShift, &frequencyShift)
        try read(.downBlockTypes, &downBlockTypes)
        try read(.upBlockTypes, &upBlockTypes)
        try read(.blockOutChannels, &blockOutChannels)
        try read(.layersPerBlock, &layersPerBlock)
        try read(.downsamplePadding, &downsamplePadding)
        try read(.normGroupCount, &normGroupCount)
        try read(.normEpsilon, &normEpsilon)
        try read(.crossAttentionWidth, &crossAttentionWidth)
        try read(.attentionHeadCount, &attentionHeadCount)
        try read(.usesLinearProjection, &usesLinearProjection)
        try read(.upcastsAttention, &upcastsAttention)
        try read(.activation, &activation)
        try read(.midBlockType, &midBlockType)
        try Self.refuseForeignKeys(decoder)
    }

    /// Keys of other architectures that change the mathematics and are set.
    private static func refuseForeignKeys(_ decoder: any Decoder) throws {
        let foreign = try decoder.container(keyedBy: ForeignKeys.self)
        for key in ForeignKeys.allCases where foreign.contains(key) {
            if try foreign.decodeNil(forKey: key) { continue }
            if let flag = try? foreign.decode(Bool.self, forKey: key), !flag { continue }
            if key == .timeScaleShift, (try? foreign.decode(String.self, forKey: key)) == "default"
            {
                continue
            }
            throw ConfigurationError.unsupported(
                file: "unet/config.json", key: key.rawValue, found: "set",
                expected: "leaving it out")
        }
    }

    private enum ForeignKeys: String, CodingKey, CaseIterable {
        case classEmbedding = "class_embed_type"
        case additionalEmbedding = "addition_embed_type"
        case dualCrossAttention = "dual_cross_attention"
        case classCount = "num_class_embeds"
        case encoderWidth = "encoder_hid_dim"
        case headCount = "num_attention_heads"
        case timeScaleShift = "resnet_time_scale_shift"
    }

    /// - Throws: ``ConfigurationError`` naming the first key that does not hold.
    public func validate() throws(ConfigurationError) {
        let levels = blockOutChannels.count
        func refuse(_ key: CodingKeys, _ found: Any, _ expected: String) -> ConfigurationError {
            .unsupported(
                file: "unet/config.json", key: key.rawValue, found: "\(found)", expected: expected)
        }
        guard normGroupCount > 0 else {
            throw refuse(.normGroupCount, normGroupCount, "a positive number")
        }
        guard levels > 0, blockOutChannels.allSatisfy({ $0 > 0 && $0 % normGroupCount == 0 }) else {
            throw refuse(.blockOutChannels, blockOutChannels, "multiples of \(normGroupCount)")
        }
        for (key, value) in [
            (CodingKeys.sampleSize, sampleSize), (.inChannels, inChannels),
            (.outChannels, outChannels), (.crossAttentionWidth, crossAttentionWidth),
        ] where value < 1 || value > 65536 {
            throw refuse(key, value, "a positive number")
        }
        let down = ["CrossAttnDownBlock2D", "DownBlock2D"]
        guard downBlockTypes.count == levels, downBlockTypes.allSatisfy(down.contains) else {
            throw refuse(.downBlockTypes, downBlockTypes, "one of \(down) for each level")
        }
        let up = ["CrossAttnUpBlock2D", "UpBlock2D"]
        guard upBlockTypes.count == levels, upBlockTypes.allSatisfy(up.contains) else {
            throw refuse(.upBlockTypes, upBlockTypes, "one of \(up) for each level")
        }
        // Half of them are sines, half are cosines.
        guard blockOutChannels[0] % 2 == 0 else {
            throw refuse(.blockOutChannels, blockOutChannels, "an even number at the first level")
        }
        guard downsamplePadding == 1 else {
            throw refuse(.downsamplePadding, downsamplePadding, "1")
        }
        guard layersPerBlock.fits(levels) else {
            throw refuse(.layersPerBlock, layersPerBlock, "a number for each level")
        }
        guard attentionHeadCount.fits(levels),
            (0..<levels).allSatisfy({ blockOutChannels[$0] % attentionHeadCount[$0] == 0 })
        else {
            throw refuse(.attentionHeadCount, attentionHeadCount, "a divisor of each level's width")
        }
        guard activation == "silu" || activation == "swish" else {
            throw refuse(.activation, activation, "silu")
        }
        guard midBlockType == "UNetMidBlock2DCrossAttn" else {
            throw refuse(.midBlockType, midBlockType, "UNetMidBlock2DCrossAttn")
        }
    }
}
