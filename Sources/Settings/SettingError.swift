public import Foundation
public import NN

/// Why a setting cannot be as it is, as one sentence.
public enum SettingError: Error, Sendable, Equatable, CustomStringConvertible, LocalizedError {
    /// An option's value, or its lack; `problem` says what was expected and what to do.
    case option(name: String, value: String?, problem: String)
    /// An optimizer that cannot be as it is asked for.
    case optimizer(OptimizerError)

    /// The sentence for people.
    public var description: String {
        switch self {
        case .option(let name, let value, let problem):
            return "--\(name)\(value.map { " \($0)" } ?? ""): \(problem)"
        case .optimizer(let error):
            return error.description
        }
    }

    /// The sentence for people.
    public var errorDescription: String? { description }
}
