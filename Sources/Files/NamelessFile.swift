public import Foundation
import Synchronization

/// A file that stands in no folder: its room on the disk is free again when the program ends,
/// however it ends.
public final class NamelessFile: Sendable {
    /// The folder on whose disk it is.
    public let folder: URL
    /// Open for reading and writing, as long as this value lives.
    public let descriptor: Int32
    private let end = Mutex<Int64>(0)

    /// - Throws: `FileError` where the folder is not there or cannot be written in.
    public init(in folder: URL) throws(FileError) {
        // A name that is known for a leftover, should the program be killed before it is taken away.
        let place = folder.appending(nameBytes: Array(TemporaryName.make(for: "memory").utf8))
        let descriptor = place.withPathBytes {
            open($0, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        }
        guard descriptor >= 0 else { throw FileError(.write, folder, errorNumber: errno) }
        _ = place.withPathBytes { unlink($0) }
        self.folder = folder
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Bytes that the disk of a folder takes in a second.
    ///
    /// - Throws: `FileError` where they cannot be written.
    public static func writingRate(in folder: URL) throws(FileError) -> Double {
        let file = try NamelessFile(in: folder)
        let block = [UInt8](unsafeUninitializedCapacity: 1 << 20) { buffer, count in
            // Nothing that a disk could shorten.
            for index in buffer.indices { buffer[index] = UInt8.random(in: 0...255) }
            count = buffer.count
        }
        let blockCount = 32
        let clock = ContinuousClock()
        let begin = clock.now
        for _ in 0..<blockCount {
            guard write(file.descriptor, block, block.count) == block.count else {
                throw FileError(.write, folder, errorNumber: errno == 0 ? ENOSPC : errno)
            }
        }
        fsync(file.descriptor)
        let elapsed = max(1e-6, (clock.now - begin) / .seconds(1))
        return Double(blockCount * block.count) / elapsed
    }

    /// Takes room on the disk at the end of the file.
    ///
    /// - Returns: where it begins.
    /// - Throws: `FileError` where the disk has no room left.
    public func reserve(_ count: Int64) throws(FileError) -> Int64 {
        let (place, number) = end.withLock { end -> (Int64, Int32) in
            #if canImport(Darwin)
                let number = ftruncate(descriptor, end + count) == 0 ? 0 : errno
            #else
                let number = posix_fallocate(descriptor, off_t(end), off_t(count))
            #endif
            guard number == 0 else { return (end, number) }
            defer { end += count }
            return (end, 0)
        }
        guard number == 0 else { throw FileError(.write, folder, errorNumber: number) }
        return place
    }
}
