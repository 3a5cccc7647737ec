package import Foundation

/// A folder that is filled under a temporary name and then takes its place.
///
/// Where there is none yet, it appears in one step. In a folder that is there, its entries take the
/// place of the old ones, and whatever else is there is not touched; the folder itself stays, since
/// it may be where somebody works, or a disk of its own. Dropped without a commit, what was written
/// is removed and nothing else has changed.
package final class FolderReplacement {
    /// The folder to fill, on the same disk as its place.
    package let temporary: URL
    private let destination: URL
    private let isNew: Bool
    private var isPending = true

    /// - Throws: `FileError` when the folder above is absent or may not be written to, or when a
    ///   file is in the way.
    package init(of url: URL) throws {
        destination = FilePlace(url).url
        var status = stat()
        isNew = stat(destination.path, &status) != 0
        if !isNew, status.st_mode & S_IFMT != S_IFDIR {
            throw FileError(.createFolder, url, errorNumber: EEXIST)
        }
        guard destination.path != "/" else {
            throw FileError(.createFolder, url, reason: "it is the root of the file system")
        }
        if !isNew { try Self.recover(destination) }
        temporary = (isNew ? destination.deletingLastPathComponent() : destination)
            .appending(path: TemporaryName.make(for: destination.lastPathComponent))
        if mkdir(temporary.path, 0o777) != 0 {
            throw FileError(.createFolder, url, errorNumber: errno)
        }
    }

    deinit {
        if isPending { try? FileManager.default.removeItem(at: temporary) }
    }

    /// Puts the folder, or what is in it, in its place.
    ///
    /// - Parameters:
    ///   - names: of what goes away with the old.
    ///   - overwriting: false: an error where one of them is there by now.
    ///   - last: the entry without which the folder is taken for nothing: the first to go and the
    ///     last to come.
    /// - Throws: `FileError`, with all as it was.
    package func commit(replacing names: [String], overwriting: Bool, last: String? = nil) throws {
        Self.synchronize(temporary)
        if isNew {
            let number = ExclusiveRename.move(temporary.path, to: destination.path)
            if number != 0 { throw FileError(.createFolder, destination, errorNumber: number) }
        } else {
            try exchange(names, overwriting: overwriting, last: last)
        }
        isPending = false
        Self.synchronize(destination.deletingLastPathComponent())
    }

    /// Gives the filled folder a name of its own in the place, since the one that was meant is
    /// taken: the first of `NAME`, `NAME-2`, … that nothing has.
    ///
    /// - Returns: where it is now.
    package func commit(as name: String) throws -> URL {
        Self.synchronize(temporary)
        var number = 1
        while true {
            let url = destination.appending(path: number == 1 ? name : "\(name)-\(number)")
            let problem = ExclusiveRename.move(temporary.path, to: url.path)
            if problem == 0 {
                isPending = false
                return url
            }
            guard problem == EEXIST || problem == ENOTEMPTY else {
                throw FileError(.createFolder, url, errorNumber: problem)
            }
            number += 1
        }
    }

    private func exchange(_ names: [String], overwriting: Bool, last: String?) throws {
        let old = temporary.deletingPathExtension().appendingPathExtension("old")
        var done: [(from: String, to: String)] = []
        do {
            func move(_ name: String, from: URL, to: URL) throws {
                let (from, to) = (
                    from.appending(path: name).path, to.appending(path: name).path
                )
                let number = ExclusiveRename.move(from, to: to)
                if number != 0 {
                    throw FileError(
                        .write, destination.appending(path: name), errorNumber: number)
                }
                done.append((from, to))
            }
            if overwriting {
                try Folder.create(old)
                for name in names.filter({ $0 == last }) + names.filter({ $0 != last })
                where Self.exists(destination.appending(path: name)) {
                    try move(name, from: destination, to: old)
                }
            }
            let fresh = try FileManager.default.contentsOfDirectory(atPath: temporary.path)
            for name in fresh.filter({ $0 != last }) + fresh.filter({ $0 == last }) {
                try move(name, from: temporary, to: destination)
            }
        } catch {
            for step in done.reversed() { _ = rename(step.to, step.from) }
            rmdir(old.path)
            throw error
        }
        Self.synchronize(destination)
        try? FileManager.default.removeItem(at: old)
        rmdir(temporary.path)
    }

    /// Ends an exchange in which a process was killed: what had begun to come comes whole, and else
    /// what had gone comes back.
    private static func recover(_ folder: URL) throws {
        func names(in folder: URL) -> [String] {
            (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        }
        for name in names(in: folder) where TemporaryName.isLeftover(name, ending: "old") {
            let old = folder.appending(path: name)
            let new = old.deletingPathExtension().appendingPathExtension("tmp")
            let isBegun = names(in: old).contains { exists(folder.appending(path: $0)) }
            for place in isBegun ? [new, old] : [old] {
                for name in names(in: place) where !exists(folder.appending(path: name)) {
                    let (from, to) = (place.appending(path: name), folder.appending(path: name))
                    let number = ExclusiveRename.move(from.path, to: to.path)
                    if number != 0 { throw FileError(.write, to, errorNumber: number) }
                }
            }
            for place in [old, new] { try? FileManager.default.removeItem(at: place) }
        }
    }

    private static func exists(_ url: URL) -> Bool {
        var status = stat()
        return lstat(url.path, &status) == 0
    }

    /// Best effort: the files in it are on the disk already.
    private static func synchronize(_ folder: URL) {
        let descriptor = open(folder.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}
