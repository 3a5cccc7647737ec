public import Torch

extension TextualInversion {
    /// Makes vectors that are to be trained, from the words that come nearest to the subject.
    ///
    /// The vectors are the token embeddings of the initializer, in order. There may be more of them
    /// than the initializer has tokens, or fewer.
    ///
    /// - Parameters:
    ///   - placeholder: the word for the subject; one that means nothing to the model yet.
    ///   - initializer: a word or a phrase; nil, empty or `*`: a normal distribution with the mean
    ///     of the token table and the mean deviation of its columns.
    ///   - generator: of the CPU; used only without words.
    /// - Returns: the vectors on the text encoder's device, and a sentence where tokens and vectors
    ///   are not as many.
    /// - Throws: ``TextualInversionError``.
    public static func initialized(
        _ placeholder: String, from initializer: String?, vectorCount: Int = 1,
        textEncoder: TextEncoder, tokenizer: CLIPTokenizer, generator: Generator
    ) throws(TextualInversionError) -> (embedding: TextualInversion, notice: String?) {
        try validate(placeholder: placeholder, for: tokenizer)
        let limit = tokenizer.maximumLength - 2
        guard (1...limit).contains(vectorCount) else {
            throw .vectorCount(placeholder, vectorCount, limit: limit)
        }
        let table = textEncoder.tokenTable
        guard let initializer, !initializer.isEmpty, initializer != "*" else {
            let vectors = withoutGradients {
                let wide = table.cast(to: .float32)
                let deviation = wide.variance([0]).squareRoot().mean()
                let noise = Tensor.randn([vectorCount, wide.size(1)], generator: generator)
                return wide.mean([0], keepsAxes: true) + noise.moved(to: wide.device) * deviation
            }
            return (TextualInversion(token: placeholder, vectors: vectors), nil)
        }
        try validate(initializer: initializer, for: tokenizer)
        let ids = tokenizer.encode(initializer)
        guard ids.allSatisfy({ $0 < table.size(0) }) else {
            throw .unknownInitializer(initializer)
        }
        let chosen = (0..<vectorCount).map { ids[$0 % ids.count] }
        let vectors = withoutGradients {
            table.gathered(0, at: Tensor(chosen, device: table.device))
                .converted(to: .float32, copies: true)
        }
        return (
            TextualInversion(token: placeholder, vectors: vectors),
            notice(initializer, tokenCount: ids.count, vectorCount: vectorCount)
        )
    }

    private static func notice(
        _ initializer: String, tokenCount: Int, vectorCount: Int
    ) -> String? {
        guard tokenCount != vectorCount else { return nil }
        let tokens = tokenCount == 1 ? "1 token" : "\(tokenCount) tokens"
        let vectors = vectorCount == 1 ? "1 vector" : "\(vectorCount) vectors"
        let consequence =
            if vectorCount > tokenCount {
                "the vectors repeat \(tokenCount == 1 ? "it" : "them")"
            } else if vectorCount == 1 {
                "only the first is used"
            } else {
                "only the first \(vectorCount) are used"
            }
        return "The initializer \"\(initializer)\" has \(tokens) for \(vectors): \(consequence)."
    }

    /// Checks that vectors can begin as the tokens of some words.
    ///
    /// - Parameter initializer: nil, empty and `*` stand for chance, and are never refused.
    /// - Throws: ``TextualInversionError`` when no tokens come of the words, or one that the
    ///   vocabulary does not have.
    public static func validate(
        initializer: String?, for tokenizer: CLIPTokenizer
    ) throws(TextualInversionError) {
        guard let initializer, !initializer.isEmpty, initializer != "*" else { return }
        let ids = tokenizer.encode(initializer)
        guard !ids.isEmpty else { throw .emptyInitializer(initializer) }
        guard !ids.contains(tokenizer.unknownID) else { throw .unknownInitializer(initializer) }
    }

    /// Checks that a word can become a placeholder.
    ///
    /// - Throws: ``TextualInversionError`` when it is blank, or one token of the vocabulary: such
    ///   a word means something already.
    public static func validate(
        placeholder: String, for tokenizer: CLIPTokenizer
    ) throws(TextualInversionError) {
        // This key has a meaning of its own in safetensors files.
        guard placeholder.contains(where: { !$0.isWhitespace }), placeholder != "__metadata__"
        else { throw .unusablePlaceholder(placeholder) }
        guard tokenizer.encode(placeholder).count != 1 else {
            throw .existingPlaceholder(placeholder)
        }
    }
}
