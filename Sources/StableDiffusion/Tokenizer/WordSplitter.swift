/// Cuts a lowercased word into the pieces that are byte-pair encoded each on its own.
///
/// This is CLIP's regular expression, with letter case ignored, written out:
/// `<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`
enum WordSplitter {
    private static let literals: [[Unicode.Scalar]] = [
        "<|startoftext|>", "<|endoftext|>", "'s", "'t", "'re", "'ve", "'m", "'ll", "'d",
    ].map { Array($0.unicodeScalars) }

    private enum Kind { case letter, number, other, none }

    /// The pieces of one word that holds no white space.
    static func pieces(of word: [Unicode.Scalar]) -> [ArraySlice<Unicode.Scalar>] {
        var pieces: [ArraySlice<Unicode.Scalar>] = []
        var start = 0
        while start < word.count {
            var end = start + 1
            if let literal = literals.first(where: { matches($0, in: word, at: start) }) {
                end = start + literal.count
            } else {
                let kind = kind(of: word[start])
                if kind == .none {
                    start = end
                    continue
                }
                while kind != .number, end < word.count, Self.kind(of: word[end]) == kind {
                    end += 1
                }
            }
            pieces.append(word[start..<end])
            start = end
        }
        return pieces
    }

    private static func matches(
        _ literal: [Unicode.Scalar], in word: [Unicode.Scalar], at start: Int
    ) -> Bool {
        guard word[start] == literal[0], start + literal.count <= word.count else { return false }
        // Of the letters in the literals only s has a second small form: the long s.
        return zip(literal, word[start...]).allSatisfy { expected, found in
            expected == found || (expected == "s" && found == "\u{17F}")
        }
    }

    private static func kind(of scalar: Unicode.Scalar) -> Kind {
        switch scalar.value {
        case 0x61...0x7A: return .letter
        case 0x30...0x39: return .number
        case 0x00...0x7F: return .other
        // The iota subscript counts as a mark by its category and as a letter by its upper case;
        // a search that ignores case matches it with neither class.
        case 0x345: return .none
        default: break
        }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            return .letter
        case .decimalNumber, .letterNumber, .otherNumber: return .number
        default: return .other
        }
    }
}
