/// A file of PyTorch that cannot be used or written, in one sentence.
public enum PyTorchArchiveError: Error, CustomStringConvertible, Sendable, Equatable {
    case unreadable(file: String, reason: String)
    case malformed(file: String, fault: String)
    case forbidden(file: String, name: String)
    case unsupported(file: String, what: String)
    case tensorless(file: String)
    case notFinite(file: String, name: String)
    case unwritable(file: String, what: String)

    /// The sentence for people.
    public var description: String {
        switch self {
        case .unreadable(let file, let reason):
            "\(file) cannot be read: \(reason); check the path and its permissions."
        case .malformed(let file, let fault):
            "\(file) \(fault); the file is damaged or no file of torch.save, fetch it again."
        case .forbidden(let file, let name):
            "\(file): it asks to run \(name), which weights never need; the file is refused."
        case .unsupported(let file, let what):
            "\(file) \(what); load it in PyTorch and save its tensors as .safetensors."
        case .tensorless(let file):
            "\(file) holds no tensors by name, neither at its top nor under state_dict; "
                + "is it a file of another kind?"
        case .notFinite(let file, let name):
            "\(name) holds values that are not finite; \(file) was not written."
        case .unwritable(let file, let what):
            "\(file) was not written: a file of torch.save cannot hold \(what)."
        }
    }
}

/// What is wrong inside a file, before the file's name is known.
enum Fault: Error {
    /// Goes on from "FILE ".
    case malformed(String)
    /// The name of a Python function or class.
    case forbidden(String)
    /// Goes on from "FILE ".
    case unsupported(String)

    func named(_ file: String) -> PyTorchArchiveError {
        switch self {
        case .malformed(let fault): .malformed(file: file, fault: fault)
        case .forbidden(let name): .forbidden(file: file, name: name)
        case .unsupported(let what): .unsupported(file: file, what: what)
        }
    }

    /// Text of a file as it may stand in a message: short, on one line, without controls.
    static func quoted(_ text: String) -> String {
        let scalars = text.unicodeScalars.prefix(80).map { scalar -> Character in
            scalar.properties.generalCategory == .control || scalar.properties.isWhitespace
                || scalar.properties.generalCategory == .format ? "?" : Character(scalar)
        }
        return String(scalars) + (text.unicodeScalars.count > 80 ? "…" : "")
    }
}
