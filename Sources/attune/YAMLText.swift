import ArgumentParser
import Foundation
import Yams

/// Text that people write as YAML, of which JSON is a part.
enum YAMLText {
    /// Reads it.
    ///
    /// - Parameters:
    ///   - option: the option and the file, `--config run.yaml`, for the sentence.
    ///   - otherwise: what a text is that cannot be read: `not YAML`.
    /// - Returns: nil for an empty text.
    static func root(_ data: Data, option: String, otherwise: String) throws -> Node? {
        guard let text = String(data: data, encoding: .utf8) else {
            throw ValidationError("\(option): is not UTF-8 text; save it as such.")
        }
        do {
            return try Yams.compose(yaml: text)
        } catch let error as YamlError {
            let reason = "\(error)".split(separator: "\n").first.map(String.init) ?? "no reason"
            throw ValidationError("\(option): is \(otherwise) (\(reason)); correct it.")
        }
    }

    /// A key as options are called, with hyphens.
    static func name(_ key: Node) -> String { (key.string ?? "").replacing("_", with: "-") }
}
