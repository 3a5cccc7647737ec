public import Foundation

/// A prompt that cannot be painted as it stands, as one sentence.
public enum PromptError: Error, Sendable, Equatable, CustomStringConvertible, LocalizedError {
    /// Behind a colon stands what looks like a weight and is none.
    case weight(String, in: String)
    /// Weights multiply beyond what a number holds.
    case endlessWeight(String)
    /// `<robt:x>`, with what may have been meant.
    case unknownTag(String, nearest: String?)
    /// `<lora:robot:strong>`.
    case tagNumber(String, found: String)
    /// A tag with an argument that has no meaning here.
    case tagArgument(String, found: String, known: String)
    /// A tag without a name.
    case namelessTag(String)
    /// Edits within edits.
    case tooDeep(limit: Int)

    /// The sentence for people.
    public var description: String {
        switch self {
        case .weight(let found, let text):
            "the prompt has no number behind the colon in \"\(Self.quotable(text))\" but "
                + "\"\(found)\"; write a weight such as 1.2, or \\( and \\) for brackets that are "
                + "part of the text."
        case .endlessWeight(let text):
            "the weights around \"\(Self.quotable(text))\" multiply beyond all numbers; take some "
                + "of its brackets away."
        case .unknownTag(let tag, let nearest):
            "the prompt has a tag of an unknown kind, \(Self.quotable(tag)); "
                + (nearest.map { "did you mean <\($0):…>?" }
                    ?? "there are <lora:…>, <lyco:…> and <hypernet:…>.")
        case .tagNumber(let tag, let found):
            "the tag \(Self.quotable(tag)) has \"\(Self.quotable(found))\" where a strength should "
                + "be, a number such as 0.8."
        case .tagArgument(let tag, let found, let known):
            "the tag \(Self.quotable(tag)) has \"\(Self.quotable(found))\", which has no meaning "
                + "here; write \(known)."
        case .namelessTag(let tag):
            "the tag \(Self.quotable(tag)) names no file; write <lora:NAME:0.8>."
        case .tooDeep(let limit):
            "the prompt has more than \(limit) brackets within each other; take some away."
        }
    }

    /// The sentence for people.
    public var errorDescription: String? { description }

    /// At most so long that a sentence is still one.
    private static func quotable(_ text: String) -> String {
        text.count <= 80 ? text : "\(text.prefix(80))…"
    }
}
