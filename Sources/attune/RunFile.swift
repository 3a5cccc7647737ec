import ArgumentParser
import Files
import Foundation
import Yams

/// Options of `attune train` in a YAML file: `method: lora`, and every other key the name of an
/// option. `attune train --config FILE` reads one, and every run leaves one that repeats it.
///
/// A file is nothing but a command line written down, so what it may hold, and what is said of a
/// mistake in it, is the parser's.
struct RunFile {
    /// An option by its name, without the hyphens in front; a flag has no values.
    struct Option: Equatable {
        var name: String
        var values: [String] = []

        /// The name that both a flag and its opposite have.
        var stem: String { name.hasPrefix("no-") ? String(name.dropFirst(3)) : name }
    }

    /// The subcommand, such as `lora`; nil where the file leaves it to the command line.
    var method: String?
    /// In the order of the file.
    var options: [Option] = []

    /// - Parameter arguments: normalized, those after `train`.
    init(arguments: some Sequence<String>) {
        for argument in arguments {
            if argument.hasPrefix("--") {
                let parts = argument.dropFirst(2)
                    .split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                options.append(
                    Option(name: String(parts[0]), values: parts.dropFirst().map(String.init)))
            } else if options.isEmpty {
                method = argument
            } else {
                options[options.count - 1].values.append(argument)
            }
        }
    }

    /// - Throws: `FileError` or `ValidationError`: one sentence that names the file and the key.
    init(file: String) throws {
        let data = try WholeFile.read(URL(filePath: file), limit: 1 << 20)
        let root = try YAMLText.root(data, option: "--config \(file)", otherwise: "not YAML")
        guard let pairs = root?.mapping else {
            throw ValidationError(
                "--config \(file): expected lines such as \"learning-rate: 1e-4\"; found none.")
        }
        for (key, value) in pairs {
            let name = YAMLText.name(key)
            guard !name.isEmpty, name != "config" else {
                throw ValidationError(
                    "--config \(file): the key \"\(key.string ?? "")\" is no option of "
                        + "`attune train`; see `attune train METHOD --help`.")
            }
            let values = try Self.values(value, name: name, file: file)
            if name == "method" {
                method = values?.first
            } else if let values {
                options.append(Option(name: name, values: values))
            }
        }
    }

    /// Nil for what is switched off or left open.
    private static func values(_ node: Node, name: String, file: String) throws -> [String]? {
        switch node {
        case .scalar(let scalar):
            if node.tag == Tag(.null) { return nil }
            // Quoted, "true" is a text.
            if node.tag == Tag(.bool), let isOn = node.bool, scalar.style == .plain {
                return isOn ? [] : nil
            }
            return [scalar.string]
        case .sequence(let nodes):
            return try nodes.map { node in
                guard let text = node.scalar?.string else { throw refusal(name, file) }
                return text
            }
        case .mapping, .alias: throw refusal(name, file)
        }
    }

    private static func refusal(_ name: String, _ file: String) -> ValidationError {
        ValidationError(
            "--config \(file): \(name) must be a text, a number, true, false or a list of these.")
    }

    /// What was typed counts before what the file says.
    func overridden(by typed: RunFile) -> RunFile {
        let names = Set(typed.options.map(\.stem))
        var result = typed
        result.method = typed.method ?? method
        result.options = options.filter { !names.contains($0.stem) } + typed.options
        return result
    }

    /// Adds an option, without a value a flag, unless it is there.
    mutating func complete(_ name: String, _ value: String) {
        guard !options.contains(where: { $0.name == name }) else { return }
        options.append(Option(name: name, values: value.isEmpty ? [] : [value]))
    }

    /// Gives an option that is there another value.
    mutating func replace(_ name: String, _ value: String) {
        for place in options.indices where options[place].name == name {
            options[place].values = [value]
        }
    }

    /// As they are typed after `train`.
    var arguments: [String] {
        (method.map { [$0] } ?? [])
            + options.flatMap { option in
                // A value of one's own keeps its sign and its hyphens.
                option.values.count == 1
                    ? ["--\(option.name)=\(option.values[0])"]
                    : ["--\(option.name)"] + option.values
            }
    }

    /// The file's text.
    func yaml() throws -> String {
        var pairs: [(Node, Node)] = []
        if let method { pairs.append((Node("method"), Node(method))) }
        for option in options {
            let value: Node =
                switch option.values.count {
                case 0: Node("true", Tag(.bool))
                case 1: Self.text(option.values[0])
                default: Node(option.values.map(Self.text))
                }
            pairs.append((Node(option.name), value))
        }
        return try Yams.serialize(node: .mapping(Node.Mapping(pairs)), allowUnicode: true)
    }

    /// Numbers stand bare; all else that YAML would not read as this text is quoted.
    private static func text(_ value: String) -> Node {
        let read = (try? Yams.compose(yaml: value)) ?? nil
        let isPlain =
            read?.scalar?.string == value && (read?.tag == Tag(.str) || Double(value) != nil)
        return Node(value, Tag(.str), isPlain ? .plain : .doubleQuoted)
    }
}

extension RunFile {
    /// A command line with the file of `--config` written out, and that file's name.
    ///
    /// - Parameter arguments: normalized, without the program's name.
    static func expanding(_ arguments: [String]) throws -> (arguments: [String], file: String?) {
        guard arguments.first == "train" else { return (arguments, nil) }
        var typed = RunFile(arguments: arguments.dropFirst())
        guard let place = typed.options.firstIndex(where: { $0.name == "config" }) else {
            return (arguments, nil)
        }
        guard let path = typed.options.remove(at: place).values.first else {
            throw ValidationError("--config: name a file, such as --config run.yaml.")
        }
        let file = try RunFile(file: path)
        if let one = typed.method, let other = file.method, one != other {
            throw ValidationError(
                "--config \(path): is for the method \(other), and \(one) was typed; leave one "
                    + "away.")
        }
        let arguments = ["train"] + file.overridden(by: typed).arguments
        return (ArgumentSpelling.normalized(arguments), path)
    }
}
