internal import Foundation
internal import Synchronization

/// Signs of life: a thread of its own that counts in the store, and that sees whether others do.
///
/// Process 0 looks at all; the others look at what is told, and at whether the store answers. So a
/// process that is only slow, because it paints or saves, is waited for, and one that is gone is not.
final class ProcessPulse: Sendable {
    /// Between two signs.
    static let interval: Duration = .milliseconds(500)

    private struct State {
        var failure: ProcessError?
        var lastRound = ContinuousClock.now
        var isOver = false
    }

    private let state = Mutex(State())
    private let store: ProcessStore
    private let place: ProcessPlace
    private let silence: Duration

    /// - Parameters:
    ///   - store: a connection of its own: those who wait in another must not hold it up.
    ///   - silence: after which a process counts as gone.
    init(_ place: ProcessPlace, store: ProcessStore, silence: Duration) {
        self.place = place
        self.store = store
        self.silence = silence
    }

    /// Begins; it holds itself until it is ended.
    func start() {
        let thread = Thread { [self] in run() }
        thread.name = "signs of life"
        thread.start()
    }

    func end() { state.withLock { $0.isOver = true } }

    /// Why it makes no sense to go on.
    var failure: ProcessError? {
        state.withLock { state in
            if let failure = state.failure { return failure }
            guard !state.isOver, state.lastRound.duration(to: .now) > silence else { return nil }
            return .unreachable(
                host: store.host, port: place.port, seconds: Int(silence.components.seconds))
        }
    }

    /// Whether the store has answered a moment ago: where the link to it is broken, whoever asks it
    /// waits for ever.
    var isAnswered: Bool {
        state.withLock { $0.lastRound.duration(to: .now) < .seconds(3) }
    }

    private func run() {
        var seen: [Int: (count: Int, at: ContinuousClock.Instant)] = [:]
        while !state.withLock({ $0.isOver }) {
            do throws(ProcessError) {
                try store.add(1, to: Self.key(place.rank))
                if place.rank == 0 { try look(&seen) }
                let told = try ProcessFailure.told(in: store)
                state.withLock {
                    $0.lastRound = .now
                    $0.failure = $0.failure ?? told
                }
                if told != nil { return }
            } catch {
                // Whoever keeps the store is gone, which is only right at the end.
                state.withLock { if !$0.isOver { $0.failure = $0.failure ?? error } }
                return
            }
            Thread.sleep(forTimeInterval: Double(Self.interval.milliseconds) / 1000)
        }
    }

    /// Looks for those that count no more.
    private func look(
        _ seen: inout [Int: (count: Int, at: ContinuousClock.Instant)]
    ) throws(ProcessError) {
        for rank in 1..<place.count {
            let count = try store.add(0, to: Self.key(rank))
            if let before = seen[rank], before.count == count {
                guard before.at.duration(to: .now) > silence, try !hasLeft(rank) else { continue }
                let host = try store.has("host/\(rank)") ? store.text("host/\(rank)") : "its host"
                let error = ProcessError.silent(
                    rank: rank, host: host, seconds: Int(silence.components.seconds))
                try ProcessFailure.tell(
                    rank: rank, host: host,
                    reason: "it has given no sign for \(silence.components.seconds) seconds, being "
                        + "stopped or behind a broken link", in: store)
                state.withLock { $0.failure = $0.failure ?? error }
            } else {
                seen[rank] = (count, .now)
            }
        }
    }

    private func hasLeft(_ rank: Int) throws(ProcessError) -> Bool {
        try store.has("left/\(rank)")
    }

    /// What a connection that broke off is due to.
    ///
    /// - Parameters:
    ///   - message: what there is to say where nothing else is known.
    ///   - store: a connection that nobody waits in.
    func cause(of message: String, _ hosts: [String], _ store: ProcessStore) -> ProcessError {
        let start = ContinuousClock.now
        while start.duration(to: .now) < .seconds(1.5) {
            if let failure { return failure }
            Thread.sleep(forTimeInterval: 0.05)
        }
        while !isAnswered {
            if let failure { return failure }
            Thread.sleep(forTimeInterval: 0.05)
        }
        do throws(ProcessError) {
            let stopped = try Self.stopped(of: place.count, except: place.rank, in: store)
            if let failure { return failure }
            guard let first = stopped.first else { return .exchange(message) }
            return .ended(rank: first, host: hosts[first], reason: nil)
        } catch {
            return failure ?? error
        }
    }

    /// Which processes have stopped counting, seen over some of their intervals.
    static func stopped(
        of count: Int, except own: Int, in store: ProcessStore
    ) throws(ProcessError) -> [Int] {
        var before: [Int: Int] = [:]
        let others = (0..<count).filter { $0 != own }
        for rank in others { before[rank] = try store.add(0, to: key(rank)) }
        Thread.sleep(forTimeInterval: 2.5)
        var result: [Int] = []
        for rank in others where try store.add(0, to: key(rank)) == before[rank] {
            result.append(rank)
        }
        return result
    }

    private static func key(_ rank: Int) -> String { "pulse/\(rank)" }
}
