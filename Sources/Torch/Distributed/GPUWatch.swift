internal import CTorch
internal import Foundation
internal import Synchronization

/// Ends exchanges between GPUs as soon as a process is known to be gone.
///
/// A GPU would wait for it for ever, and with it whoever waits for that GPU: the thread that computes
/// may do so anywhere, so a thread of its own looks.
final class GPUWatch: Sendable {
    /// How long it may take to come back after a failure that is told.
    private static let patience: Duration = .seconds(10)
    /// The same where nothing is told, as by who cannot tell it.
    private static let longestPatience: Duration = .seconds(30)

    /// Of channels, which outlive the watch.
    private struct Handle: @unchecked Sendable {
        let group: ct_group
    }

    private struct State {
        var channels: [Handle] = []
        var isAbandoned = false
        /// What is there is being ended, or has been: what comes now must see to itself.
        var isBroken = false
        var isOver = false
        /// Threads that are in an exchange.
        var waiting = 0
    }

    private let state = Mutex(State())
    private let pulse: ProcessPulse
    private let device: Device

    init(_ pulse: ProcessPulse, _ device: Device) {
        self.pulse = pulse
        self.device = device
    }

    /// Begins; it holds itself until it is ended, or has ended what it watches.
    func start() {
        Self.startThread("watch over GPUs") { [self] in run() }
    }

    /// One more to be ended: at once, where the others have been.
    func add(_ group: ct_group) {
        let handle = Handle(group: group)
        let isLate = state.withLock { state in
            if !state.isBroken { state.channels.append(handle) }
            return state.isBroken
        }
        if isLate { Self.abort([handle]) }
    }

    /// Ends them now. It is not waited for longer than a moment: who calls this has something to
    /// say, and ends as well.
    func abandon() {
        state.withLock { $0.isAbandoned = true }
        let start = ContinuousClock.now
        while !state.withLock({ $0.isOver }), start.duration(to: .now) < .seconds(5) {
            Thread.sleep(forTimeInterval: 0.01)
        }
    }

    /// Looks no more.
    func end() { state.withLock { $0.isOver = true } }

    /// A thread begins to ask for an exchange, or to wait for one.
    func enter() { state.withLock { $0.waiting += 1 } }

    /// It has come back.
    func leave() { state.withLock { $0.waiting -= 1 } }

    private func run() {
        device.use()
        while !state.withLock({ $0.isOver }) {
            let hasFailed = pulse.failure != nil
            let channels: [Handle]? = state.withLock { state in
                guard hasFailed || state.isAbandoned else { return nil }
                state.isBroken = true
                return state.channels
            }
            // Not under the lock: NCCL may take its time, and others only want to know.
            if let channels {
                Self.startThread("last resort") { [self] in endIfStuck() }
                Self.abort(channels)
                end()
            }
            Thread.sleep(forTimeInterval: 0.05)
        }
    }

    /// Ends the process where a driver does not give back what waits for its GPU: whoever has
    /// started it would not learn that anything is wrong. Who computes or writes files may go on to
    /// the next exchange.
    private func endIfStuck() {
        let start = ContinuousClock.now
        var told: ContinuousClock.Instant?
        while !state.withLock({ $0.isOver && $0.waiting == 0 }) {
            if pulse.failure != nil { told = told ?? .now }
            if told.map({ $0.duration(to: .now) > Self.patience }) ?? false
                || start.duration(to: .now) > Self.longestPatience
            {
                let reason = pulse.failure.map { "\($0)" } ?? "an exchange between GPUs has failed."
                let sentence =
                    "Error: \(reason) This process ends at once, since \(device) does "
                    + "not come back from what it exchanges.\n"
                FileHandle.standardError.write(Data(sentence.utf8))
                _exit(1)
            }
            Thread.sleep(forTimeInterval: 0.1)
        }
    }

    private static func abort(_ channels: [Handle]) {
        let groups = channels.map(\.group)
        ct_groups_abort(groups, groups.count)
    }

    private static func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread(block: body)
        thread.name = name
        thread.start()
    }
}
