internal import CTorch

/// A way between the processes of a group: what all send over it, they send in the same order.
public final class ProcessChannel {
    let handle: ct_group
    let name: String
    /// Whose it is: set before anything is sent.
    weak var group: ProcessGroup?

    /// Signs of life say who is gone, so that no exchange needs a limit of its own.
    static let longest: Duration = .seconds(7 * 24 * 3600)

    /// All processes open it, under one name.
    init(
        _ name: String, _ place: ProcessPlace, _ store: ProcessStore, _ pulse: ProcessPulse,
        interface: String, patience: Duration
    ) throws(ProcessError) {
        var out = ct_group(impl: nil)
        let status = ct_group_create(
            store.handle, "channel/\(place.attempt)/\(name)", interface, place.host,
            UInt16(place.port), Int32(place.rank), Int32(place.count), patience.milliseconds,
            Self.longest.milliseconds, &out)
        guard status == CT_OK else { throw pulse.failure ?? .exchange(ProcessStore.lastError) }
        handle = out
        self.name = name
    }

    /// Waits for what is under way in main memory; nothing may be on GPUs.
    func close() { ct_group_release(handle) }

    /// Ends what is under way on GPUs.
    static func abort(_ channels: [ProcessChannel]) {
        let handles = channels.map(\.handle)
        ct_groups_abort(handles, handles.count)
    }

    /// Begins to sum a tensor over all processes, in place.
    public func startSum(_ tensor: Tensor) throws(ProcessError) -> ProcessExchange {
        try start([tensor]) { ct_group_sum(handle, tensor.handle, $0) }
    }

    /// Begins to sum a tensor at one process, in place; what the others have then is of
    /// no use.
    public func startSum(_ tensor: Tensor, at root: Int) throws(ProcessError) -> ProcessExchange {
        try start([tensor]) { ct_group_sum_at(handle, tensor.handle, Int32(root), $0) }
    }

    /// Begins to overwrite a tensor with that of one process.
    public func startBroadcast(
        _ tensor: Tensor, from root: Int
    ) throws(ProcessError) -> ProcessExchange {
        try start([tensor]) { ct_group_broadcast(handle, tensor.handle, Int32(root), $0) }
    }

    private func start(
        _ tensors: [Tensor], _ body: (UnsafeMutablePointer<ct_work>) -> ct_status
    ) throws(ProcessError) -> ProcessExchange {
        guard let group else { preconditionFailure("a channel of no group") }
        var out = ct_work(impl: nil)
        group.watch?.enter()
        let status = body(&out)
        group.watch?.leave()
        guard status == CT_OK else { throw group.explanation(of: ProcessStore.lastError) }
        return ProcessExchange(out, tensors, group: group)
    }
}

/// An exchange that is under way, with the tensors that it is about.
public final class ProcessExchange {
    private let handle: ct_work
    private let tensors: [Tensor]
    private unowned let group: ProcessGroup

    init(_ handle: ct_work, _ tensors: [Tensor], group: ProcessGroup) {
        self.handle = handle
        self.tensors = tensors
        self.group = group
    }

    deinit { ct_work_release(handle) }

    /// Whether it is done, and well.
    public var hasSucceeded: Bool { ct_work_has_succeeded(handle) }

    /// Waits until it is done.
    ///
    /// - Throws: where another process has ended.
    public func wait() throws(ProcessError) {
        while true {
            var done = false
            group.watch?.enter()
            let status = ct_work_wait(handle, 200, &done)
            group.watch?.leave()
            guard status == CT_OK else {
                throw group.explanation(of: ProcessStore.lastError)
            }
            if done { return }
            if let failure = group.pulse.failure {
                group.abandon()
                throw failure
            }
        }
    }
}
