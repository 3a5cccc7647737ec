extension CLIPTokenizer {
    /// The text that tokens stand for: lowercased, with one space between words.
    ///
    /// - Parameters:
    ///   - ids: token numbers; those that no token has are left out.
    ///   - skippingSpecialTokens: whether start, end and padding are left out.
    public func decode(_ ids: [Int], skippingSpecialTokens: Bool = true) -> String {
        var symbols: [Int: String] = [:]
        let wanted = Set(ids)
        for (symbol, id) in vocabulary where wanted.contains(id) { symbols[id] = symbol }

        var parts: [String] = []
        var bytes: [UInt8] = []
        func flush() {
            let text = String(decoding: bytes, as: UTF8.self)
                .split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
            if !text.isEmpty { parts.append(text) }
            bytes = []
        }
        for id in ids {
            if let token = added[id] {
                if token.isSpecial && skippingSpecialTokens { continue }
                flush()
                parts.append(token.content)
            } else if let symbol = symbols[id] {
                let ends = symbol.hasSuffix(BytePairEncoder.endOfWord)
                let body = ends ? symbol.dropLast(BytePairEncoder.endOfWord.count) : symbol[...]
                bytes += body.unicodeScalars.compactMap { ByteAlphabet.bytes[$0] }
                if ends { bytes.append(UInt8(ascii: " ")) }
            }
        }
        flush()
        return parts.joined(separator: " ")
    }
}
