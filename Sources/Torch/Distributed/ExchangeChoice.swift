/// What tensors of GPUs are to be exchanged with.
public enum ExchangeChoice: String, Sendable, Codable {
    /// NCCL where it can be used, else Gloo.
    case automatic = "auto"
    /// NCCL, or nothing.
    case nccl
    /// Gloo, through main memory.
    case gloo

    /// The variable that says so.
    public static let variable = "ATTUNE_EXCHANGE"

    /// Reads the variable.
    ///
    /// - Throws: ``ProcessError/variable(name:value:problem:)``.
    public init(environment: [String: String]) throws(ProcessError) {
        let text = environment[Self.variable] ?? ""
        guard let choice = text.isEmpty ? .automatic : ExchangeChoice(rawValue: text.lowercased())
        else {
            throw .variable(
                name: Self.variable, value: text, problem: "expected auto, nccl or gloo.")
        }
        self = choice
    }
}
