/// A model's configuration that cannot be followed, in one sentence.
public enum ConfigurationError: Error, CustomStringConvertible, Sendable {
    /// A key whose value this implementation does not know.
    case unsupported(file: String, key: String, found: String, expected: String)
    case unreadable(file: String, reason: String)

    /// The sentence for people.
    public var description: String {
        switch self {
        case .unsupported(let file, let key, let found, let expected):
            "\(file): \(key) is \(found), and \(expected) is supported; "
                + "this is a model of another architecture."
        case .unreadable(let file, let reason):
            "\(file) cannot be used: \(reason)."
        }
    }
}
