/// Turns text into lowercased words, as the tokenizer's reference does before its regular
/// expression: control characters go, CJK characters stand alone, NFC, split, lowercase.
///
/// The source is `BasicTokenizer(strip_accents=False, do_split_on_punc=False)` of transformers'
/// `tokenization_clip.py`. Everything here works on Unicode scalars: Swift's characters are
/// grapheme clusters and compare by canonical equivalence, and Python's are neither.
enum TextNormalization {
    /// The words of a text, normalized and lowercased; none is empty.
    static func words(of scalars: some Sequence<Unicode.Scalar>) -> [[Unicode.Scalar]] {
        let cleaned = cleaned(scalars)
        // Nothing below U+0300 changes under NFC.
        let composed =
            cleaned.contains { $0.value >= 0x300 }
            ? CanonicalComposition.composed(cleaned) : cleaned
        return composed.split(whereSeparator: isSeparator).map { lowercased($0) }
    }

    private static func cleaned(
        _ scalars: some Sequence<Unicode.Scalar>
    ) -> [Unicode.Scalar] {
        var output: [Unicode.Scalar] = []
        for scalar in scalars {
            switch scalar.value {
            case 0x09, 0x0A, 0x0D, 0x20: output.append(" ")
            case 0x21...0x7E: output.append(scalar)
            case 0xFFFD: continue
            default:
                switch category(of: scalar) {
                case .control, .format, .surrogate, .privateUse, .unassigned: continue
                case .spaceSeparator: output.append(" ")
                case .otherLetter where isCJK(scalar.value):
                    output.append(" ")
                    output.append(scalar)
                    output.append(" ")
                default: output.append(scalar)
                }
            }
        }
        return output
    }

    /// What Python's `str.split()` splits at and the cleaning has left.
    private static func isSeparator(_ scalar: Unicode.Scalar) -> Bool {
        scalar == " " || scalar == "\u{2028}" || scalar == "\u{2029}"
    }

    /// Python's `str.lower()`: full mappings, and a sigma that ends a word becomes ς.
    private static func lowercased(_ word: ArraySlice<Unicode.Scalar>) -> [Unicode.Scalar] {
        var output: [Unicode.Scalar] = []
        output.reserveCapacity(word.count)
        for (index, scalar) in zip(word.indices, word) {
            switch scalar.value {
            case 0x41...0x5A: output.append(Unicode.Scalar(UInt8(scalar.value) + 0x20))
            case 0x00...0x7F: output.append(scalar)
            case 0x3A3: output.append(endsWord(word, at: index) ? "\u{3C2}" : "\u{3C3}")
            default: output.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
            }
        }
        return output
    }

    /// The Final_Sigma condition of the Unicode standard, table 3-17.
    private static func endsWord(_ word: ArraySlice<Unicode.Scalar>, at index: Int) -> Bool {
        let before = word[..<index].last { !$0.properties.isCaseIgnorable }
        let after = word[(index + 1)...].first { !$0.properties.isCaseIgnorable }
        return before.map(isCased) == true && after.map(isCased) != true
    }

    /// U+0295 was a lowercase letter up to Unicode 15 and has no case since.
    private static func isCased(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isCased || scalar == "\u{295}"
    }

    /// The general category in Unicode 14, which Python 3.11 knows: what came later is unassigned,
    /// and so is dropped. A later Python keeps such characters, most of them new scripts.
    private static func category(of scalar: Unicode.Scalar) -> Unicode.GeneralCategory {
        guard let age = scalar.properties.age, age.major <= 14 else { return .unassigned }
        return scalar.properties.generalCategory
    }

    private static func isCJK(_ value: UInt32) -> Bool {
        switch value {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F,
            0x2B740...0x2B81F, 0x2B820...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
            true
        default: false
        }
    }
}
