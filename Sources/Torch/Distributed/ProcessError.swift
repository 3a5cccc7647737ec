/// Why processes cannot compute together, or no longer, as one sentence.
public enum ProcessError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A variable of whoever started the processes.
    case variable(name: String, value: String?, problem: String)
    /// Another program listens where the processes are to meet.
    case portInUse(host: String, port: Int)
    /// Nobody answers where the processes are to meet.
    case unreachable(host: String, port: Int, seconds: Int)
    /// Not all came.
    case missing(ranks: [Int], count: Int, seconds: Int)
    /// A process ended; `reason` is its own, where it could say one.
    case ended(rank: Int, host: String, reason: String?)
    /// A process gives no sign of life any more.
    case silent(rank: Int, host: String, seconds: Int)
    /// Whoever keeps what the processes share is gone.
    case storeLost(host: String)
    /// A process has another setting, other data or another model than process 0.
    case disagreement(
        what: String, rank: Int, host: String, value: String, firstHost: String, firstValue: String)
    /// What the exchange itself says, where nothing else is known.
    case exchange(String)

    /// The sentence for people.
    public var description: String {
        switch self {
        case .variable(let name, let value, let problem):
            return "\(name)\(value.map { "=\($0)" } ?? ""): \(problem)"
        case .portInUse(let host, let port):
            return
                "the processes cannot meet at \(host):\(port): another program listens at that "
                + "port; choose another with `main-process-port` (MASTER_PORT), the same for all."
        case .unreachable(let host, let port, let seconds):
            return
                "nobody answers at \(host):\(port), where the processes meet, for \(seconds) "
                + "seconds: see whether process 0 runs, and whether MASTER_ADDR and MASTER_PORT "
                + "lead to its machine through the network and its firewall."
        case .missing(let ranks, let count, let seconds):
            let names = ranks.map(String.init).joined(separator: ", ")
            return
                "\(count - ranks.count) of \(count) processes came within \(seconds) seconds; "
                + "missing: \(names). Start all of them, with the same MASTER_ADDR, MASTER_PORT and "
                + "WORLD_SIZE."
        case .ended(let rank, let host, let reason):
            guard let reason else {
                return
                    "process \(rank) on \(host) has ended without saying why: it was killed, or "
                    + "its machine is gone; see its own output."
            }
            return "process \(rank) on \(host) has ended: \(reason)"
        case .silent(let rank, let host, let seconds):
            return
                "process \(rank) on \(host) has given no sign for \(seconds) seconds: it is "
                + "stopped, or the link to its machine is broken; see that machine and the network."
        case .storeLost(let host):
            return
                "process 0 on \(host), or the launcher that started it, has ended without saying "
                + "why: it was killed, or its machine is gone; see its own output."
        case .disagreement(let what, let rank, let host, let value, let firstHost, let firstValue):
            return
                "`\(what)` is \(value) for process \(rank) on \(host) and \(firstValue) for "
                + "process 0 on \(firstHost): start all with the same settings, photos and model."
        case .exchange(let message):
            return "the processes cannot exchange tensors: \(message)."
        }
    }
}
