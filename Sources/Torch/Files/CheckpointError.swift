/// A file of tensors that cannot be used, in one sentence.
public enum CheckpointError: Error, CustomStringConvertible, Sendable {
    case unreadable(String, String)
    case malformed(String, String)
    case missing(file: String, key: String, hint: String = "")
    case misshapen(file: String, key: String, expected: [Int], found: [Int])
    case unexpected(file: String, keys: [String])
    /// Values that are about to be written.
    case notFinite(key: String)
    /// Values that were read.
    case notFiniteIn(file: String, key: String)
    /// Values that were read, and that become infinite in the type they are wanted in.
    case tooLarge(file: String, key: String, dtype: DType)

    /// The sentence for people.
    public var description: String {
        switch self {
        case .unreadable(let file, let reason):
            "\(file) cannot be read: \(reason); check the path and its permissions."
        case .malformed(let file, let fault):
            "\(file) \(fault); the file is damaged or no such file, fetch it again."
        case .missing(let file, let key, let hint):
            "\(file) lacks the tensor \(key)"
                + (hint.isEmpty ? "; is it a model of another architecture?" : "; \(hint)")
        case .misshapen(let file, let key, let expected, let found):
            "\(file): \(key) should have the shape \(expected) and has \(found); "
                + "the file and its config.json do not belong together, or the architecture differs."
        case .unexpected(let file, let keys):
            "\(file) holds \(keys.count) tensor(s) that this architecture does not have, "
                + "first \(keys.prefix(3).joined(separator: ", ")); is it another kind of model?"
        case .notFinite(let key):
            "\(key) holds values that are not finite; nothing was written."
        case .notFiniteIn(let file, let key):
            "\(file): \(key) holds values that are not finite, so nothing can be computed with it; "
                + "its training failed or the file is damaged, take an earlier one or fetch it "
                + "again."
        case .tooLarge(let file, let key, let dtype):
            "\(file): \(key) holds values too large for \(dtype); compute in bf16 or fp32."
        }
    }
}
