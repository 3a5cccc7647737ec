/// Trains a byte-level byte-pair vocabulary of CLIP's kind on counted words.
///
/// The source is Sennrich et al. 2016 (arXiv:1508.07909), algorithm 1, on bytes. The numbering is
/// CLIP's: 256 bytes, 256 bytes that end a word, the merges in their order, start, end.
public enum BytePairTrainer {
    /// Trains a tokenizer.
    ///
    /// - Parameters:
    ///   - wordCounts: how often each word occurs; a key may also be a whole caption.
    ///   - vocabularySize: how many tokens there may be at most, the 514 fixed ones included.
    ///   - reserved: words that become one token each though no text has them. Their merges come
    ///     after all others, so words that are encoded without them stay as they are.
    /// - Returns: a tokenizer with no more tokens than asked; fewer where every word is one token.
    public static func train(
        wordCounts: [String: Int], vocabularySize: Int, reserved: [String]
    ) -> CLIPTokenizer {
        let needed = reserved.reduce(0) { $0 + $1.utf8.count - 1 }
        let budget = vocabularySize - 514 - needed
        precondition(budget >= 0, "a vocabulary of \(vocabularySize) has no room for its bytes")

        var state = TrainingState(wordCounts)
        while state.merges.count < budget, let pair = state.mostFrequentPair() {
            state.join(pair)
        }
        var merges = state.merges
        for word in reserved {
            // One pair at a time: what a new merge lets older ones do is seen in the next round.
            while let pair = firstPair(of: word, merges: merges) { merges.append(pair) }
        }
        return tokenizer(merges: merges)
    }

    private static func tokenizer(merges: [(String, String)]) -> CLIPTokenizer {
        var vocabulary: [String: Int] = [:]
        func add(_ symbol: String) {
            if vocabulary[symbol] == nil { vocabulary[symbol] = vocabulary.count }
        }
        for ending in ["", BytePairEncoder.endOfWord] {
            for byte in ByteAlphabet.vocabularyOrder {
                add(ByteAlphabet.symbol(of: byte) + ending)
            }
        }
        for (first, second) in merges { add(first + second) }
        add(CLIPTokenizer.startOfText)
        add(CLIPTokenizer.endOfText)
        return CLIPTokenizer(vocabulary: vocabulary, merges: merges)
    }

    /// The first two symbols of a reserved word, or nil where it is one symbol already.
    private static func firstPair(
        of word: String, merges: [(String, String)]
    ) -> (String, String)? {
        let pieces = TextNormalization.words(of: word.unicodeScalars).flatMap {
            WordSplitter.pieces(of: $0)
        }
        precondition(pieces.count == 1, "a reserved word is one run of letters, not \"\(word)\"")
        let tokenizer = tokenizer(merges: merges)
        let ids = tokenizer.encode(word)
        guard ids.count > 1 else { return nil }
        var symbols: [Int: String] = [:]
        for (symbol, id) in tokenizer.vocabulary { symbols[id] = symbol }
        guard let first = symbols[ids[0]], let second = symbols[ids[1]] else { return nil }
        return (first, second)
    }
}

/// The words as they are cut so far, with the pairs counted.
private struct TrainingState {
    private struct Pair: Hashable {
        var first: Int
        var second: Int
    }

    private(set) var merges: [(String, String)] = []
    private var words: [(symbols: [Int], count: Int)] = []
    private var pairCounts: [Pair: Int] = [:]
    private var pairWords: [Pair: Set<Int>] = [:]
    private var symbols: [String] = []
    private var numbers: [String: Int] = [:]

    init(_ wordCounts: [String: Int]) {
        var pieceCounts: [[UInt8]: Int] = [:]
        for (text, count) in wordCounts {
            for word in TextNormalization.words(of: text.unicodeScalars) {
                for piece in WordSplitter.pieces(of: word) {
                    let bytes = piece.flatMap { Array(UTF8.encode($0) ?? .init()) }
                    pieceCounts[bytes, default: 0] += count
                }
            }
        }
        for ending in ["", BytePairEncoder.endOfWord] {
            for byte in UInt8.min...UInt8.max {
                _ = number(of: ByteAlphabet.symbol(of: byte) + ending)
            }
        }
        for (bytes, count) in pieceCounts.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            var piece = bytes.map { Int($0) }
            piece[piece.count - 1] += 256
            words.append((piece, count))
            tally(words.count - 1, sign: 1)
        }
    }

    /// The pair that occurs most; of equals the one whose symbols were made first.
    func mostFrequentPair() -> (Int, Int)? {
        let best = pairCounts.max { left, right in
            if left.value != right.value { return left.value < right.value }
            return (left.key.first, left.key.second) > (right.key.first, right.key.second)
        }
        return best.map { ($0.key.first, $0.key.second) }
    }

    /// Makes one symbol of the pair wherever it occurs.
    mutating func join(_ pair: (Int, Int)) {
        merges.append((symbols[pair.0], symbols[pair.1]))
        let joined = number(of: symbols[pair.0] + symbols[pair.1])
        for index in pairWords[Pair(first: pair.0, second: pair.1)] ?? [] {
            tally(index, sign: -1)
            let old = words[index].symbols
            var new: [Int] = []
            var position = 0
            while position < old.count {
                let isPair =
                    position + 1 < old.count && old[position] == pair.0
                    && old[position + 1] == pair.1
                new.append(isPair ? joined : old[position])
                position += isPair ? 2 : 1
            }
            words[index].symbols = new
            tally(index, sign: 1)
        }
    }

    private mutating func number(of symbol: String) -> Int {
        if let known = numbers[symbol] { return known }
        numbers[symbol] = symbols.count
        symbols.append(symbol)
        return symbols.count - 1
    }

    private mutating func tally(_ index: Int, sign: Int) {
        let (word, count) = words[index]
        for (first, second) in zip(word, word.dropFirst()) {
            let pair = Pair(first: first, second: second)
            let total = pairCounts[pair, default: 0] + sign * count
            pairCounts[pair] = total > 0 ? total : nil
            if sign > 0 {
                pairWords[pair, default: []].insert(index)
            } else {
                pairWords[pair]?.remove(index)
            }
        }
    }
}
