internal import CTorch
internal import Foundation
internal import Synchronization

extension ProcessGroup {
    /// Has tensors of GPUs go from one to the other by NCCL, where each process has a GPU of its
    /// own: all processes call it, wherever they compute.
    ///
    /// - Returns: why they go through main memory instead; nil: they do not.
    /// - Throws: where a process was told to use NCCL, and they cannot.
    public func useGPU(_ device: Device) throws(ProcessError) -> String? {
        device.use()
        let own = GPUFacts(rank: rank, host: hosts[rank], exchange, device)
        let text = (try? JSONEncoder().encode(own)).map { String(decoding: $0, as: UTF8.self) }
        var all: [GPUFacts] = []
        for other in 0..<count {
            let told = try self.text("gpu/\(other)", of: other, text ?? "")
            guard let facts = try? JSONDecoder().decode(GPUFacts.self, from: Data(told.utf8)) else {
                throw .exchange("process \(other) on \(hosts[other]) does not say what it has")
            }
            all.append(facts)
        }
        if let obstacle = try GPUFacts.obstacle(all) { return obstacle }
        try connect(device)
        return nil
    }
}

extension ProcessChannel {
    /// Joins the others' GPUs, and tries it; waits for them on a thread of its own, since NCCL would
    /// wait for ever where one of them has ended, or cannot be reached.
    func connect(
        _ device: Device, in group: ProcessGroup, _ watch: GPUWatch
    ) throws(ProcessError) {
        let text = try group.shared("nccl/\(name)") {
            var id = [UInt8](repeating: 0, count: 128)
            guard ct_nccl_id(&id) == CT_OK else { return ProcessStore.lastError }
            return Data(id).base64EncodedString()
        }
        guard let id = Data(base64Encoded: text), id.count == 128 else {
            throw .exchange("NCCL gives no name to meet under: \(text)")
        }
        nonisolated(unsafe) let handle = handle
        let (rank, count, code) = (Int32(group.rank), Int32(group.count), device.code)
        let (start, patience) = (ContinuousClock.now, group.patience)
        let joining = JoiningGPU()
        Thread {
            let bytes = [UInt8](id)
            guard ct_group_use_nccl(handle, bytes, code, rank, count) == CT_OK else {
                return joining.end("\(ProcessStore.lastError); \(Self.wayOut)")
            }
            joining.come()
            // From here on a GPU may wait.
            watch.add(handle)
            let left = max(.seconds(1), patience - start.duration(to: .now))
            // Some machines let GPUs reach each other's memory, and then nothing comes, or garbage.
            let status = ct_group_try_nccl(handle, rank, count, left.milliseconds)
            joining.end(status == CT_OK ? nil : "\(ProcessStore.lastError); \(Self.wayRound)")
        }.start()
        while !joining.isOver {
            if let failure = group.pulse.failure { throw failure }
            let time = start.duration(to: .now)
            if !joining.hasCome, time > patience {
                throw group.explanation(
                    of: "NCCL does not come together within \(patience.components.seconds) "
                        + "seconds; name the network interface in NCCL_SOCKET_IFNAME, or "
                        + "\(Self.wayOut)")
            }
            // Not even the call that begins the sum has come back.
            if joining.hasCome, time > patience + .seconds(10) {
                throw group.explanation(of: "NCCL's first sum does not begin; \(Self.wayRound)")
            }
            Thread.sleep(forTimeInterval: 0.02)
        }
        if let problem = joining.problem { throw group.explanation(of: problem) }
    }

    private static let wayOut = "\(ExchangeChoice.variable)=gloo does without NCCL"
    private static let wayRound =
        "NCCL_P2P_DISABLE=1 has GPUs not reach each other's memory, and \(wayOut)"
}

/// How far a thread is that joins.
private final class JoiningGPU: Sendable {
    private struct State {
        var hasCome = false
        var isOver = false
        var problem: String?
    }

    private let state = Mutex(State())

    /// Whether all have come together.
    var hasCome: Bool { state.withLock { $0.hasCome } }
    var isOver: Bool { state.withLock { $0.isOver } }
    var problem: String? { state.withLock { $0.problem } }

    func come() { state.withLock { $0.hasCome = true } }
    func end(_ problem: String?) {
        state.withLock {
            $0.isOver = true
            $0.problem = problem
        }
    }
}
