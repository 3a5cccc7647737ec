import ArgumentParser

/// Sentences of the libraries as a command says them.
///
/// Libraries write a setting's name as `` `rank` ``. A command that has such an option says
/// `--rank`, which can be typed; one that has none says the plain name.
struct Wording {
    private let options: Set<String>

    /// - Parameter command: whose options can be typed.
    init(_ command: any ParsableCommand.Type) {
        let help = Attune.helpMessage(for: command, columns: 1000)
        options = Set(help.matches(of: /--([a-z0-9][a-z0-9-]*)/).map { String($0.output.1) })
    }

    /// The sentence for people.
    func sentence(_ text: String) -> String {
        text.replacing(/`([a-z0-9][a-z0-9-]*)`/) { match in
            let name = String(match.output.1)
            return options.contains(name) ? "--\(name)" : name
        }
    }

    /// A help text, which speaks of options of its own command alone.
    static func help(_ text: String) -> String {
        text.replacing(/`([a-z0-9][a-z0-9-]*)`/) { "--\($0.output.1)" }
    }
}
