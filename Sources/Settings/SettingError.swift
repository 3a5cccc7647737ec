public import Foundation
public import NN

/// Why a setting cannot be as it is, as one sentence.
public enum SettingError: Error, Sendable, Equatable, CustomStringConvertible, LocalizedError {
    /// An option's value, or its lack; `problem` says what was expected and what to do.
    case option(name: String, value: String?, problem: String)
    /// An optimizer that cannot be as it is asked for.
    case optimizer(OptimizerError)

    /// The setting; nil: the optimizer's.
    public var name: String? { if case .option(let name, _, _) = self { name } else { nil } }

    /// Its value, where that is what is wrong.
    public var value: String? { if case .option(_, let value, _) = self { value } else { nil } }

    /// What was expected and what to do.
    public var problem: String {
        switch self {
        case .option(_, _, let problem): problem
        case .optimizer(let error): error.description
        }
    }

    /// The sentence for people.
    public var description: String {
        switch self {
        case .option(let name, let value, let problem):
            // Of several subjects the name says which: `class-prompt` of subject 2.
            let parts = name.split(separator: " ", maxSplits: 1)
            let rest = parts.dropFirst().map { " \($0)" }.joined()
            return "`\(parts.first ?? "")`\(rest)\(value.map { " \($0)" } ?? ""): \(problem)"
        case .optimizer(let error):
            return error.description
        }
    }

    /// The sentence for people.
    public var errorDescription: String? { description }
}
