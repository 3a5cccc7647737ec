import ArgumentParser
import Synchronization

/// Sentences of the libraries as a command says them.
///
/// Libraries write a setting's name as `` `rank` ``. A command that has such an option says
/// `--rank`, which can be typed; one that has none says the plain name.
struct Wording {
    private let options: Set<String>

    /// - Parameter command: whose options can be typed.
    init(_ command: any ParsableCommand.Type) {
        let id = ObjectIdentifier(command)
        if let known = Self.known.withLock({ $0[id] }) {
            options = known
            return
        }
        let help = Attune.helpMessage(for: command, columns: 1000)
        let found = Set(help.matches(of: /--([a-z0-9][a-z0-9-]*)/).map { String($0.output.1) })
        Self.known.withLock { $0[id] = found }
        options = found
    }

    /// The options of commands whose help was made: it takes a while, and an error is to be told at
    /// once.
    private static let known = Mutex<[ObjectIdentifier: Set<String>]>([:])

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
