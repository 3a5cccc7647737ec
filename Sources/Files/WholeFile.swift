public import Foundation

/// Reading a file in one piece, within a limit.
public enum WholeFile {
    /// The bytes of a regular file of at most `limit` bytes.
    ///
    /// Pipes, devices and sockets are refused, so that a strange name cannot block the process.
    /// - Throws: `FileError` when the file is absent, unreadable, not regular or too large.
    public static func read(_ url: URL, limit: Int = .max) throws(FileError) -> Data {
        let descriptor = url.withPathBytes { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard descriptor >= 0 else { throw FileError(.read, url, errorNumber: errno) }
        defer { close(descriptor) }
        let size = try regularSize(of: descriptor, url)
        guard size <= limit else {
            throw FileError(
                .read, url, reason: "it has \(size) bytes, and at most \(limit) are accepted")
        }
        var bytes = Data(count: size)
        // The file may shrink while it is read: what was there is what is returned.
        let outcome: (count: Int, number: Int32) = bytes.withUnsafeMutableBytes { buffer in
            fill(buffer, from: descriptor)
        }
        if outcome.number != 0 { throw FileError(.read, url, errorNumber: outcome.number) }
        return outcome.count == size ? bytes : bytes.prefix(outcome.count)
    }

    /// The first bytes of a regular file, at most `count` of them.
    public static func prefix(_ url: URL, count: Int) throws(FileError) -> Data {
        let descriptor = url.withPathBytes { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard descriptor >= 0 else { throw FileError(.read, url, errorNumber: errno) }
        defer { close(descriptor) }
        let size = min(try regularSize(of: descriptor, url), count)
        var bytes = Data(count: size)
        let outcome: (count: Int, number: Int32) = bytes.withUnsafeMutableBytes { buffer in
            fill(buffer, from: descriptor)
        }
        if outcome.number != 0 { throw FileError(.read, url, errorNumber: outcome.number) }
        return bytes.prefix(outcome.count)
    }

    /// The last bytes of a regular file, at most `count` of them.
    public static func suffix(_ url: URL, count: Int) throws(FileError) -> Data {
        let descriptor = url.withPathBytes { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard descriptor >= 0 else { throw FileError(.read, url, errorNumber: errno) }
        defer { close(descriptor) }
        let size = try regularSize(of: descriptor, url)
        lseek(descriptor, off_t(max(0, size - count)), SEEK_SET)
        var bytes = Data(count: min(size, count))
        let outcome: (count: Int, number: Int32) = bytes.withUnsafeMutableBytes { buffer in
            fill(buffer, from: descriptor)
        }
        if outcome.number != 0 { throw FileError(.read, url, errorNumber: outcome.number) }
        return bytes.prefix(outcome.count)
    }

    private static func regularSize(of descriptor: Int32, _ url: URL) throws(FileError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw FileError(.read, url, errorNumber: errno)
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return Int(status.st_size)
        case S_IFDIR: throw FileError(.read, url, errorNumber: EISDIR)
        default: throw FileError(.read, url, reason: "it is not a regular file")
        }
    }

    private static func fill(
        _ buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32
    ) -> (count: Int, number: Int32) {
        guard let base = buffer.baseAddress else { return (0, 0) }
        var offset = 0
        while offset < buffer.count {
            let count = read(descriptor, base + offset, min(buffer.count - offset, 1 << 30))
            if count < 0 {
                if errno == EINTR { continue }
                return (offset, errno)
            }
            if count == 0 { break }
            offset += count
        }
        return (offset, 0)
    }

    private static func read(_ descriptor: Int32, _ base: UnsafeMutableRawPointer, _ count: Int)
        -> Int
    {
        #if canImport(Darwin)
            Darwin.read(descriptor, base, count)
        #else
            Glibc.read(descriptor, base, count)
        #endif
    }
}
