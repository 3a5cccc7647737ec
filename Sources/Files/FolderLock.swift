public import Foundation

/// A folder, or something in it, that one process at a time writes to: a file is locked as long as
/// this lives.
///
/// The system gives the lock back however the process ends; the file is then without meaning.
public final class FolderLock {
    /// The file's name where a whole folder is locked.
    public static let name = ".attune.lock"

    private let path: String
    private let descriptor: Int32

    /// Locks a folder that is there.
    ///
    /// Where the file system knows no locks, nothing is locked.
    /// - Parameters:
    ///   - name: of the file that is locked.
    ///   - part: what of the folder is meant, for the error; nil: all of it.
    /// - Throws: ``OutputError/folderInUse(path:process:)`` where another process has it, or
    ///   `FileError` where nothing can be written there.
    public init(_ folder: URL, name: String = FolderLock.name, part: URL? = nil) throws {
        path = folder.appendingPathComponent(name).path
        while true {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
            guard descriptor >= 0 else { throw FileError(.write, folder, errorNumber: errno) }
            if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
                let number = errno
                let process = Self.process(in: descriptor)
                if number == EWOULDBLOCK {
                    close(descriptor)
                    throw OutputError.folderInUse(path: (part ?? folder).path, process: process)
                }
                self.descriptor = descriptor
                return
            }
            // The one that had it may have removed the file after it was opened here.
            guard Self.isSame(descriptor, path) else {
                close(descriptor)
                continue
            }
            self.descriptor = descriptor
            let text = Array("\(getpid())\n".utf8)
            ftruncate(descriptor, 0)
            // Only for people: on a full disk it is locked all the same.
            _ = text.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
            return
        }
    }

    /// Waits for others, which have it for a moment only.
    ///
    /// - Throws: as ``init(_:name:part:)``, after a minute.
    public static func waiting(for folder: URL, name: String) throws -> FolderLock {
        for _ in 0..<1200 {
            do {
                return try FolderLock(folder, name: name)
            } catch OutputError.folderInUse {
                usleep(50_000)
            }
        }
        return try FolderLock(folder, name: name)
    }

    deinit {
        unlink(path)
        close(descriptor)
    }

    private static func isSame(_ descriptor: Int32, _ path: String) -> Bool {
        var (opened, named) = (stat(), stat())
        return fstat(descriptor, &opened) == 0 && stat(path, &named) == 0
            && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev
    }

    private static func process(in descriptor: Int32) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        let text = String(decoding: bytes.prefix(count), as: UTF8.self)
        return Int32(text.trimmingCharacters(in: .whitespacesAndNewlines))
    }
}
