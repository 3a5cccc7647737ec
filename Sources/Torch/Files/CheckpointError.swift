/// A file of tensors that cannot be used, in one sentence.
public enum CheckpointError: Error, CustomStringConvertible, Sendable {
    case unreadable(String, String)
    case malformed(String, String)
    /// A file of another kind, by its first bytes: its name with the article, and what to do.
    case foreign(String, kind: String, advice: String)
    /// Elements of a type that nothing here computes with, such as 8-bit floating point.
    case unsupportedType(file: String, key: String, type: String)
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
        case .foreign(let file, let kind, let advice):
            "\(file) is \(kind), and tensors (.safetensors) were expected"
                + (advice.isEmpty ? "; name another file." : "; \(advice).")
        case .unsupportedType(let file, let key, let type):
            "\(file) stores \(key) as \(type), a type that is not supported"
                + (type.hasPrefix("F8_")
                    ? " (8-bit floating point); take the version of the file in fp16 or bf16."
                    : "; take the version of the file in fp16, bf16 or fp32.")
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
