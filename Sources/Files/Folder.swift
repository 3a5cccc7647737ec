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
}
