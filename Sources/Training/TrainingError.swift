public import Foundation

/// Why training cannot go on or be resumed, as one sentence.
public enum TrainingError: Error, Sendable, Equatable, CustomStringConvertible, LocalizedError {
    /// A checkpoint that cannot be used.
    case checkpoint(path: String, problem: String)
    /// The loss or the gradients were not finite in so many steps in a row; `cause` says why,
    /// where that can be seen.
    case notFinite(step: Int, attempts: Int, saved: String?, cause: String? = nil)
    /// What was trained cannot be written; the newest state on the disk is where `checkpoint` says.
    case notWritten(problem: String, checkpoint: String?)
    /// Somebody asked the run to end; what was done is saved where `checkpoint` says.
    case interrupted(step: Int, checkpoint: String?)
    /// The same where it cannot be saved; `checkpoint` is the newest state that was saved before.
    case interruptedUnsaved(step: Int, problem: String, checkpoint: String?)
    /// Somebody asked the run to end when what was trained stood on the disk already.
    case interruptedAtEnd(result: String)
    /// The output folder holds what a new run would mix with.
    case outputInUse(path: String, checkpoint: String)

    /// The sentence for people.
    public var description: String {
        switch self {
        case .checkpoint(let path, let problem):
            return "\(path) cannot be resumed from: \(problem)"
        case .notFinite(let step, let attempts, let saved, let cause):
            let when = step > 0 ? "after step \(step)" : "from the first step on"
            let outcome =
                saved.map { "the last good state is in \($0)" } ?? "there is no good state"
            let advice =
                step > 0
                ? "Try a lower `learning-rate`, or `mixed-precision` no"
                : "No step was made, so it is not the learning rate: try `mixed-precision` no, and "
                    + "see whether the model paints and the photos are sound"
            return
                "the loss or its gradients were not finite \(attempts) times in a row \(when); "
                + "\(outcome). \(cause.map { $0.prefix(1).uppercased() + $0.dropFirst() } ?? advice)"
        case .notWritten(let problem, let checkpoint):
            let outcome =
                checkpoint.map {
                    "The state of the run is in \($0): put that right and run the same command with "
                        + "`resume-from-checkpoint` latest"
                } ?? "No state of the run is on the disk"
            return "what was trained cannot be saved: \(problem). \(outcome)"
        case .interrupted(let step, let checkpoint):
            guard let checkpoint else {
                return "interrupted; what was made so far is kept, run the same command again"
            }
            return
                "interrupted after step \(step); saved in \(checkpoint). To go on, run the same "
                + "command with `resume-from-checkpoint` latest"
        case .interruptedUnsaved(let step, let problem, let checkpoint):
            let outcome =
                checkpoint.map {
                    "the newest saved state is \($0): to go on from there, run the same command with "
                        + "`resume-from-checkpoint` latest"
                } ?? "no state of the run is on the disk"
            return
                "interrupted after step \(step), which cannot be saved: \(problem); \(outcome)"
        case .interruptedAtEnd(let result):
            return
                "interrupted after the last step; what was trained is whole, in \(result), and only "
                + "pictures to look at may be missing"
        case .outputInUse(let path, let checkpoint):
            return
                "`output-dir` \(path): it holds \(checkpoint) of an earlier run; go on with "
                + "`resume-from-checkpoint` latest, begin anew with `overwrite`, or choose another "
                + "folder"
        }
    }

    /// Whether somebody asked for it.
    public var isInterruption: Bool {
        switch self {
        case .interrupted, .interruptedUnsaved, .interruptedAtEnd: true
        default: false
        }
    }

    /// The sentence for people.
    public var errorDescription: String? { description }
}
