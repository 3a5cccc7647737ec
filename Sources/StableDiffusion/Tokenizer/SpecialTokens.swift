/// The tokens that have a role, as a tokenizer's configuration names them.
public struct SpecialTokens: Sendable, Hashable {
    /// Begins every sequence.
    public var start: AddedToken
    /// Ends every sequence.
    public var end: AddedToken
    /// Stands for what the vocabulary lacks.
    public var unknown: AddedToken
    /// Fills sequences up.
    public var padding: AddedToken
    /// Others, with roles that CLIP has no use for.
    public var others: [AddedToken]

    /// Makes the set; without arguments it is that of Stable Diffusion 1.x.
    public init(
        start: AddedToken = Self.token(CLIPTokenizer.startOfText),
        end: AddedToken = Self.token(CLIPTokenizer.endOfText),
        unknown: AddedToken = Self.token(CLIPTokenizer.endOfText),
        padding: AddedToken = Self.token(CLIPTokenizer.endOfText), others: [AddedToken] = []
    ) {
        self.start = start
        self.end = end
        self.unknown = unknown
        self.padding = padding
        self.others = others
    }

    /// A special token of this text.
    public static func token(_ content: String) -> AddedToken {
        AddedToken(content, isSpecial: true)
    }

    /// Every token, in the order in which missing ones get their numbers.
    var ordered: [AddedToken] { [start, end, unknown, padding] + others }
}

/// Added tokens while they are being numbered.
struct AddedTokenTable {
    private(set) var tokens: [Int: AddedToken] = [:]
    private(set) var ids: [[Unicode.Scalar]: Int] = [:]
    private let vocabulary: [String: Int]
    /// How many different tokens there are: the next number.
    private var count: Int

    init(vocabulary: [String: Int]) {
        self.vocabulary = vocabulary
        count = vocabulary.count
    }

    /// Enters a token under a number that is given.
    mutating func insert(_ token: AddedToken, id: Int) {
        let scalars = Array(token.content.unicodeScalars)
        guard !scalars.isEmpty else { return }
        if ids[scalars] == nil, vocabulary[token.content] == nil { count += 1 }
        tokens[id] = token
        ids[scalars] = id
    }

    /// Enters a token under the vocabulary's number for it, or else the next one.
    mutating func append(_ token: AddedToken) {
        guard ids[Array(token.content.unicodeScalars)] == nil else { return }
        insert(token, id: vocabulary[token.content] ?? count)
    }
}
