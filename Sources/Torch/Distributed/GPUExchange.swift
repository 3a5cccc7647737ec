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
    /// Joins the others' GPUs; waits for them on a thread of its own, since NCCL would wait for ever
    /// where one of them has ended.
    func connect(_ device: Device, in group: ProcessGroup) throws(ProcessError) {
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
        let done = JoinedGPU()
        Thread {
            let bytes = [UInt8](id)
            let status = ct_group_use_nccl(handle, bytes, code, rank, count)
            done.end(status == CT_OK ? nil : ProcessStore.lastError)
        }.start()
        while !done.isOver {
            if let failure = group.pulse.failure { throw failure }
            Thread.sleep(forTimeInterval: 0.02)
        }
        if let problem = done.problem {
            throw group.explanation(
                of: "\(problem); \(ExchangeChoice.variable)=gloo does without NCCL")
        }
    }
}

/// How a thread that joins ended.
private final class JoinedGPU: Sendable {
    private let state = Mutex<(isOver: Bool, problem: String?)>((false, nil))

    var isOver: Bool { state.withLock { $0.isOver } }
    var problem: String? { state.withLock { $0.problem } }

    func end(_ problem: String?) { state.withLock { $0 = (true, problem) } }
}
