public import Foundation

/// A tokenizer folder that cannot be used, told in one sentence.
public enum TokenizerError: Error, Equatable, CustomStringConvertible, LocalizedError {
    /// The folder holds no tokenizer at all.
    case noTokenizer(directory: String)
    /// A file cannot be read or is not the JSON or text it should be.
    case unreadable(file: String, reason: String)
    /// A file is readable and says something that cannot be.
    case invalid(file: String, key: String, expected: String, found: String)

    /// The sentence.
    public var description: String {
        switch self {
        case .noTokenizer(let directory):
            "\(directory) holds no tokenizer: expected vocab.json and merges.txt, or "
                + "tokenizer.json; name the tokenizer folder of a diffusers model."
        case .unreadable(let file, let reason):
            "\(file) cannot be read as part of a tokenizer (\(reason)): download it again."
        case .invalid(let file, let key, let expected, let found):
            "\(file) has a wrong \(key): expected \(expected) and found \(found); "
                + "download the tokenizer again."
        }
    }

    /// The same sentence, for callers that show any error.
    public var errorDescription: String? { description }
}
