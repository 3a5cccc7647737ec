public import Foundation

/// A file that appears whole or not at all.
///
/// The bytes go to a temporary name in the same folder; `commit()` brings them to the disk and
/// renames. Dropped without a commit, the temporary file is removed and whatever stood at the
/// destination is untouched. A link at the destination is followed, so the file it points at is
/// what gets replaced; where nothing is to be replaced, a link is in the way like any file.
public final class AtomicFile {
    /// Where the file will stand after `commit()`.
    public let destination: URL

    private let target: String
    private let temporary: String
    private let isReplacing: Bool
    private var descriptor: Int32
    private var isPending = true

    /// Opens a temporary file beside `destination`, whose folder must exist.
    ///
    /// - Parameter replacing: false: `commit()` fails where something has got the name meanwhile.
    /// - Throws: `FileError` when the folder is absent, read-only or full.
    public init(at destination: URL, replacing: Bool = true) throws(FileError) {
        self.destination = destination
        isReplacing = replacing
        let resolved =
            replacing
            ? FilePlace(destination).url
            : FilePlace(destination.deletingLastPathComponent()).url
                .appendingPathComponent(destination.lastPathComponent)
        target = resolved.path
        var status = stat()
        if stat(target, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            throw FileError(.write, destination, errorNumber: EISDIR)
        }
        let folder = resolved.deletingLastPathComponent().path
        var opened: Int32 = -1
        var path = ""
        for _ in 0..<16 {
            path = "\(folder)/\(TemporaryName.make(for: resolved.lastPathComponent))"
            opened = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
            if opened >= 0 || (errno != EEXIST && errno != EINTR) { break }
        }
        guard opened >= 0 else { throw FileError(.write, destination, errorNumber: errno) }
        descriptor = opened
        temporary = path
    }

    deinit { discard() }

    /// Writes `data` to `destination` in one piece.
    public static func write(
        _ data: Data, to destination: URL, replacing: Bool = true
    ) throws(FileError) {
        let file = try AtomicFile(at: destination, replacing: replacing)
        try file.write(data)
        try file.commit()
    }

    /// Appends the bytes of `data`.
    public func write(_ data: Data) throws(FileError) {
        // `withUnsafeBytes` cannot carry a typed error out, a `Result` can.
        let result = data.withUnsafeBytes { bytes in
            Result { () throws(FileError) in try write(bytes) }
        }
        try result.get()
    }

    /// Appends `bytes`; may be called as often as wanted before `commit()`.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        precondition(isPending, "AtomicFile: write after commit or discard")
        guard let base = bytes.baseAddress else { return }
        var offset = 0
        while offset < bytes.count {
            // A single call writes at most 2 GiB on Linux and fails above it on macOS.
            let count = min(bytes.count - offset, 1 << 30)
            #if canImport(Darwin)
                let written = Darwin.write(descriptor, base + offset, count)
            #else
                let written = Glibc.write(descriptor, base + offset, count)
            #endif
            if written < 0 {
                if errno == EINTR { continue }
                try fail(errno)
            }
            offset += written
        }
    }

    /// Brings the bytes to the disk and puts the file at its destination.
    public func commit() throws(FileError) {
        precondition(isPending, "AtomicFile: commit after commit or discard")
        // File systems without fsync answer EINVAL; there is nothing more to be done on them.
        while fsync(descriptor) != 0 {
            if errno == EINTR { continue }
            if errno == EINVAL || errno == ENOTSUP { break }
            try fail(errno)
        }
        let closed = close(descriptor)
        descriptor = -1
        if closed != 0, errno != EINTR { try fail(errno) }
        if isReplacing {
            if rename(temporary, target) != 0 { try fail(errno) }
        } else {
            let number = ExclusiveRename.move(temporary, to: target)
            if number != 0 { try fail(number) }
        }
        isPending = false
        Self.synchronizeFolder(ofPath: target)
    }

    /// Gives up: closes and removes the temporary file.
    public func discard() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        if isPending { unlink(temporary) }
        isPending = false
    }

    private func fail(_ number: Int32) throws(FileError) -> Never {
        discard()
        throw FileError(.write, destination, errorNumber: number)
    }

    /// Makes the rename itself survive a power cut; best effort, since the file is already whole.
    private static func synchronizeFolder(ofPath path: String) {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}
