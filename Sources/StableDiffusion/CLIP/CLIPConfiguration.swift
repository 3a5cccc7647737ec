/// The sizes of a CLIP model, as transformers' `config.json` has them.
///
/// Source: `CLIPConfig` in transformers' `models/clip/configuration_clip.py`.
public struct CLIPConfiguration: Codable, Sendable, Equatable {
    public var text: TextEncoderConfiguration
    public var vision: Vision
    public var projectionWidth: Int

    enum CodingKeys: String, CodingKey {
        case text = "text_config"
        case vision = "vision_config"
        case projectionWidth = "projection_dim"
    }

    public init(text: TextEncoderConfiguration, vision: Vision, projectionWidth: Int) {
        self.text = text
        self.vision = vision
        self.projectionWidth = projectionWidth
    }

    /// The picture tower.
    public struct Vision: Codable, Sendable, Equatable {
        public var width: Int
        public var feedForwardWidth: Int
        public var layerCount: Int
        public var headCount: Int
        /// Height and width of the pictures, in pixels.
        public var imageSize: Int
        public var patchSize: Int
        public var activation: Activation
        public var normEpsilon: Double
        public var projectionWidth: Int

        enum CodingKeys: String, CodingKey {
            case width = "hidden_size"
            case feedForwardWidth = "intermediate_size"
            case layerCount = "num_hidden_layers"
            case headCount = "num_attention_heads"
            case imageSize = "image_size"
            case patchSize = "patch_size"
            case activation = "hidden_act"
            case normEpsilon = "layer_norm_eps"
            case projectionWidth = "projection_dim"
        }

        public init(
            width: Int, feedForwardWidth: Int, layerCount: Int, headCount: Int, imageSize: Int,
            patchSize: Int, activation: Activation = .quickGelu, normEpsilon: Double = 1e-5,
            projectionWidth: Int
        ) {
            self.width = width
            self.feedForwardWidth = feedForwardWidth
            self.layerCount = layerCount
            self.headCount = headCount
            self.imageSize = imageSize
            self.patchSize = patchSize
            self.activation = activation
            self.normEpsilon = normEpsilon
            self.projectionWidth = projectionWidth
        }
    }
}
