import Foundation

/// Renames that put nothing in the place of something else.
package enum ExclusiveRename {
    /// Gives a file or folder a name that nothing has.
    ///
    /// - Returns: 0, or the number of the error: `EEXIST` where something has the name.
    package static func move(_ from: String, to: String) -> Int32 {
        var status = stat()
        guard lstat(from, &status) == 0 else { return errno }
        if status.st_mode & S_IFMT == S_IFDIR { return moveFolder(from, to: to) }
        // A second name fails where the name is taken, in one step.
        if link(from, to) == 0 {
            unlink(from)
            return 0
        }
        guard errno != EEXIST, errno != ENOENT, errno != ENOTDIR else { return errno }
        // Not every file system has second names.
        let descriptor = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return errno }
        close(descriptor)
        guard rename(from, to) != 0 else { return 0 }
        let number = errno
        unlink(to)
        return number
    }

    /// Takes the name first, which only one can; an empty folder may then be replaced.
    private static func moveFolder(_ from: String, to: String) -> Int32 {
        guard mkdir(to, 0o700) == 0 else { return errno }
        guard rename(from, to) != 0 else { return 0 }
        let number = errno
        rmdir(to)
        return number
    }
}
