/// The sizes of a CLIP text tower, as `text_encoder/config.json` has them.
///
/// Source: `CLIPTextConfig` in transformers' `models/clip/configuration_clip.py`.
public struct TextEncoderConfiguration: Codable, Sendable, Equatable {
    /// Rows of the token table.
    public var vocabularySize: Int = 49408
    /// The width of the hidden states, and so of what the U-Net attends to.
    public var width: Int = 512
    /// The width inside the feed-forward layers.
    public var feedForwardWidth: Int = 2048
    /// How many transformer layers there are.
    public var layerCount: Int = 12
    /// Heads of self-attention; they divide `width`.
    public var headCount: Int = 8
    /// Tokens of a text, start and end included.
    public var maximumLength: Int = 77
    /// The activation of the feed-forward layers.
    public var activation: Activation = .quickGelu
    /// What layer norms add to the variance.
    public var normEpsilon: Double = 1e-5
    /// The width of CLIP's embedding; Stable Diffusion does not use it.
    public var projectionWidth: Int = 512
    /// The token that ends a text; 2 in older files, where it means the largest id.
    public var endTokenID: Int = 49407

    enum CodingKeys: String, CodingKey {
        case vocabularySize = "vocab_size"
        case width = "hidden_size"
        case feedForwardWidth = "intermediate_size"
        case layerCount = "num_hidden_layers"
        case headCount = "num_attention_heads"
        case maximumLength = "max_position_embeddings"
        case activation = "hidden_act"
        case normEpsilon = "layer_norm_eps"
        case projectionWidth = "projection_dim"
        case endTokenID = "eos_token_id"
    }

    /// The defaults of transformers.
    public init() {}

    /// Reads `config.json`; what it leaves out has the default of transformers.
    ///
    /// - Throws: ``ConfigurationError`` or a decoding error that names the key.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ key: CodingKeys, _ field: inout Value) throws {
            if let value = try values.decodeIfPresent(Value.self, forKey: key) { field = value }
        }
        try read(.vocabularySize, &vocabularySize)
        try read(.width, &width)
        try read(.feedForwardWidth, &feedForwardWidth)
        try read(.layerCount, &layerCount)
        try read(.headCount, &headCount)
        try read(.maximumLength, &maximumLength)
        try read(.normEpsilon, &normEpsilon)
        try read(.projectionWidth, &projectionWidth)
        try read(.endTokenID, &endTokenID)
        let name = try values.decodeIfPresent(String.self, forKey: .activation) ?? "quick_gelu"
        guard let known = Activation(rawValue: name) else {
            throw ConfigurationError.unsupported(
                file: "text_encoder/config.json", key: "hidden_act", found: name,
                expected: "one of \(Activation.allCases.map(\.rawValue))")
        }
        activation = known
    }

    /// - Throws: ``ConfigurationError`` naming the first key that does not hold.
    public func validate() throws(ConfigurationError) {
        guard width > 0, headCount > 0, width % headCount == 0 else {
            throw .unsupported(
                file: "text_encoder/config.json", key: "num_attention_heads",
                found: "\(headCount)", expected: "a divisor of hidden_size \(width)")
        }
        guard vocabularySize > 0, layerCount > 0, maximumLength > 0, feedForwardWidth > 0 else {
            throw .unsupported(
                file: "text_encoder/config.json", key: "num_hidden_layers",
                found: "\(layerCount)", expected: "a positive number, as of all sizes,")
        }
    }
}

/// The activation functions of CLIP's feed-forward layers.
public enum Activation: String, Codable, Sendable, CaseIterable {
    case quickGelu = "quick_gelu"
    case gelu
}
