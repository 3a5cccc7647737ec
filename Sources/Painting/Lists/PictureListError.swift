public import Foundation

/// A list of pictures that cannot be made, as one sentence.
public enum PictureListError: Error, Sendable, Equatable, CustomStringConvertible, LocalizedError {
    /// A line of a prompts file; `reason` ends the sentence.
    case line(file: String, number: Int, reason: String)
    /// A file without a prompt.
    case noPrompts(file: String)
    /// More pictures than anybody waits for.
    case tooMany(limit: Int)
    /// An axis of a grid; `reason` ends the sentence.
    case axis(String, reason: String)
    /// Too many choices for all ways to take them or not.
    case matrix(count: Int, limit: Int)
    /// No choice for a matrix.
    case noMatrix

    /// The sentence for people.
    public var description: String {
        switch self {
        case .line(let file, let number, let reason): "\(file), line \(number): \(reason)"
        case .noPrompts(let file):
            "\(file) has no prompt; write one a line, or lines such as --prompt \"a robot\" "
                + "--seed 5."
        case .tooMany(let limit):
            "these are more than \(limit) pictures; ask for fewer (`count`, values of a grid, "
                + "choices in braces)."
        case .axis(let axis, let reason): "the axis \(axis): \(reason)"
        case .matrix(let count, let limit):
            "the prompt has \(count) choices between |, and a matrix takes at most \(limit), each "
                + "of which doubles the pictures."
        case .noMatrix:
            "a prompt matrix needs choices behind |, such as a robot|in the rain|at night."
        }
    }

    /// The sentence for people.
    public var errorDescription: String? { description }
}
