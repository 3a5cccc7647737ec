public import Foundation

/// A hypernetwork that cannot be made, read or laid over a model, as one sentence.
public enum HypernetworkError: Error, Sendable, Equatable, CustomStringConvertible, LocalizedError {
    /// A setting that no hypernetwork can have.
    case setting(String, found: String, wanted: String)
    /// The same, in a file.
    case fileSetting(file: String, String, found: String, wanted: String)
    /// A file without any networks in it.
    case noNetworks(file: String)
    /// An entry that is not what A1111 writes there.
    case malformed(file: String, entry: String, wanted: String)
    /// A tensor that the structure asks for.
    case missing(file: String, key: String)
    /// A tensor that the structure has no place for.
    case unexpected(file: String, key: String)
    /// A tensor of another shape than the structure asks for.
    case misshapen(file: String, key: String, expected: [Int], found: [Int])
    /// A tensor with infinities or what is no number.
    case notFinite(file: String, key: String)
    /// A model none of whose attention has a width of the hypernetwork's.
    case otherModel(name: String, widths: [Int], modelWidths: [Int])

    /// The sentence for people.
    public var description: String {
        switch self {
        case .setting(let name, let found, let wanted):
            "the hypernetwork's \(name) is \(found); it must be \(wanted)."
        case .fileSetting(let file, let name, let found, let wanted):
            "\(file): the hypernetwork's \(name) is \(found); it must be \(wanted)."
        case .noNetworks(let file):
            "\(file) holds no hypernetwork: A1111's files have pairs of networks under widths "
                + "such as 320 and 768, and this has none."
        case .malformed(let file, let entry, let wanted):
            "\(file) is no hypernetwork of A1111, or is damaged: \(entry) should be \(wanted)."
        case .missing(let file, let key):
            "\(file) lacks \(key), which its layer structure needs; the file is damaged."
        case .unexpected(let file, let key):
            "\(file) holds \(key), which its layer structure has no place for; the file is damaged."
        case .misshapen(let file, let key, let expected, let found):
            "\(file): \(key) has the shape \(found), and its layer structure needs \(expected); "
                + "the file is damaged."
        case .notFinite(let file, let key):
            "\(file): \(key) holds values that are not finite, so nothing could be painted with "
                + "it; use an earlier save of it."
        case .otherModel(let name, let widths, let modelWidths):
            "the hypernetwork \(name) is for attention of the widths \(Self.list(widths)), and this "
                + "model has \(Self.list(modelWidths)); choose the base model that it was made for."
        }
    }

    /// The sentence for people.
    public var errorDescription: String? { description }

    private static func list(_ numbers: [Int]) -> String {
        numbers.map { String($0) }.joined(separator: ", ")
    }
}
