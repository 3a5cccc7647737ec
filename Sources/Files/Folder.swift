public import Foundation

/// Folders, with errors that are one sentence.
public enum Folder {
    /// Creates the folder and those above it; a folder that is already there is fine.
    public static func create(_ url: URL) throws(FileError) {
        let place = FilePlace(url)
        let path = place.path
        var status = stat()
        if stat(path, &status) == 0 {
            if status.st_mode & S_IFMT == S_IFDIR { return }
            throw FileError(.createFolder, url, errorNumber: EEXIST)
        }
        let parent = place.url.deletingLastPathComponent()
        if parent.path != path { try create(parent) }
        if mkdir(path, 0o777) != 0 {
            let number = errno
            // Another process may have made it in the meantime.
            if number == EEXIST, stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
                return
            }
            throw FileError(.createFolder, url, errorNumber: number)
        }
    }

    /// What is in the folder but `.` and `..`, in no order, with names of any bytes.
    ///
    /// - Throws: `FileError` where it is absent, no folder, or may not be listed.
    public static func entries(of url: URL) throws(FileError) -> [URL] {
        guard let stream = url.withPathBytes({ opendir($0) }) else {
            throw FileError(.read, url, errorNumber: errno)
        }
        defer { closedir(stream) }
        var entries: [URL] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                let number = errno
                if number != 0 { throw FileError(.read, url, errorNumber: number) }
                return entries
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                Array(bytes.prefix { $0 != 0 })
            }
            if name == Array(".".utf8) || name == Array("..".utf8) { continue }
            entries.append(url.appending(nameBytes: name))
        }
    }
}
