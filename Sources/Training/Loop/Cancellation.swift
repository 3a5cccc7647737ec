import Synchronization

/// A wish to end, raised from any thread and looked at between steps.
public final class Cancellation: Sendable {
    private let flag = Atomic(false)

    /// No wish yet.
    public init() {}

    /// Asks to end in good order; may be called from any thread.
    public func request() { flag.store(true, ordering: .relaxed) }

    /// Whether somebody asked.
    public var isRequested: Bool { flag.load(ordering: .relaxed) }

    /// Ends what comes before the first step where somebody asked.
    ///
    /// - Throws: ``TrainingError/interrupted(step:checkpoint:)``.
    public func check() throws(TrainingError) {
        if isRequested { throw .interrupted(step: 0, checkpoint: nil) }
    }
}
