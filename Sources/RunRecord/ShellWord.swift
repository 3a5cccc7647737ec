/// Words of command lines that people copy.
package enum ShellWord {
    /// The word as a shell takes it: in quotes where it needs them.
    package static func quoted(_ text: String) -> String {
        let plain = text.allSatisfy {
            $0.isASCII && ($0.isLetter || $0.isNumber || "/._-+=:,@".contains($0))
        }
        if plain, !text.isEmpty { return text }
        return text.contains("\"") || text.contains("$") || text.contains("`")
            || text.contains("\\") || text.contains("!")
            ? "'" + text.replacing("'", with: "'\\''") + "'" : "\"\(text)\""
    }
}
