public import Foundation

/// A template that stands for no prompt, as one sentence.
public enum PromptTemplateError: Error, Sendable, Equatable, CustomStringConvertible, LocalizedError
{
    /// A brace that is never closed.
    case open(String, in: String)
    /// `{x$$…}` where x is no number.
    case bounds(String, in: String)
    /// `${…` without a name.
    case namelessVariable(in: String)
    /// A variable that nothing was assigned to.
    case unknownVariable(String, nearest: String?)
    /// A variable that stands in its own value, or a wildcard in its own lines.
    case endless(String)
    /// A wildcard that no file has.
    case unknownWildcard(String, folder: String?, nearest: String?)
    /// More prompts than are wanted at once.
    case tooMany(limit: Int)
    /// A prompt that has no end.
    case tooLong(limit: Int)
    /// Braces within braces.
    case tooDeep(limit: Int)

    /// The sentence for people.
    public var description: String {
        switch self {
        case .open(let sign, let text):
            "the prompt has a \(sign) that is not closed, in \"\(Self.quotable(text))\"; close it, "
                + "or write \\{ for one that is part of the text."
        case .bounds(let found, let text):
            "the prompt has \"\(Self.quotable(found))\" in front of $$, in "
                + "\"\(Self.quotable(text))\"; expected how many to take, such as 2, 1-3 or 2-."
        case .namelessVariable(let text):
            "the prompt has ${ without a name behind it, in \"\(Self.quotable(text))\"; write "
                + "${name=value} and ${name}."
        case .unknownVariable(let name, let nearest):
            "the prompt has the variable ${\(name)}, which has no value; "
                + (nearest.map { "did you mean ${\($0)}?" }
                    ?? "write ${\(name)=value} in front of it, or ${\(name):otherwise}.")
        case .endless(let name):
            "\(name) stands in its own value, which never ends; take it out there."
        case .unknownWildcard(let name, let folder, let nearest):
            if let folder {
                "the wildcard __\(name)__ is in no file of \(folder); "
                    + (nearest.map { "did you mean __\($0)__?" }
                        ?? "write its lines into \(name).txt there.")
            } else {
                "__\(name)__ in the prompt stands for a line of a file; say with `wildcards-dir` in "
                    + "which folder it is, or with `dynamic-prompts` off that it is text."
            }
        case .tooMany(let limit):
            "the prompt stands for more than \(limit) prompts; let `dynamic-prompts` random choose "
                + "among them."
        case .tooLong(let limit):
            "the prompt, with all that it stands for, comes to more than \(limit) characters; let "
                + "it stand for less."
        case .tooDeep(let limit):
            "the prompt has more than \(limit) braces, or lines of wildcards, within each other; "
                + "take some away."
        }
    }

    /// The sentence for people.
    public var errorDescription: String? { description }

    /// At most so long that a sentence is still one.
    private static func quotable(_ text: String) -> String {
        text.count <= 80 ? text : "\(text.prefix(80))…"
    }
}
