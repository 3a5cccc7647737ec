public import Foundation
public import NN

/// Why training cannot start, go on or be resumed, as one sentence.
public enum TrainingError: Error, Sendable, Equatable, CustomStringConvertible, LocalizedError {
    /// An option's value, or its lack; `problem` says what was expected and what to do.
    case option(name: String, value: String?, problem: String)
    /// An optimizer that cannot be as it is asked for.
    case optimizer(OptimizerError)
    /// A checkpoint that cannot be used.
    case checkpoint(path: String, problem: String)
    /// The loss or the gradients were not finite in so many steps in a row.
    case notFinite(step: Int, attempts: Int, saved: String?)
    /// Somebody asked the run to end; what was done is saved where `checkpoint` says.
    case interrupted(step: Int, checkpoint: String?)
    /// The output folder holds what a new run would mix with.
    case outputInUse(path: String, checkpoint: String)

    /// The sentence for people.
    public var description: String {
        switch self {
        case .option(let name, let value, let problem):
            return "--\(name)\(value.map { " \($0)" } ?? ""): \(problem)"
        case .optimizer(let error):
            return error.description
        case .checkpoint(let path, let problem):
            return "\(path) cannot be resumed from: \(problem)"
        case .notFinite(let step, let attempts, let saved):
            let outcome =
                saved.map { "the last good state is in \($0)" }
                ?? "nothing was saved, since the weights were not finite either"
            return
                "the loss or its gradients were not finite \(attempts) times in a row after step "
                + "\(step); \(outcome). Try a lower --learning-rate, or --mixed-precision no"
        case .interrupted(let step, let checkpoint):
            guard let checkpoint else {
                return "interrupted; what was made so far is kept, run the same command again"
            }
            return
                "interrupted after step \(step); saved in \(checkpoint). To go on, run the same "
                + "command with --resume-from-checkpoint latest"
        case .outputInUse(let path, let checkpoint):
            return
                "--output-dir \(path): it holds \(checkpoint) of an earlier run; go on with "
                + "--resume-from-checkpoint latest, or choose another folder"
        }
    }

    /// The sentence for people.
    public var errorDescription: String? { description }
}
