import Foundation
import Yams

/// Text that people write as YAML, of which JSON is a part.
enum YAMLText {
    /// Reads it.
    ///
    /// - Parameter otherwise: what a text is that cannot be read: `not YAML`.
    /// - Returns: nil for an empty text.
    static func root(_ data: Data, file: String, otherwise: String) throws -> Node? {
        guard let text = String(data: data, encoding: .utf8) else {
            throw SettingsFileError(file: file, problem: "is not UTF-8 text; save it as such.")
        }
        do {
            return try Yams.compose(yaml: text)
        } catch let error as YamlError {
            let reason = "\(error)".split(separator: "\n").first.map(String.init) ?? "no reason"
            throw SettingsFileError(file: file, problem: "is \(otherwise) (\(reason)); correct it.")
        }
    }

    /// A key as settings are called, with hyphens.
    static func name(_ key: Node) -> String { (key.string ?? "").replacing("_", with: "-") }
}
