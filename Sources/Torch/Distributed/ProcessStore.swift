internal import CTorch

/// Texts that processes share, kept by one of them or by their launcher: c10d's `TCPStore`.
///
/// It may be used from several threads; one waits for the other.
public final class ProcessStore: @unchecked Sendable {
    let handle: ct_store
    /// Where it is.
    public let host: String
    private let prefix: String
    private let isServer: Bool

    /// Keeps the texts in this process.
    ///
    /// - Parameter port: 0: one that is free.
    /// - Throws: ``ProcessError/portInUse(host:port:)`` and its like.
    public convenience init(
        keptAt port: Int, host: String = "127.0.0.1", attempt: String = "0"
    ) throws(ProcessError) {
        try self.init(
            host: host, port: port, isServer: true, attempt: attempt, patience: .seconds(60))
    }

    /// Reaches those that are kept elsewhere.
    ///
    /// - Parameter patience: how long it is tried.
    public convenience init(
        at host: String, port: Int, attempt: String = "0", patience: Duration
    ) throws(ProcessError) {
        try self.init(
            host: host, port: port, isServer: false, attempt: attempt, patience: patience)
    }

    private init(
        host: String, port: Int, isServer: Bool, attempt: String, patience: Duration
    ) throws(ProcessError) {
        self.host = host
        self.isServer = isServer
        prefix = "attune/\(attempt)/"
        var out = ct_store(impl: nil)
        let status = ct_store_create(
            host, UInt16(port), isServer, patience.milliseconds, &out)
        guard status == CT_OK else {
            let message = ProcessStore.lastError
            if isServer, message.contains("EADDRINUSE") || message.contains("already in use") {
                throw .portInUse(host: host, port: port)
            }
            if isServer { throw .exchange(message) }
            throw .unreachable(host: host, port: port, seconds: Int(patience.components.seconds))
        }
        handle = out
    }

    deinit { ct_store_release(handle) }

    /// Where it listens.
    public var port: Int { Int(ct_store_port(handle)) }

    /// Puts a text under a key.
    public func set(_ key: String, to text: String) throws(ProcessError) {
        let bytes = Array(text.utf8)
        try check(ct_store_set(handle, prefix + key, bytes, bytes.count))
    }

    /// Puts a text under a key where there is none.
    public func setFirst(_ key: String, to text: String) throws(ProcessError) {
        let bytes = Array(text.utf8)
        try check(ct_store_set_first(handle, prefix + key, bytes, bytes.count))
    }

    /// The text under a key, which is there.
    public func text(_ key: String) throws(ProcessError) -> String {
        var out = ct_tensor(impl: nil)
        try check(ct_store_get(handle, prefix + key, 10_000, &out))
        return String(decoding: Tensor(owning: out).unsignedBytes(), as: UTF8.self)
    }

    /// Whether there is a text under a key.
    public func has(_ key: String) throws(ProcessError) -> Bool {
        var result = false
        try check(ct_store_has(handle, prefix + key, &result))
        return result
    }

    /// Adds to the number under a key, at first 0, and gives the sum.
    @discardableResult
    public func add(_ amount: Int, to key: String) throws(ProcessError) -> Int {
        var result: Int64 = 0
        try check(ct_store_add(handle, prefix + key, Int64(amount), &result))
        return Int(result)
    }

    private func check(_ status: ct_status) throws(ProcessError) {
        guard status != CT_OK else { return }
        // Nothing else can go wrong with a text under a key than that nobody answers.
        throw isServer ? .exchange(ProcessStore.lastError) : .storeLost(host: host)
    }

    /// LibTorch's message in one line.
    static var lastError: String {
        let text = String(cString: ct_last_error())
        let line = text.split(separator: "\n").first.map(String.init) ?? text
        return line.hasSuffix(".") ? String(line.dropLast()) : line
    }
}

extension Duration {
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
