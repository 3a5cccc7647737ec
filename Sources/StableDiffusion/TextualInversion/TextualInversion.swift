public import Torch

/// A few learned vectors that a word in prompts stands for, in the place of token embeddings.
///
/// Source: Gal et al. 2022, "An Image is Worth One Word", arXiv 2208.01618. The text encoder and
/// its token table stay as they are.
public final class TextualInversion {
    /// The word in prompts that stands for the vectors, letter case and all.
    public let token: String
    /// float32 `[vectors, width]`, a leaf: it can be trained as it is.
    public let vectors: Tensor
    /// What files call it; the token where nothing else was said.
    public var name: String
    /// Steps of training so far.
    public var step: Int
    /// The hash of the model that it was trained on, as A1111 writes it.
    public var baseModelHash: String?
    /// The name of that model.
    public var baseModelName: String?

    /// - Parameter vectors: float32 `[vectors, width]`; they are not copied.
    /// - Precondition: the token is not empty, and there is at least one vector.
    public init(
        token: String, vectors: Tensor, name: String? = nil, step: Int = 0,
        baseModelHash: String? = nil, baseModelName: String? = nil
    ) {
        precondition(!token.isEmpty, "a textual inversion needs a token")
        precondition(
            vectors.rank == 2 && vectors.count > 0 && vectors.dtype == .float32,
            "vectors \(vectors.debugDescription)")
        self.token = token
        self.vectors = vectors
        self.name = name ?? token
        self.step = step
        self.baseModelHash = baseModelHash
        self.baseModelName = baseModelName
    }

    /// How many places it takes in a prompt.
    public var vectorCount: Int { vectors.size(0) }

    /// The width of the text encoder that it was made for.
    public var width: Int { vectors.size(1) }

    /// The models whose text encoders are this wide.
    public static func family(width: Int) -> String {
        switch width {
        case 768: "Stable Diffusion 1.x"
        case 1024: "Stable Diffusion 2.x"
        case 1280, 2048: "SDXL"
        default: "a model whose text is \(width) wide"
        }
    }

    /// Checks that embeddings can be used with a model, and together.
    ///
    /// - Throws: ``TextualInversionError`` for the first that has another width than the model's
    ///   text encoder, more vectors than a prompt has places, or the token of another.
    public static func validate(
        _ embeddings: [TextualInversion], for source: ModelSource
    ) throws(TextualInversionError) {
        let expected = source.textEncoderConfiguration.width
        let limit = source.tokenizer.maximumLength - 2
        var tokens: Set<[Unicode.Scalar]> = []
        for embedding in embeddings {
            guard embedding.width == expected else {
                throw .wrongWidth(
                    token: embedding.token, found: embedding.width, model: source.name,
                    expected: expected)
            }
            guard embedding.vectorCount <= limit else {
                throw .vectorCount(embedding.token, embedding.vectorCount, limit: limit)
            }
            guard tokens.insert(Array(embedding.token.unicodeScalars)).inserted else {
                throw .duplicateToken(embedding.token)
            }
        }
    }
}
