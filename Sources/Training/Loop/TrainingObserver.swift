/// Somebody who looks at what is trained while a run goes on, and may end it: who takes readings.
/// The loop knows nothing of what is seen.
public struct TrainingObserver {
    /// Steps between looks; the last step of a run is always looked at.
    public let interval: Int
    /// Looks after so many steps, at the weights that would be written then; true: it is enough.
    public let look: (_ step: Int) -> Bool

    /// An observer; see the members.
    public init(interval: Int, look: @escaping (_ step: Int) -> Bool) {
        self.interval = interval
        self.look = look
    }
}

/// Somebody who only looks on, as who paints pictures: at the end of a run the weights are written
/// before, and who ends a run does not wait for it.
public struct TrainingSpectator {
    /// Steps between looks; the end of a run is always looked at.
    public let interval: Int
    /// Looks after so many steps, at the weights that would be written then. It draws nothing from
    /// the run's generator.
    public let look: (_ step: Int) -> Void

    /// A spectator; see the members.
    public init(interval: Int, look: @escaping (_ step: Int) -> Void) {
        self.interval = interval
        self.look = look
    }
}
