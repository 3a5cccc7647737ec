/// What counts as white space, as a part of a word and as a digit where a prompt is taken apart: as
/// in Python's regular expressions, in which the language was written first.
extension Unicode.Scalar {
    var isPromptSpace: Bool { isPythonSpace(self) }

    var isInsidePromptWord: Bool {
        if self == "_" || properties.numericType != nil { return true }
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            return true
        default: return false
        }
    }

    /// The digit that it is in any script.
    var promptDigit: Character? {
        guard properties.numericType == .decimal, let value = properties.numericValue else {
            return nil
        }
        return Character("\(Int(value))")
    }
}

extension Double {
    /// A number in digits of any script, such as `2`, `-0.5`, `+.5` and `2.`; nil for all else.
    init?(promptNumber text: some Collection<Unicode.Scalar>) {
        let isNegative = text.first == "-"
        var digits = "0"
        for scalar in isNegative || text.first == "+" ? text.dropFirst() : text[...] {
            guard let next = scalar == "." ? "." : scalar.promptDigit else { return nil }
            digits.append(next)
        }
        let pointCount = digits.count { $0 == "." }
        // The zeros at both ends are for Swift, which reads neither ".5" nor "2.".
        guard pointCount <= 1, digits != "0", digits != "0.",
            let size = Double(pointCount == 1 ? digits + "0" : digits)
        else { return nil }
        self = isNegative ? -size : size
    }
}

extension String {
    init(_ scalars: some Sequence<Unicode.Scalar>) {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        self.init(view)
    }
}

extension [Unicode.Scalar] {
    /// Where a word stands that goes on to neither side.
    func places(of word: String) -> [Range<Int>] {
        let word = Array(word.unicodeScalars)
        var places: [Range<Int>] = []
        var start = 0
        while start + word.count <= count {
            let end = start + word.count
            let stands =
                self[start] == word[0] && self[start..<end].elementsEqual(word)
                && !(start > 0 && self[start - 1].isInsidePromptWord)
                && !(end < count && self[end].isInsidePromptWord)
            if stands { places.append(start..<end) }
            start = stands ? end : start + 1
        }
        return places
    }

    /// Without the white space at both ends.
    var trimmed: ArraySlice<Unicode.Scalar> {
        let start = firstIndex { !$0.isPromptSpace } ?? endIndex
        let end = lastIndex { !$0.isPromptSpace }.map { $0 + 1 } ?? start
        return self[start..<end]
    }
}
