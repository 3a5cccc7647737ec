/// That a process has ended before its time, as the others read it in the ``ProcessStore``.
public enum ProcessFailure {
    /// Where it stands.
    private static let key = "failure"

    /// Tells the others, unless somebody has told of another failure before: that is the cause of
    /// all that follow.
    public static func tell(
        rank: Int, host: String, reason: String?, in store: ProcessStore
    ) throws(ProcessError) {
        try store.setFirst(key, to: "\(rank)\n\(host)\n\(reason ?? "")")
    }

    /// What has been told.
    public static func told(in store: ProcessStore) throws(ProcessError) -> ProcessError? {
        guard try store.has(key) else { return nil }
        let parts = try store.text(key).split(
            separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let rank = Int(parts[0]) else { return nil }
        return .ended(
            rank: rank, host: String(parts[1]), reason: parts[2].isEmpty ? nil : String(parts[2]))
    }
}
