public import Foundation

/// Why a file or folder could not be read or written, as one sentence.
public struct FileError: Error, Sendable, Equatable, CustomStringConvertible, LocalizedError {
    /// What was being done when the operating system refused.
    public enum Action: Sendable, Equatable {
        case read
        case write
        case createFolder
    }

    /// What was being done.
    public let action: Action
    /// The file or folder, as a path.
    public let path: String
    /// The operating system's error number (`errno`), or 0 when `reason` says it all.
    public let errorNumber: Int32
    private let reason: String?

    /// An error of the operating system, taken from `errno`.
    public init(_ action: Action, _ url: URL, errorNumber: Int32) {
        self.action = action
        self.path = url.readablePath
        self.errorNumber = errorNumber
        self.reason = nil
    }

    /// An error that the operating system knows no number for; `reason` ends the sentence.
    public init(_ action: Action, _ url: URL, reason: String) {
        self.action = action
        self.path = url.readablePath
        self.errorNumber = 0
        self.reason = reason
    }

    /// The same error, named after the place that a file would have got: people know nothing of
    /// the temporary folder in which it was written. Errors of files elsewhere stay as they are.
    public func relocated(from temporary: URL, to destination: URL) -> FileError {
        guard path == temporary.path || path.hasPrefix(temporary.path + "/") else { return self }
        let url = URL(fileURLWithPath: destination.path + path.dropFirst(temporary.path.count))
        if let reason { return FileError(action, url, reason: reason) }
        return FileError(action, url, errorNumber: errorNumber)
    }

    /// Whether the disk, or the share of it that the user may fill, is full.
    public var isDiskFull: Bool { errorNumber == ENOSPC || errorNumber == EDQUOT }

    /// The sentence for people.
    public var description: String {
        let verb =
            switch action {
            case .read: "cannot read"
            case .write: "cannot write"
            case .createFolder: "cannot create the folder"
            }
        return "\(verb) \(path): \(reason ?? Self.explain(errorNumber, action))"
    }

    /// The sentence for people.
    public var errorDescription: String? { description }

    private static func explain(_ number: Int32, _ action: Action) -> String {
        switch number {
        case ENOSPC: return "the disk is full; free some space or choose another folder"
        case EDQUOT: return "your share of the disk is full; free some space"
        case EROFS: return "the file system is read-only; choose another folder"
        case EACCES, EPERM:
            return action == .read
                ? "permission is denied; check who may read it"
                : "permission is denied; choose a folder that you may write to"
        case ENOENT:
            return action == .read ? "there is no such file" : "its folder does not exist"
        case ENOTDIR: return "a part of its path is a file, not a folder"
        case EISDIR: return "it is a folder, not a file"
        case EEXIST: return "a file of that name is in the way"
        case ENAMETOOLONG: return "the name is too long"
        case EMFILE, ENFILE: return "too many files are open"
        case EFBIG: return "the file would be larger than this file system or your limit allows"
        case EIO: return "the disk reports an input/output error"
        default: return String(cString: strerror(number))
        }
    }
}
