import Synchronization

/// Byte-pair encoding with a ranked list of merges: the pair of the lowest rank is joined first,
/// everywhere in the word, until no pair of the word has a rank.
///
/// The source is Sennrich et al. 2016 (arXiv:1508.07909) in the byte-level form of GPT-2; a word's
/// last byte carries `</w>`.
final class BytePairEncoder: Sendable {
    /// What ends the last symbol of a word.
    static let endOfWord = "</w>"

    private struct Pair: Hashable {
        var first: Int32
        var second: Int32
    }

    private struct Merge {
        var rank: Int32
        var result: Int32
    }

    private let merges: [Pair: Merge]
    /// The vocabulary's number of each symbol; `unknownID` where it has none.
    private let symbolIDs: [Int]
    private let cache = Mutex<[[UInt8]: [Int]]>([:])
    private static let cacheLimit = 1 << 15

    /// - Parameters:
    ///   - merges: pairs of symbols, the first to be joined first.
    ///   - vocabulary: the number of each symbol.
    ///   - unknownID: the number of a symbol that the vocabulary lacks.
    init(merges: [(String, String)], vocabulary: [String: Int], unknownID: Int) {
        var numbers: [String: Int32] = [:]
        var symbolIDs: [Int] = []
        numbers.reserveCapacity(merges.count + 512)
        symbolIDs.reserveCapacity(merges.count + 512)
        func number(of symbol: String) -> Int32 {
            if let known = numbers[symbol] { return known }
            let number = Int32(symbolIDs.count)
            numbers[symbol] = number
            symbolIDs.append(vocabulary[symbol] ?? unknownID)
            return number
        }
        // Bytes are symbols 0 to 255, bytes that end a word 256 to 511.
        for ending in ["", Self.endOfWord] {
            for byte in UInt8.min...UInt8.max {
                _ = number(of: ByteAlphabet.symbol(of: byte) + ending)
            }
        }
        var table: [Pair: Merge] = [:]
        table.reserveCapacity(merges.count)
        for (rank, (first, second)) in merges.enumerated() {
            let pair = Pair(first: number(of: first), second: number(of: second))
            table[pair] = Merge(rank: Int32(rank), result: number(of: first + second))
        }
        self.merges = table
        self.symbolIDs = symbolIDs
    }

    /// The numbers of a piece's tokens.
    func encode(_ piece: ArraySlice<Unicode.Scalar>) -> [Int] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(piece.count + 8)
        for scalar in piece { bytes.append(contentsOf: UTF8.encode(scalar) ?? .init()) }
        if let known = cache.withLock({ $0[bytes] }) { return known }
        let encoded = joined(bytes).map { symbolIDs[Int($0)] }
        cache.withLock { cache in
            if cache.count >= Self.cacheLimit { cache.removeAll(keepingCapacity: true) }
            cache[bytes] = encoded
        }
        return encoded
    }

    private func joined(_ bytes: [UInt8]) -> [Int32] {
        guard let last = bytes.last else { return [] }
        var word = bytes.dropLast().map { Int32($0) } + [Int32(last) + 256]
        while word.count > 1 {
            var best: (pair: Pair, merge: Merge)?
            for index in 0..<(word.count - 1) {
                let pair = Pair(first: word[index], second: word[index + 1])
                if let merge = merges[pair], merge.rank < best?.merge.rank ?? .max {
                    best = (pair, merge)
                }
            }
            guard let best else { break }
            var kept = 0
            var index = 0
            while index < word.count {
                let isPair =
                    index + 1 < word.count && word[index] == best.pair.first
                    && word[index + 1] == best.pair.second
                word[kept] = isPair ? best.merge.result : word[index]
                kept += 1
                index += isPair ? 2 : 1
            }
            word.removeLast(word.count - kept)
        }
        return word
    }
}
