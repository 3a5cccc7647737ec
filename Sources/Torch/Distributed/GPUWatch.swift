internal import CTorch
internal import Foundation
internal import Synchronization

/// Ends exchanges between GPUs as soon as a process is known to be gone.
///
/// A GPU would wait for it for ever, and with it whoever waits for that GPU: the thread that computes
/// may do so anywhere, so a thread of its own looks.
final class GPUWatch: Sendable {
    /// Of channels, which outlive the watch.
    private struct Handle: @unchecked Sendable {
        let group: ct_group
    }

    private struct State {
        var channels: [Handle] = []
        var isAbandoned = false
        var isOver = false
    }

    private let state = Mutex(State())
    private let pulse: ProcessPulse

    init(_ pulse: ProcessPulse) { self.pulse = pulse }

    /// Begins; it holds itself until it is ended, or has ended what it watches.
    func start() {
        let thread = Thread { [self] in run() }
        thread.name = "watch over GPUs"
        thread.start()
    }

    /// One more to be ended.
    func add(_ channel: ProcessChannel) {
        let handle = Handle(group: channel.handle)
        state.withLock { $0.channels.append(handle) }
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

    private func run() {
        while !state.withLock({ $0.isOver }) {
            let isBroken = pulse.failure != nil
            let channels = state.withLock { state in
                isBroken || state.isAbandoned ? state.channels : nil
            }
            // Not under the lock: NCCL may take its time, and others only want to know.
            if let channels {
                for channel in channels { ct_group_abort(channel.group) }
                end()
            }
            Thread.sleep(forTimeInterval: 0.05)
        }
    }
}
