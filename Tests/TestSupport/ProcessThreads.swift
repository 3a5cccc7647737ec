public import Torch
import Foundation
import Synchronization

/// Processes that compute together, as threads of this one: what they exchange goes through the
/// network as it would.
public enum ProcessThreads {
    /// Runs `body` once for each of them.
    ///
    /// - Parameter exchange: what each is told to exchange tensors of GPUs with.
    /// - Returns: what each returned, or threw.
    public static func run<Value: Sendable>(
        _ count: Int, silence: Duration = .seconds(60),
        exchange: @escaping @Sendable (Int) -> ExchangeChoice = { _ in .automatic },
        _ body: @escaping @Sendable (ProcessGroup) throws -> Value
    ) throws -> [Result<Value, any Error>] {
        let store = try ProcessStore(keptAt: 0)
        let results = Mutex<[Int: Result<Value, any Error>]>([:])
        let done = DispatchSemaphore(value: 0)
        for rank in 0..<count {
            let thread = Thread {
                let result = Result {
                    let place = ProcessPlace(
                        rank: rank, count: count, port: store.port, hasLauncherStore: true)
                    let group = try ProcessGroup(
                        place, exchange: exchange(rank), silence: silence)
                    let value = try body(group)
                    try group.leave()
                    return value
                }
                results.withLock { $0[rank] = result }
                done.signal()
            }
            thread.stackSize = 16 << 20
            thread.start()
        }
        for _ in 0..<count { done.wait() }
        return results.withLock { found in (0..<count).compactMap { found[$0] } }
    }
}
