#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif
internal import Synchronization

/// The exit status of a process that ran out of memory (of the computer or of the GPU).
public let outOfMemoryExitStatus: Int32 = 75

/// What happens when memory runs out in the middle of an operation, from which there is no way
/// back: the process says what to change in one sentence, and ends with
/// ``outOfMemoryExitStatus``.
public enum OutOfMemory {
    private struct Rescue: @unchecked Sendable {
        let body: (String) -> Void
    }

    private static let rescue = Mutex<Rescue?>(nil)

    /// Has `body` called before the process ends so, once, on the thread that computed: it can save
    /// what there is, and start the program anew. It must not need much of the memory that has run
    /// out. Nil takes the one before away.
    ///
    /// - Parameter body: given the operation that did not get its memory.
    public static func onExit(_ body: ((_ operation: String) -> Void)?) {
        rescue.withLock { $0 = body.map(Rescue.init) }
    }

    /// - Parameter sentence: for people; nil: that memory has run out in the operation.
    static func end(in operation: String, saying sentence: String? = nil) -> Never {
        let last = rescue.withLock { rescue in
            defer { rescue = nil }
            return rescue
        }
        withoutGradients { last?.body(operation) }
        let usual =
            "Out of memory in \(operation): lower the batch size or the resolution, compute in "
            + "bf16; train with gradient-checkpointing or, a whole model, with "
            + "offload-optimizer-device cpu; paint with offload sequential."
        ((sentence ?? usual) + "\n").withCString { _ = write(STDERR_FILENO, $0, strlen($0)) }
        exit(outOfMemoryExitStatus)
    }
}
