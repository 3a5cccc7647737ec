import Foundation

/// Turns text into the token numbers that CLIP's text encoders read.
///
/// The numbers are those of transformers' `CLIPTokenizer` (`tokenization_clip.py`, the slow one,
/// without ftfy) on any text: byte-level byte-pair encoding of lowercased words, with `</w>` on
/// what ends a word. Values are immutable and may be used from several threads at once.
public struct CLIPTokenizer: Sendable {
    /// The token every sequence begins with.
    public static let startOfText = "<|startoftext|>"
    /// The token every sequence ends with.
    public static let endOfText = "<|endoftext|>"

    /// How many tokens a sequence has, the first and the last included: 77 for Stable Diffusion.
    public let maximumLength: Int
    /// The number of the token every sequence begins with.
    public let startID: Int
    /// The number of the token every sequence ends with.
    public let endID: Int
    /// The number that fills a sequence up: the end's in SD 1.x, that of `!` in SD 2.x.
    public let paddingID: Int
    /// The number that stands for a symbol the vocabulary lacks.
    public let unknownID: Int

    let vocabulary: [String: Int]
    let merges: [(String, String)]
    let special: SpecialTokens
    private(set) var added: [Int: AddedToken] = [:]
    private var addedIDs: [[Unicode.Scalar]: Int] = [:]
    private var trie = AddedTokenTrie()
    /// What follows an added word that has several vectors.
    private var continuations: [Int: [Int]] = [:]
    private let encoder: BytePairEncoder

    /// Makes a tokenizer from its tables.
    ///
    /// - Parameters:
    ///   - vocabulary: the number of each symbol.
    ///   - merges: the pairs that byte-pair encoding joins, the first to be joined first.
    ///   - special: the tokens with a role; those the vocabulary lacks get numbers after it.
    ///   - added: tokens to look for in the text itself, by number.
    ///   - maximumLength: how many tokens a sequence has, at least 2.
    public init(
        vocabulary: [String: Int], merges: [(String, String)],
        special: SpecialTokens = SpecialTokens(), added: [Int: AddedToken] = [:],
        maximumLength: Int = 77
    ) {
        precondition(maximumLength >= 2, "a sequence holds at least its start and its end")
        self.vocabulary = vocabulary
        self.merges = merges
        self.special = special
        self.maximumLength = maximumLength

        // The order of the appended numbers is the reference's: added tokens, then by role.
        var table = AddedTokenTable(vocabulary: vocabulary)
        for (id, token) in added.sorted(by: { $0.key < $1.key }) { table.insert(token, id: id) }
        for token in special.ordered { table.append(token) }
        func number(of token: AddedToken) -> Int {
            guard let id = table.ids[Array(token.content.unicodeScalars)] else {
                preconditionFailure("the special token \(token.content) was not added")
            }
            return id
        }
        startID = number(of: special.start)
        endID = number(of: special.end)
        paddingID = number(of: special.padding)
        unknownID = vocabulary[special.unknown.content] ?? number(of: special.unknown)
        encoder = BytePairEncoder(merges: merges, vocabulary: vocabulary, unknownID: unknownID)
        take(table)
    }

    /// How many tokens there are, added ones included: the rows of the embedding table.
    public var vocabularyCount: Int {
        vocabulary.count + added.values.count { vocabulary[$0.content] == nil }
    }

    /// The highest number that any token has: a row of the embedding table.
    public var highestID: Int {
        max(highestVocabularyID, added.keys.max() ?? 0)
    }

    /// The same without what was added.
    var highestVocabularyID: Int { vocabulary.values.max() ?? 0 }

    /// The words that were added to the vocabulary and stand for vectors of their own, in the order
    /// of their numbers, each with the numbers of all its vectors.
    ///
    /// A word of several vectors has them under its own name and under `word_1`, `word_2` and so on,
    /// which is how diffusers' `load_textual_inversion` adds it.
    public var addedWords: [(word: String, ids: [Int])] {
        let roles = Set(special.ordered.prefix(4).map(\.content))
        let following = Set(continuations.values.joined())
        return added.sorted { $0.key < $1.key }.compactMap { id, token in
            guard vocabulary[token.content] == nil, !roles.contains(token.content),
                !following.contains(id)
            else { return nil }
            return (token.content, [id] + (continuations[id] ?? []))
        }
    }

    /// The number of a token as the vocabulary spells it, such as `dog</w>`, or as it was added.
    public func id(of token: String) -> Int? {
        addedIDs[Array(token.unicodeScalars)] ?? vocabulary[token]
    }

    /// The same tokenizer with more tokens that are looked for in the text before words are made.
    ///
    /// A token that the vocabulary lacks gets the next number, in the order given; one that it has
    /// keeps its own. This is what textual inversion needs, and transformers' `add_tokens` does.
    public func adding(tokens: [String]) -> CLIPTokenizer {
        var table = AddedTokenTable(vocabulary: vocabulary)
        for (id, token) in added { table.insert(token, id: id) }
        for token in tokens { table.append(AddedToken(token)) }
        var result = self
        result.take(table)
        return result
    }

    /// The same tables with other tokens in the special roles.
    public func with(special: SpecialTokens) -> CLIPTokenizer {
        CLIPTokenizer(
            vocabulary: vocabulary, merges: merges, special: special, added: added,
            maximumLength: maximumLength)
    }

    /// The numbers of a text's tokens, without start and end, however many they are.
    public func encode(_ text: String) -> [Int] {
        var ids: [Int] = []
        for piece in pieces(of: Array(text.unicodeScalars)) {
            if let id = addedIDs[piece] {
                ids.append(id)
                continue
            }
            for word in TextNormalization.words(of: piece) {
                for part in WordSplitter.pieces(of: word) { append(part, to: &ids) }
            }
        }
        return ids
    }

    /// The numbers of a prompt's tokens, without start and end: those of the text, and behind each
    /// added word of several vectors those of the others.
    ///
    /// Source: `maybe_convert_prompt` in diffusers' `loaders/textual_inversion.py`, which writes the
    /// other names into the text. Where they stand in it already, nothing is added.
    public func encodePrompt(_ text: String) -> [Int] {
        let ids = encode(text)
        guard !continuations.isEmpty else { return ids }
        var result: [Int] = []
        for (index, id) in ids.enumerated() {
            result.append(id)
            guard let more = continuations[id], ids[(index + 1)...].first != more.first else {
                continue
            }
            result += more
        }
        return result
    }

    /// One whole sequence: start, text, end, cut and filled up to the length.
    ///
    /// - Parameters:
    ///   - text: what to encode.
    ///   - maxLength: the length, at least 2; `maximumLength` where none is given.
    /// - Returns: as many numbers as the length says.
    public func tokenIDs(_ text: String, maxLength: Int? = nil) -> [Int] {
        let length = maxLength ?? maximumLength
        precondition(length >= 2, "a sequence holds at least its start and its end")
        var ids = [startID] + encode(text).prefix(length - 2) + [endID]
        ids.append(contentsOf: repeatElement(paddingID, count: length - ids.count))
        return ids
    }

    private func append(_ part: ArraySlice<Unicode.Scalar>, to ids: inout [Int]) {
        // These two are never cut into bytes, even where they come out of the lowercasing.
        for text in [Self.startOfText, Self.endOfText]
        where part.first == "<" && part.elementsEqual(text.unicodeScalars) {
            ids.append(id(of: text) ?? unknownID)
            return
        }
        ids.append(contentsOf: encoder.encode(part))
    }

    private mutating func take(_ table: AddedTokenTable) {
        added = table.tokens
        addedIDs = table.ids
        trie = AddedTokenTrie()
        for token in addedIDs.keys { trie.insert(token) }
        continuations = [:]
        for (id, token) in added where vocabulary[token.content] == nil {
            var more: [Int] = []
            while let next = addedIDs[Array("\(token.content)_\(more.count + 1)".unicodeScalars)] {
                more.append(next)
            }
            if !more.isEmpty { continuations[id] = more }
        }
    }

    /// The text cut at added tokens, with their wishes about white space done.
    private func pieces(of text: [Unicode.Scalar]) -> [[Unicode.Scalar]] {
        var pieces = trie.split(text).map(Array.init)
        for index in pieces.indices {
            guard let id = addedIDs[pieces[index]], let token = added[id] else { continue }
            let left = index > 0 && !pieces[index - 1].isEmpty ? index - 1 : nil
            let next = index + 1
            let right = next < pieces.count && !pieces[next].isEmpty ? next : nil
            // What stands beside is judged as it was before any stripping.
            let before = left.map { pieces[$0].last != " " }
            let after = right.map { pieces[$0].first != " " }
            if token.stripsRight, let right {
                pieces[right].removeFirst(pieces[right].prefix(while: isPythonSpace).count)
            }
            if token.stripsLeft, let left {
                pieces[left].removeLast(
                    pieces[left].reversed().prefix(while: isPythonSpace).count)
            }
            guard token.isSingleWord else { continue }
            if let left, before == true {
                pieces[left] += pieces[index]
                pieces[index] = []
            } else if let right, after == true {
                pieces[right] = pieces[index] + pieces[right]
                pieces[index] = []
            }
        }
        return pieces.filter { !$0.isEmpty }
    }
}

/// What Python's `str.strip()` takes away.
func isPythonSpace(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x1C...0x1F: true
    default: scalar.properties.isWhitespace
    }
}
