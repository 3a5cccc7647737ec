internal import Files
internal import Foundation

/// A folder that is filled under a temporary name and then takes its place.
///
/// Where a folder stands there already, it stays, and what is in it that is not replaced is never
/// moved: each new entry is exchanged for the old one in one step, so that a process that ends
/// among these leaves whole entries. Dropped without a commit, what was written is removed and
/// the place is untouched.
final class FolderReplacement {
    /// The folder to fill: in the one that is there, else beside the place.
    let temporary: URL
    private let destination: URL
    private let isThere: Bool
    private var isPending = true

    /// - Throws: `FileError` when the folder above is absent or may not be written to, or when a
    ///   file is in the way.
    init(of url: URL) throws {
        destination = url.standardizedFileURL.resolvingSymlinksInPath()
        var status = stat()
        isThere = stat(destination.path, &status) == 0
        if isThere, status.st_mode & S_IFMT != S_IFDIR {
            throw FileError(.createFolder, url, errorNumber: EEXIST)
        }
        let above = destination.deletingLastPathComponent()
        guard above.path != destination.path else {
            throw FileError(.createFolder, url, reason: "it is the root of the file system")
        }
        let name = TemporaryName.make(for: destination.lastPathComponent)
        temporary = (isThere ? destination : above).appending(path: name)
        if mkdir(temporary.path, 0o777) != 0 {
            throw FileError(.createFolder, url, errorNumber: errno)
        }
    }

    deinit {
        if isPending { try? FileManager.default.removeItem(at: temporary) }
    }

    /// Puts the folder in its place.
    ///
    /// - Parameter replaced: the names in a folder that is there which go away where the new one
    ///   has none of them; all other names stay.
    func commit(replacing replaced: Set<String>) throws {
        Self.synchronize(temporary)
        if isThere {
            try exchangeEntries(replaced)
            // With what was replaced.
            try? FileManager.default.removeItem(at: temporary)
        } else if rename(temporary.path, destination.path) != 0 {
            throw FileError(.createFolder, destination, errorNumber: errno)
        }
        isPending = false
        Self.synchronize(isThere ? destination : destination.deletingLastPathComponent())
    }

    /// All of them or none; folders first, so that a file that names them comes after them.
    private func exchangeEntries(_ replaced: Set<String>) throws {
        let manager = FileManager.default
        let new = try manager.contentsOfDirectory(atPath: temporary.path)
            .sorted { ($0.contains(".") ? 1 : 0, $0) < ($1.contains(".") ? 1 : 0, $1) }
        let gone = replaced.subtracting(new).filter {
            manager.fileExists(atPath: destination.appending(path: $0).path)
        }
        var done: [String] = []
        for name in new + gone.sorted() {
            let (inside, place) = (
                temporary.appending(path: name), destination.appending(path: name)
            )
            let number = Self.exchange(inside.path, place.path)
            guard number == 0 else {
                for name in done.reversed() {
                    _ = Self.exchange(
                        temporary.appending(path: name).path, destination.appending(path: name).path
                    )
                }
                throw FileError(.write, place, errorNumber: number)
            }
            done.append(name)
        }
    }

    /// Lets two entries change their names, of which one may be absent.
    ///
    /// - Returns: 0, or the number of the error.
    private static func exchange(_ one: String, _ other: String) -> Int32 {
        var status = stat()
        let has = (lstat(one, &status) == 0, lstat(other, &status) == 0)
        switch has {
        case (false, false): return 0
        case (true, false): return rename(one, other) == 0 ? 0 : errno
        case (false, true): return rename(other, one) == 0 ? 0 : errno
        case (true, true): break
        }
        #if canImport(Darwin)
            if renamex_np(one, other, UInt32(RENAME_SWAP)) == 0 { return 0 }
        #else
            if let renameAt2, renameAt2(AT_FDCWD, one, AT_FDCWD, other, 2) == 0 { return 0 }
        #endif
        // Some file systems cannot do it at once.
        let aside = one + ".old"
        guard rename(other, aside) == 0 else { return errno }
        guard rename(one, other) == 0 else {
            let number = errno
            _ = rename(aside, other)
            return number
        }
        return rename(aside, one) == 0 ? 0 : errno
    }

    #if !canImport(Darwin)
        private typealias RenameAt2 =
            @convention(c) (
                Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32
            ) -> Int32

        /// `renameat2`, which Swift's overlay leaves out; its flag 2 is `RENAME_EXCHANGE`.
        private static let renameAt2 = dlsym(nil, "renameat2").map {
            unsafeBitCast($0, to: RenameAt2.self)
        }
    #endif

    /// Best effort: the files in it are on the disk already.
    private static func synchronize(_ folder: URL) {
        let descriptor = open(folder.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}
