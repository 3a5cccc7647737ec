/// The sizes of a CLIP model, as transformers' `config.json` has them.
///
/// Source: `CLIPConfig` in transformers' `models/clip/configuration_clip.py`.
public struct CLIPConfiguration: Codable, Sendable, Equatable {
    /// The text tower.
    public var text: TextEncoderConfiguration
    /// The picture tower.
    public var vision: Vision
    /// The width of the embeddings that both towers share.
    public var projectionWidth: Int

    enum CodingKeys: String, CodingKey {
        case text = "text_config"
        case vision = "vision_config"
        case projectionWidth = "projection_dim"
    }

    /// A model of these towers.
    public init(text: TextEncoderConfiguration, vision: Vision, projectionWidth: Int) {
        self.text = text
        self.vision = vision
        self.projectionWidth = projectionWidth
    }

    /// The picture tower.
    public struct Vision: Codable, Sendable, Equatable {
        /// The width of the hidden states.
        public var width: Int
        /// The width inside the feed-forward layers.
        public var feedForwardWidth: Int
        /// How many transformer layers there are.
        public var layerCount: Int
        /// Heads of self-attention; they divide `width`.
        public var headCount: Int
        /// Height and width of the pictures, in pixels.
        public var imageSize: Int
        /// Height and width of a patch, in pixels; it divides `imageSize`.
        public var patchSize: Int
        /// The activation of the feed-forward layers.
        public var activation: Activation
        /// What layer norms add to the variance.
        public var normEpsilon: Double
        /// The width of the embedding.
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

        /// A tower of these sizes; see the members.
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
