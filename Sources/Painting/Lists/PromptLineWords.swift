/// The words of a line, as shells divide them: quotes hold words together, and a backslash takes
/// the meaning from the sign behind it.
struct PromptLineWords {
    struct Word: Equatable {
        var text: String
        /// Whether it began with a quote: then it is no option.
        var isQuoted: Bool
    }

    private(set) var words: [Word] = []

    /// - Throws: a fault where a quote is not closed.
    init(_ line: String) throws(PromptLine.Fault) {
        let characters = Array(line)
        var place = 0
        var word: Word?
        var quote: Character?
        while place < characters.count {
            let character = characters[place]
            place += 1
            if character == "\\", quote != "'", place < characters.count,
                quote == nil || "\"\\".contains(characters[place])
            {
                word = word ?? Word(text: "", isQuoted: false)
                word?.text.append(characters[place])
                place += 1
            } else if let open = quote {
                if character == open { quote = nil } else { word?.text.append(character) }
            } else if character == "\"" || character == "'" {
                quote = character
                word = word ?? Word(text: "", isQuoted: true)
            } else if character.isWhitespace {
                if let word { words.append(word) }
                word = nil
            } else {
                word = word ?? Word(text: "", isQuoted: false)
                word?.text.append(character)
            }
        }
        if let quote {
            throw PromptLine.Fault(
                description: "a \(quote) is not closed; close it, or write \\\(quote) for one "
                    + "that is part of the text.")
        }
        if let word { words.append(word) }
    }
}
