public import Foundation

/// A model that cannot be written in the form that was asked for, as one sentence.
public enum ConversionError: Error, Sendable, Equatable, CustomStringConvertible, LocalizedError {
    /// What is read and what is written are one.
    case sameAsModel(path: String)
    /// A file is asked for where a folder is.
    case folderInTheWay(path: String)
    /// A folder is asked for where a file is.
    case fileInTheWay(path: String)
    /// The name is that of a file in a format that is not written.
    case unknownEnding(path: String, ending: String)
    /// Something of the model that readers of single files take for granted and that differs.
    case notTold(model: String, what: String)
    /// A tensor that the original code has no name for.
    case noOriginalName(model: String, key: String)

    /// The sentence for people.
    public var description: String {
        switch self {
        case .sameAsModel(let path):
            "the output is the model itself, \(path); name another file or folder."
        case .folderInTheWay(let path):
            "\(path) is a folder, and the name asks for a file; name another output, or remove "
                + "the folder."
        case .fileInTheWay(let path):
            "\(path) is a file, and a folder is to be written; name another output, or one that "
                + "ends in .safetensors."
        case .unknownEnding(let path, let ending):
            "\(path) ends in .\(ending), which is not written; name a file that ends in "
                + ".safetensors, or a folder."
        case .notTold(let model, let what):
            "\(model) cannot be written as a single file, which carries no configuration: \(what); "
                + "write a folder."
        case .noOriginalName(let model, let key):
            "\(model) cannot be written as a single file, since the original code has no name for "
                + "\(key); write a folder."
        }
    }

    /// The sentence for people.
    public var errorDescription: String? { description }
}
