internal import CTorch
internal import Foundation
internal import Synchronization

/// Sees that another process is gone, by a connection over which nothing ever comes.
///
/// Gloo's exchanges notice that a connection closes; NCCL's do not, and a lack of signs of life takes
/// long to count. In a ring each process listens to the next, and tells all.
final class NeighbourWatch: Sendable {
    private let isOver = Mutex(false)

    /// Begins: all processes do. What it listens with is never given back, since it is listened to
    /// until the process has ended.
    init(_ group: ProcessGroup) throws(ProcessError) {
        let channel = try group.makeChannel("neighbours")
        let (place, hosts, store, pulse) = (group.place, group.hosts, group.store, group.pulse)
        var work = ct_work(impl: nil)
        guard
            ct_group_listen(channel.handle, Int32((place.rank + 1) % place.count), &work) == CT_OK
        else { throw group.explanation(of: ProcessStore.lastError) }
        nonisolated(unsafe) let listening = work
        let thread = Thread { [self] in
            var done = false
            _ = ct_work_wait(listening, ProcessChannel.longest.milliseconds, &done)
            guard !isOver.withLock({ $0 }) else { return }
            let cause = pulse.cause(of: "a connection has closed", hosts, store)
            guard !isOver.withLock({ $0 }), case .ended(let rank, let host, nil) = cause else {
                return
            }
            try? ProcessFailure.tell(rank: rank, host: host, reason: nil, in: store)
        }
        thread.name = "watch over neighbours"
        thread.start()
    }

    /// From now on connections may close.
    func end() { isOver.withLock { $0 = true } }
}
