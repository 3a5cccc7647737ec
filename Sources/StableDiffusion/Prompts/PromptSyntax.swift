/// How a prompt is read.
public enum PromptSyntax: String, Codable, Sendable, CaseIterable {
    /// The language of the A1111 web UI: weights, edits, `AND`, `BREAK`, tags, and any length.
    case a1111
    /// As it stands, up to the tokens that the model reads, as in diffusers.
    case plain

    /// The syntax of prompts that say themselves what they are written in: `a1111` where weights,
    /// edits, `AND`, `BREAK` or tags stand in them, and otherwise `plain`.
    ///
    /// A bracket that is not closed is no weight here.
    public static func suited(to prompt: String, negativePrompt: String = "") -> PromptSyntax {
        hasMarks(prompt) || hasMarks(negativePrompt, composes: false) ? .a1111 : .plain
    }

    private static func hasMarks(_ text: String, composes: Bool = true) -> Bool {
        let scalars = Array(text.unicodeScalars)
        if NetworkTag.stands(in: text) || !scalars.places(of: "BREAK").isEmpty { return true }
        if composes, !scalars.places(of: "AND").isEmpty { return true }
        do {
            if try PromptEmphasis(text).pairCount > 0 { return true }
            return try PromptEdits(text)?.changes ?? false
        } catch {
            // What cannot be read was meant to be.
            return true
        }
    }
}
