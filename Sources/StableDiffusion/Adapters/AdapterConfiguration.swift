import Foundation

/// What is laid over a model to be trained: the shape of the small layers, and where they go.
public struct AdapterConfiguration: Codable, Sendable, Equatable {
    /// The algorithms.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// Two thin matrices.
        case lora
        /// The elementwise product of two low-rank matrices.
        case loha
        /// A Kronecker product.
        case lokr
    }

    /// Which layers are changed, from few to many.
    public enum Preset: String, Codable, Sendable, CaseIterable {
        /// Query, key, value and output of attention: diffusers' choice.
        case attention
        /// All layers of the transformers: kohya's choice.
        case transformer
        /// All linear layers, those of the time too.
        case linear
        /// All linear layers and convolutions.
        case all
    }

    /// The algorithm.
    public var kind = Kind.lora
    /// The thin axis of linear layers and 1×1 convolutions.
    public var rank = 16
    /// Divided by the rank it is the factor of the change; nil: the rank.
    public var alpha: Double?
    /// The thin axis of k×k convolutions; nil: as `rank`.
    public var convolutionRank: Int?
    /// As `alpha`, for k×k convolutions; nil: their rank.
    public var convolutionAlpha: Double?
    /// The share of inputs that training leaves out; LoRA only.
    public var dropout = 0.0
    /// Trains the magnitudes of the weights apart from their direction (DoRA).
    public var usesMagnitudes = false
    /// Divides alpha by the root of the rank (Kalajdzievski 2023, arXiv 2312.03732).
    public var isRankStabilized = false
    /// How finely LoKr factors the layers: the wanted outer factor; −1: near the square root.
    public var kroneckerFactor = -1
    /// Which layers.
    public var preset = Preset.transformer
    /// A regular expression on the layers' names, such as `attn2\.to_[kv]$`, in place of the
    /// preset.
    public var pattern: String?

    /// LoRA of rank 16 on the transformers.
    public init() {}

    /// The factor's numerator as files store it, so that every reader divides by the rank.
    func storedAlpha(rank: Int, isSpatial: Bool) -> Double {
        let given = (isSpatial ? convolutionAlpha ?? alpha : alpha) ?? Double(rank)
        return isRankStabilized ? given * Double(rank).squareRoot() : given
    }

    func rank(isSpatial: Bool) -> Int { isSpatial ? convolutionRank ?? rank : rank }

    /// Whether a layer is one of those that are changed; norms never are.
    public func includes(_ place: AdaptedLayer) -> Bool {
        !place.isNorm && includes(place.name, isSpatial: place.isSpatial)
    }

    /// Whether a layer is one of those that are changed.
    ///
    /// - Parameters:
    ///   - name: the layer's name in its network, as diffusers and transformers have it.
    ///   - isSpatial: whether it is a k×k convolution.
    func includes(_ name: String, isSpatial: Bool) -> Bool {
        if let pattern {
            return name.range(of: pattern, options: .regularExpression) != nil
        }
        let parts = name.split(separator: ".")
        let isAttention = parts.contains { ["attn1", "attn2", "self_attn"].contains($0) }
        let isTransformer =
            isAttention || parts.contains("mlp") || parts.contains("ff")
            || (parts.contains("attentions") && !isSpatial)
        return switch preset {
        case .attention: isAttention
        case .transformer: isTransformer
        case .linear: !isSpatial && !name.hasSuffix("conv_shortcut")
        case .all: name != "conv_in" && name != "conv_out"
        }
    }
}
