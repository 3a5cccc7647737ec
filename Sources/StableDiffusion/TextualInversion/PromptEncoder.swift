public import Torch

/// A prompt as the text encoder reads it, with the places that learned vectors take.
public struct EmbeddedPrompt: Sendable, Equatable {
    /// One number for every place, the start and the end included; those of places that a vector
    /// takes mean nothing.
    public let ids: [Int]
    /// The row of the joint table of all vectors at every place, −1 where the token counts.
    public let rows: [Int]

    /// Whether any place is taken by a vector.
    public var usesVectors: Bool { rows.contains { $0 >= 0 } }
}

/// Turns prompts into token numbers, with the vectors of textual inversion in the places of their
/// tokens: n vectors take n places.
///
/// A token counts where it stands exactly so, and not inside of another word. Where several fit,
/// the longest does. The text on either side is encoded by itself, as transformers does with added
/// tokens; without embeddings the numbers are the tokenizer's own, words of several vectors that
/// it has of itself included.
public struct PromptEncoder {
    /// What encodes the rest of the text.
    public let tokenizer: CLIPTokenizer
    /// The embeddings, in the order of their rows in the joint table.
    public let embeddings: [TextualInversion]
    /// The longest first, with the number of the embedding.
    private let tokens: [(scalars: [Unicode.Scalar], number: Int)]
    private let firstRows: [Int]

    /// - Precondition: no two embeddings have one token.
    public init(_ tokenizer: CLIPTokenizer, embeddings: [TextualInversion] = []) {
        self.tokenizer = tokenizer
        self.embeddings = embeddings
        let tokens = embeddings.map { Array($0.token.unicodeScalars) }
        precondition(Set(tokens).count == tokens.count, "two embeddings have one token")
        self.tokens = zip(tokens, tokens.indices).map { (scalars: $0, number: $1) }
            .sorted { $0.scalars.count > $1.scalars.count }
        var next = 0
        firstRows = embeddings.map { embedding in
            defer { next += embedding.vectorCount }
            return next
        }
    }

    /// The tokens of embeddings that a text uses, each once, in the order of ``embeddings``; those
    /// that would be cut off at the end are among them.
    public func tokens(in text: String) -> [String] {
        var used: Set<Int> = []
        for case .learned(let number) in pieces(of: text) { used.insert(number) }
        return used.sorted().map { embeddings[$0].token }
    }

    /// The end of a text that does not fit and is not read, in the tokenizer's spelling; nil where
    /// all of it fits.
    public func unread(of text: String) -> String? {
        let limit = tokenizer.maximumLength - 2
        var count = 0
        var lost: [String] = []
        for piece in pieces(of: text) {
            switch piece {
            case .text(let part):
                let ids = tokenizer.encode(part)
                let rest = tokenizer.decode(Array(ids.dropFirst(max(0, limit - count))))
                count += ids.count
                if count > limit { lost.append(rest) }
            case .learned(let number):
                count += embeddings[number].vectorCount
                if count > limit { lost.append(embeddings[number].token) }
            }
        }
        return count > limit ? lost.joined(separator: " ") : nil
    }

    /// One whole sequence: start, text, end, cut and filled up to the tokenizer's length.
    public func encode(_ text: String) -> EmbeddedPrompt {
        let length = tokenizer.maximumLength
        var ids = [tokenizer.startID]
        var rows = [-1]
        for piece in pieces(of: text) {
            switch piece {
            case .text(let part):
                let found = tokenizer.encodePrompt(part)
                ids += found
                rows += repeatElement(-1, count: found.count)
            case .learned(let number):
                let found = self.rows(of: number)
                ids += repeatElement(Self.placeID, count: found.count)
                rows += found
            }
        }
        ids = ids.prefix(length - 1) + [tokenizer.endID]
        rows = rows.prefix(length - 1) + [-1]
        ids += repeatElement(tokenizer.paddingID, count: length - ids.count)
        rows += repeatElement(-1, count: length - rows.count)
        return EmbeddedPrompt(ids: ids, rows: rows)
    }

    /// Several prompts for one call of the text encoder.
    ///
    /// - Returns: int64 `[texts, tokens]`, and the vectors where any text uses one; their table is
    ///   made of the embeddings' own tensors, so backward reaches these.
    public func batch(
        _ texts: [String], device: Device = .cpu
    ) -> (ids: Tensor, learned: LearnedRows?) {
        batch(texts.map { encode($0) }, device: device)
    }

    /// The same for prompts that are encoded already.
    func batch(
        _ prompts: [EmbeddedPrompt], device: Device
    ) -> (ids: Tensor, learned: LearnedRows?) {
        let shape = [prompts.count, tokenizer.maximumLength]
        let ids = Tensor(prompts.flatMap(\.ids), shape: shape, device: device)
        guard prompts.contains(where: \.usesVectors) else { return (ids, nil) }
        let tables = embeddings.map { $0.vectors.moved(to: device) }
        return (
            ids,
            LearnedRows(
                table: tables.count == 1 ? tables[0] : Tensor.concatenating(tables),
                rows: Tensor(prompts.flatMap(\.rows), shape: shape, device: device))
        )
    }

    /// Any number of a row that is no end of the text.
    static let placeID = 0

    /// The rows of an embedding in the joint table.
    func rows(of number: Int) -> Range<Int> {
        firstRows[number]..<(firstRows[number] + embeddings[number].vectorCount)
    }

    /// How many places a text would take, were there enough.
    func placeCount(of text: String) -> Int {
        pieces(of: text).reduce(0) { count, piece in
            switch piece {
            case .text(let part): count + tokenizer.encodePrompt(part).count
            case .learned(let number): count + embeddings[number].vectorCount
            }
        }
    }

    /// The tokens of a text, however many, with those of an embedding's word as if it stood alone.
    func ids(of text: String) -> [Int] {
        pieces(of: text).flatMap { piece in
            switch piece {
            case .text(let part): tokenizer.encodePrompt(part)
            case .learned(let number): tokenizer.encodePrompt(embeddings[number].token)
            }
        }
    }

    private enum Piece {
        case text(String)
        case learned(Int)
    }

    private func pieces(of text: String) -> [Piece] {
        guard !tokens.isEmpty else { return [.text(text)] }
        let scalars = Array(text.unicodeScalars)
        var pieces: [Piece] = []
        var (start, current) = (0, 0)
        func flush() {
            guard start < current else { return }
            pieces.append(.text(String(String.UnicodeScalarView(scalars[start..<current]))))
        }
        while current < scalars.count {
            guard let token = tokens.first(where: { stands($0.scalars, in: scalars, at: current) })
            else {
                current += 1
                continue
            }
            flush()
            pieces.append(.learned(token.number))
            current += token.scalars.count
            start = current
        }
        flush()
        return pieces
    }

    private func stands(
        _ token: [Unicode.Scalar], in text: [Unicode.Scalar], at start: Int
    ) -> Bool {
        let end = start + token.count
        guard end <= text.count, text[start] == token[0], text[start..<end].elementsEqual(token)
        else { return false }
        let continuesBefore =
            start > 0 && isInsideWord(text[start - 1]) && isInsideWord(token[0])
        let continuesAfter =
            end < text.count && isInsideWord(text[end]) && isInsideWord(token[token.count - 1])
        return !continuesBefore && !continuesAfter
    }
}

/// Whether a character goes on with the word beside it. An ideograph is a word of its own.
private func isInsideWord(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .otherLetter: !scalar.properties.isIdeographic
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .decimalNumber,
        .letterNumber, .otherNumber, .nonspacingMark, .spacingMark, .connectorPunctuation:
        true
    default: false
    }
}
