import Files
import Foundation
import Yams

/// The settings of a run in a YAML (or JSON) file: `method: lora`, and every other key the name of
/// a setting. Every run leaves one that repeats it.
public enum RunFile {
    /// The file's name in a run's folder.
    public static let name = "run.yaml"

    /// Which method a file is for; nil where it leaves that open.
    ///
    /// - Throws: `FileError`, or ``SettingsFileError`` with the file and the key.
    public static func method(of path: String) throws -> TrainingMethod? {
        try content(of: path).method
    }

    /// Reads a file.
    ///
    /// - Parameter method: for which its settings are wanted.
    /// - Throws: `FileError`, or ``SettingsFileError`` with the file and the key.
    public static func read(_ path: String, for method: TrainingMethod) throws -> RunSettings {
        let (known, pairs) = try content(of: path)
        if let known, known != method {
            throw SettingsFileError(
                file: path, key: "method",
                problem: "it is for the method \(known.rawValue), and \(method.rawValue) is asked "
                    + "for; leave one away.")
        }
        var result = RunSettings(method)
        for (key, value) in pairs {
            do {
                let (setting, _) = try RunSettings.find(key, in: result.table)
                guard let texts = try texts(value, setting, path, key) else { continue }
                guard result.values[setting.name] == nil else {
                    throw SettingsFileError(
                        file: path, key: key,
                        problem: "\(setting.name) is given twice; leave one of the two away.")
                }
                try result.set(key, to: texts)
            } catch SettingError.option(let name, let value, let problem) {
                throw SettingsFileError(
                    file: path, key: name + (value.map { " \($0)" } ?? ""), problem: problem)
            }
        }
        return result
    }

    private static func content(
        of path: String
    ) throws -> (method: TrainingMethod?, pairs: [(key: String, value: Node)]) {
        let data = try WholeFile.read(URL(fileURLWithPath: path), limit: 1 << 20)
        guard let mapping = try YAMLText.root(data, file: path, otherwise: "not YAML")?.mapping
        else {
            throw SettingsFileError(
                file: path,
                problem: "expected lines such as \"learning-rate: 1e-4\"; found none.")
        }
        var method: TrainingMethod?
        var pairs: [(key: String, value: Node)] = []
        for (key, value) in mapping {
            guard let name = key.string, !name.isEmpty else {
                throw SettingsFileError(file: path, problem: "a key is no text; see the help.")
            }
            guard name == "method" else {
                pairs.append((name, value))
                continue
            }
            guard let known = value.string.flatMap(TrainingMethod.init) else {
                let names = TrainingMethod.allCases.map(\.rawValue).joined(separator: ", ")
                throw SettingsFileError(
                    file: path, key: name,
                    problem: "there is no method \"\(value.string ?? "")\"; expected one of "
                        + "\(names).")
            }
            method = known
        }
        return (method, pairs)
    }

    /// Nil for what is left open.
    private static func texts(
        _ node: Node, _ setting: Setting, _ path: String, _ key: String
    ) throws(SettingsFileError) -> [String]? {
        func refusal() -> SettingsFileError {
            SettingsFileError(
                file: path, key: key,
                problem: "must be a text, a number, true, false or a list of these.")
        }
        switch node {
        case .scalar(let scalar):
            if node.tag == Tag(.null) { return nil }
            return [scalar.string]
        case .sequence(let nodes):
            var texts: [String] = []
            for node in nodes {
                guard let text = node.scalar?.string else { throw refusal() }
                texts.append(text)
            }
            return setting.isList ? texts : [texts.joined(separator: ", ")]
        case .mapping, .alias: throw refusal()
        }
    }

    /// The text of a file with these settings.
    public static func text(of settings: RunSettings) throws -> String {
        var pairs: [(Node, Node)] = [(Node("method"), Node(settings.method.rawValue))]
        for setting in settings.table.settings {
            guard let texts = settings.values[setting.name] else { continue }
            let value: Node =
                setting.kind == .flag
                ? Node(texts.joined(), Tag(.bool))
                : setting.isList ? Node(texts.map(node)) : node(texts.joined(separator: " "))
            pairs.append((Node(setting.name), value))
        }
        return try Yams.serialize(node: .mapping(Node.Mapping(pairs)), allowUnicode: true)
    }

    /// Numbers stand bare; all else that YAML would not read as this text is quoted.
    private static func node(_ value: String) -> Node {
        let read = (try? Yams.compose(yaml: value)) ?? nil
        let isPlain =
            read?.scalar?.string == value && (read?.tag == Tag(.str) || Double(value) != nil)
        return Node(value, Tag(.str), isPlain ? .plain : .doubleQuoted)
    }
}

/// What is wrong in a settings file, as one sentence.
public struct SettingsFileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// As it was named.
    public let file: String
    /// The key, with its value where that is what is wrong.
    public let key: String?
    /// What was expected and what to do.
    public let problem: String

    /// A mistake in a file.
    public init(file: String, key: String? = nil, problem: String) {
        self.file = file
        self.key = key
        self.problem = problem
    }

    /// The sentence for people.
    public var description: String { "\(file): \(key.map { "\($0): " } ?? "")\(problem)" }
}
