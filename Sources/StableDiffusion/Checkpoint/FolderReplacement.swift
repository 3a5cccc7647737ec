internal import Files
internal import Foundation

/// A folder that is filled under a temporary name and then takes the place of another.
///
/// Dropped without a commit, what was written is removed and the other is untouched.
final class FolderReplacement {
    /// The folder to fill, beside the one that is to be replaced.
    let temporary: URL
    private let destination: URL
    private var isPending = true

    /// - Throws: `FileError` when the folder above is absent or may not be written to, or when a
    ///   file is in the way.
    init(of url: URL) throws {
        destination = url.standardizedFileURL.resolvingSymlinksInPath()
        var status = stat()
        if stat(destination.path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR {
            throw FileError(.createFolder, url, errorNumber: EEXIST)
        }
        let above = destination.deletingLastPathComponent()
        guard above.path != destination.path else {
            throw FileError(.createFolder, url, reason: "it is the root of the file system")
        }
        let stem = String(decoding: destination.lastPathComponent.utf8.prefix(120), as: UTF8.self)
        let tag = String(UInt64.random(in: .min ... .max), radix: 36)
        temporary = above.appending(path: ".\(stem).\(getpid())-\(tag).tmp")
        if mkdir(temporary.path, 0o777) != 0 {
            throw FileError(.createFolder, url, errorNumber: errno)
        }
    }

    deinit {
        if isPending { try? FileManager.default.removeItem(at: temporary) }
    }

    /// Puts the folder in its place.
    ///
    /// - Parameter replaced: the names in the old folder that go with it; all others are moved
    ///   into the new one.
    func commit(replacing replaced: Set<String>) throws {
        Self.synchronize(temporary)
        var status = stat()
        guard lstat(destination.path, &status) == 0 else {
            if rename(temporary.path, destination.path) != 0 {
                throw FileError(.createFolder, destination, errorNumber: errno)
            }
            isPending = false
            Self.synchronize(destination.deletingLastPathComponent())
            return
        }
        let old = try exchange()
        isPending = false
        for name in (try? FileManager.default.contentsOfDirectory(atPath: old.path)) ?? []
        where !replaced.contains(name) {
            let from = old.appending(path: name).path
            if rename(from, destination.appending(path: name).path) != 0 {
                // The new model is in place; what cannot be moved stays where it is, unharmed.
                throw FileError(
                    .write, destination.appending(path: name),
                    reason: "it could not be kept in the new folder and is now \(from)")
            }
        }
        try? FileManager.default.removeItem(at: old)
        Self.synchronize(destination.deletingLastPathComponent())
    }

    /// Puts the new folder in the place of the old one, or leaves all as it was.
    ///
    /// - Returns: where the old one is now.
    private func exchange() throws -> URL {
        let old = temporary.deletingPathExtension().appendingPathExtension("old")
        if rename(destination.path, old.path) != 0 {
            throw FileError(.write, destination, errorNumber: errno)
        }
        if rename(temporary.path, destination.path) != 0 {
            let number = errno
            rename(old.path, destination.path)
            throw FileError(.write, destination, errorNumber: number)
        }
        return old
    }

    /// Best effort: the files in it are on the disk already.
    private static func synchronize(_ folder: URL) {
        let descriptor = open(folder.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}
