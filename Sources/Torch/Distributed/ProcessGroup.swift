internal import CTorch
internal import Foundation

/// Several processes that compute together: c10d with Gloo, and NCCL where each has a GPU.
///
/// All of them call the same in the same order. Whoever waits for another that has ended, or that
/// gives no sign of life any more, throws a ``ProcessError`` that names it; whoever is only slow is
/// waited for.
public final class ProcessGroup {
    /// Which of them this is.
    public let place: ProcessPlace
    /// The names of the machines, by process.
    public let hosts: [String]
    let store: ProcessStore
    let pulse: ProcessPulse
    private let main: ProcessChannel
    private var others: [ProcessChannel] = []
    private let interface: String
    let exchange: ExchangeChoice
    let patience: Duration
    private let keepsStore: Bool
    private var isOver = false
    private var hasFailed = false
    /// The GPU of this process, where its tensors go to those of others by themselves; nil: what is
    /// exchanged lies in main memory.
    public private(set) var gpu: Device?
    private(set) var watch: GPUWatch?
    private var neighbours: NeighbourWatch?

    /// The number of this process, from 0.
    public var rank: Int { place.rank }
    /// How many there are.
    public var count: Int { place.count }
    /// Whether this is process 0, which alone writes.
    public var isFirst: Bool { rank == 0 }

    /// Meets the others.
    ///
    /// - Parameters:
    ///   - store: what process 0 keeps, where it keeps it already.
    ///   - interface: the network interface that tensors go over, as GLOO_SOCKET_IFNAME names it;
    ///     nil: that which leads to where they meet.
    ///   - exchange: what tensors of GPUs are to be exchanged with.
    ///   - patience: how long the others are waited for.
    ///   - silence: how long a process may give no sign of life.
    /// - Throws: where they do not come, or the port is in use.
    public init(
        _ place: ProcessPlace, store kept: ProcessStore? = nil, interface: String? = nil,
        exchange: ExchangeChoice = .automatic, patience: Duration = .seconds(120),
        silence: Duration = .seconds(20)
    ) throws(ProcessError) {
        self.place = place
        self.interface = interface ?? ""
        self.exchange = exchange
        self.patience = patience
        keepsStore = place.rank == 0 && !place.hasLauncherStore
        // NCCL goes by the same interface, and by no other whose name begins so. Told before there
        // are threads that may look at variables.
        if let interface, !interface.isEmpty { setenv("NCCL_SOCKET_IFNAME", "=\(interface)", 0) }
        let store: ProcessStore
        if let kept {
            store = kept
        } else if keepsStore {
            store = try ProcessStore(keptAt: place.port, host: place.host, attempt: place.attempt)
        } else {
            store = try ProcessStore(
                at: place.host, port: place.port, attempt: place.attempt, patience: patience)
        }
        self.store = store
        let own = ProcessInfo.processInfo.hostName
        try store.set("host/\(place.rank)", to: own)
        pulse = ProcessPulse(
            place,
            store: try ProcessStore(
                at: place.host, port: store.port, attempt: place.attempt, patience: patience),
            silence: silence)
        pulse.start()
        do throws(ProcessError) {
            hosts = try Self.meet(place, store, pulse, patience)
            main = try ProcessChannel(
                "main", place, store, pulse, interface: interface ?? "", patience: patience)
        } catch {
            pulse.end()
            throw error
        }
    }

    deinit {
        pulse.end()
        watch?.end()
        neighbours?.end()
        // After a failure something may still be waited for, and would be for ever.
        guard isOver, pulse.failure == nil else { return }
        ProcessChannel.abort([main] + others)
        for channel in [main] + others { channel.close() }
    }

    /// One more way between the same processes, with an order of its own: what goes over it may be
    /// mixed with what goes over others as it comes.
    public func open(_ name: String) throws(ProcessError) -> ProcessChannel {
        let channel = try makeChannel(name)
        others.append(channel)
        channel.group = self
        if let gpu, let watch { try channel.connect(gpu, in: self, watch) }
        return channel
    }

    func makeChannel(_ name: String) throws(ProcessError) -> ProcessChannel {
        try ProcessChannel(name, place, store, pulse, interface: interface, patience: patience)
    }

    /// From now on tensors of this GPU go from one to the other.
    func connect(_ device: Device) throws(ProcessError) {
        let watch = GPUWatch(pulse, device)
        watch.start()
        self.watch = watch
        neighbours = try NeighbourWatch(self)
        for channel in [mainChannel] + others { try channel.connect(device, in: self, watch) }
        gpu = device
    }

    /// Where tensors that are to be exchanged must lie.
    ///
    /// - Parameter home: where they lie when they are not.
    public func place(of home: Device) -> Device { home == gpu ? home : .cpu }

    /// Lets go of exchanges between GPUs that others take no part in.
    func abandon() { watch?.abandon() }

    private static func meet(
        _ place: ProcessPlace, _ store: ProcessStore, _ pulse: ProcessPulse, _ patience: Duration
    ) throws(ProcessError) -> [String] {
        let start = ContinuousClock.now
        while true {
            var missing: [Int] = []
            for rank in 0..<place.count where try !store.has("host/\(rank)") {
                missing.append(rank)
            }
            if missing.isEmpty { break }
            if let failure = pulse.failure { throw failure }
            guard start.duration(to: .now) < patience else {
                throw .missing(
                    ranks: missing, count: place.count, seconds: Int(patience.components.seconds))
            }
            Thread.sleep(forTimeInterval: 0.05)
        }
        var hosts: [String] = []
        for rank in 0..<place.count { hosts.append(try store.text("host/\(rank)")) }
        return hosts
    }

    // MARK: - Texts

    /// The text of process 0.
    ///
    /// - Parameters:
    ///   - key: one for each occasion.
    ///   - own: asked for in process 0 alone.
    public func shared(_ key: String, _ own: () -> String) throws(ProcessError) -> String {
        try text(key, of: 0, isFirst ? own() : "")
    }

    /// The text of one process; what the others give is not read.
    public func text(_ key: String, of root: Int, _ own: String) throws(ProcessError) -> String {
        if rank == root {
            try store.set("text/\(key)", to: own)
            return own
        }
        while try !store.has("text/\(key)") {
            if let failure = pulse.failure { throw failure }
            Thread.sleep(forTimeInterval: 0.02)
        }
        return try store.text("text/\(key)")
    }

    /// Sees that all processes were told the same.
    ///
    /// - Parameters:
    ///   - facts: values by their names.
    ///   - key: one for each occasion.
    /// - Throws: ``ProcessError/disagreement(what:rank:host:value:firstHost:firstValue:)`` in a
    ///   process that was told something else than process 0.
    public func requireSame(_ facts: [String: String], _ key: String) throws(ProcessError) {
        let encoded = (try? JSONEncoder().encode(facts)).map { String(decoding: $0, as: UTF8.self) }
        let text = try text("facts/\(key)", of: 0, encoded ?? "{}")
        let first = (try? JSONDecoder().decode([String: String].self, from: Data(text.utf8))) ?? [:]
        for name in Set(facts.keys).union(first.keys).sorted() where facts[name] != first[name] {
            func short(_ value: String?) -> String {
                let text = value.flatMap { $0.isEmpty ? nil : $0 } ?? "not set"
                return text.count > 80 ? text.prefix(77) + "..." : text
            }
            throw .disagreement(
                what: name, rank: rank, host: hosts[rank], value: short(facts[name]),
                firstHost: hosts[0], firstValue: short(first[name]))
        }
        try barrier()
    }

    // MARK: - Tensors

    /// Begins to sum a tensor over all processes, in place. It lies in main memory or at ``gpu``, as
    /// those of the others do; so do all that are exchanged.
    public func startSum(_ tensor: Tensor) throws(ProcessError) -> ProcessExchange {
        try mainChannel.startSum(tensor)
    }

    /// Begins to sum a tensor at one process, in place; what the others have then is of
    /// no use.
    public func startSum(_ tensor: Tensor, at root: Int) throws(ProcessError) -> ProcessExchange {
        try mainChannel.startSum(tensor, at: root)
    }

    /// Begins to overwrite a tensor with that of one process.
    public func startBroadcast(
        _ tensor: Tensor, from root: Int
    ) throws(ProcessError) -> ProcessExchange {
        try mainChannel.startBroadcast(tensor, from: root)
    }

    private var mainChannel: ProcessChannel {
        main.group = self
        return main
    }

    /// Sums a tensor over all processes, in place; to the last bit the same in all of them.
    public func sum(_ tensor: Tensor) throws(ProcessError) {
        try onHost(tensor) { host throws(ProcessError) in try startSum(host).wait() }
    }

    /// Overwrites a tensor with that of one process.
    public func broadcast(_ tensor: Tensor, from root: Int = 0) throws(ProcessError) {
        try onHost(tensor) { host throws(ProcessError) in
            try startBroadcast(host, from: root).wait()
        }
    }

    /// The sum of some numbers over all processes.
    public func sum(_ numbers: [Double]) throws(ProcessError) -> [Double] {
        let tensor = Tensor.doubles(numbers)
        try startSum(tensor).wait()
        return tensor.doubles()
    }

    /// Whether it is so for any process.
    public func any(_ flag: Bool) throws(ProcessError) -> Bool {
        try sum([flag ? 1 : 0])[0] > 0
    }

    /// Waits until all are here.
    public func barrier() throws(ProcessError) { _ = try any(false) }

    /// What is seldom exchanged goes through main memory, wherever it is.
    private func onHost(
        _ tensor: Tensor, _ body: (Tensor) throws(ProcessError) -> Void
    ) throws(ProcessError) {
        let host = withoutGradients {
            tensor.detached().converted(to: tensor.dtype, device: .cpu, format: .contiguous)
        }
        try body(host)
        withoutGradients { tensor.copy(from: host) }
    }

    // MARK: - Ends

    /// Waits until all are done, so that none ends well where another does not.
    public func leave() throws(ProcessError) {
        neighbours?.end()
        try store.set("left/\(rank)", to: "")
        let count = try store.add(1, to: "left")
        var done = count
        while done < place.count {
            if let failure = pulse.failure { throw failure }
            Thread.sleep(forTimeInterval: 0.02)
            done = try store.add(0, to: "left")
        }
        pulse.end()
        isOver = true
        try store.add(1, to: "gone")
        // Who keeps the store stays until the others have read it.
        if keepsStore { waitForOthers("gone", limit: 5) }
    }

    /// Tells the others why this process ends; what they end with then names it.
    public func fail(_ reason: String) {
        guard !hasFailed else { return }
        hasFailed = true
        neighbours?.end()
        defer {
            abandon()
            pulse.end()
        }
        guard pulse.isAnswered || keepsStore else { return }
        if pulse.failure == nil {
            _ = try? ProcessFailure.tell(
                rank: rank, host: hosts[rank], reason: reason, in: store)
        }
        _ = try? store.add(1, to: "gone")
        // Longer than between two of their looks; who is silent does not look.
        var isOneSilent = false
        if case .silent = pulse.failure { isOneSilent = true }
        if keepsStore { waitForOthers("gone", limit: 3, missing: isOneSilent ? 1 : 0) }
    }

    private func waitForOthers(_ key: String, limit: Double, missing: Int = 0) {
        let start = ContinuousClock.now
        while let done = try? store.add(0, to: key), done < place.count - missing,
            start.duration(to: .now) < .seconds(limit)
        {
            Thread.sleep(forTimeInterval: 0.02)
        }
    }

    /// What an exchange that broke off is due to: whoever has ended says so, or counts no more.
    func explanation(of message: String) -> ProcessError {
        abandon()
        return pulse.cause(of: message, hosts, store)
    }
}

extension Tensor {
    static func doubles(_ values: [Double]) -> Tensor {
        values.withUnsafeBytes { Tensor(bytes: $0, shape: [values.count], dtype: .float64) }
    }

    func doubles() -> [Double] {
        var result = [Double](repeating: 0, count: count)
        result.withUnsafeMutableBytes { copyBytes(to: $0) }
        return result
    }
}
