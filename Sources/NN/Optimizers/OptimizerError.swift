/// Why an optimizer or its schedule cannot be made as asked, in one sentence.
public enum OptimizerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// No algorithm has this name.
    case unknownKind(String)
    /// No algorithm has an option of this name.
    case unknownOption(String)
    /// Another algorithm has this option.
    case foreignOption(OptimizerSettings.Option, kind: OptimizerKind)
    /// An option's value, what was expected, and what to do.
    case value(option: String, value: String, problem: String)
    /// What is to be trained does not go with the algorithm.
    case unsuited(kind: OptimizerKind, problem: String)

    /// The sentence for people.
    public var description: String {
        switch self {
        case .unknownKind(let name):
            let names = OptimizerKind.allCases.map(\.rawValue).joined(separator: ", ")
            return "`optimizer` \(name): there is no such optimizer; choose one of \(names)."
        case .unknownOption(let name):
            let names = OptimizerSettings.Option.allCases.map(\.rawValue).joined(separator: ", ")
            return "\(name) is no option of an optimizer; choose among \(names)."
        case .foreignOption(let option, let kind):
            let owners = OptimizerKind.allCases.filter { $0.options.contains(option) }
                .map(\.rawValue).joined(separator: ", ")
            return
                "\(option.rawValue) is an option of \(owners), and the optimizer is "
                + "\(kind.rawValue); leave it out or choose another `optimizer`."
        case .value(let option, let value, let problem):
            return "\(option) \(value): \(problem)."
        case .unsuited(let kind, let problem):
            return "`optimizer` \(kind.rawValue): \(problem)."
        }
    }
}
