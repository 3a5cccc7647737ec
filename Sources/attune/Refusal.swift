import ArgumentParser
import Foundation

/// What a person reads when the command ends in an error.
enum Refusal {
    /// The sentence of a library's error; nil for everything else. ArgumentParser would make the help
    /// of all options for it, while others wait for this process to end.
    static func told(_ error: any Error, _ wording: Wording) -> String? {
        guard !(error is ExitCode), !(error is CleanExit), !(error is ValidationError),
            !(error is any LocalizedError), !(type(of: error) is NSError.Type),
            !String(reflecting: type(of: error)).hasPrefix("ArgumentParser.")
        else { return nil }
        return "Error: \(wording.sentence("\(error)"))\n"
    }

    /// Where ArgumentParser says in several lines what is wrong with the options, the same as one
    /// sentence and a line on where to read more; nil for everything else.
    ///
    /// - Parameter wording: of the command.
    static func text(for error: any Error, _ wording: Wording) -> String? {
        guard Attune.exitCode(for: error) == .validationFailure else { return nil }
        let lines = Attune.fullMessage(for: error).split(separator: "\n")
        let sentence = oneLine(Attune.message(for: error))
        let hint = lines.last { $0.hasPrefix("  See '") }
        return "Error: \(wording.sentence(sentence))\n" + (hint.map { "\($0)\n" } ?? "")
    }

    /// An error of a library, as a command says it.
    static func worded(_ error: any Error, _ wording: Wording) -> any Error {
        if error is ExitCode || error is CleanExit { return error }
        let text = "\(error)"
        let worded = wording.sentence(text)
        return worded == text ? error : Worded(description: worded)
    }

    private struct Worded: Error, CustomStringConvertible {
        let description: String
    }

    /// Makes `a, b` of a list with an entry on each line.
    private static func oneLine(_ message: String) -> String {
        let lines = message.split(separator: "\n").map { line in
            let text = line.drop { $0 == " " }
            return text.hasPrefix("- ") ? text.dropFirst(2) : text
        }
        guard let first = lines.first, lines.count > 1 else { return message }
        return "\(first) \(lines.dropFirst().joined(separator: ", "))"
    }
}
