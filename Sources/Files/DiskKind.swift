public import Foundation

/// What a folder's disk is, where it is no local one.
public enum DiskKind: Sendable, Equatable {
    /// Another machine's, over a network.
    case network
    /// Main memory.
    case memory

    /// What that means for what is kept there, as a part of a sentence.
    public var consequence: String {
        switch self {
        case .network: "is on another machine, and the network is in the way of every step"
        case .memory: "is in main memory itself, which it saves nothing of"
        }
    }

    /// Nil for a local disk, and where the system does not say.
    public init?(of folder: URL) {
        #if canImport(Darwin)
            var status = statfs()
            guard folder.withPathBytes({ statfs($0, &status) }) == 0,
                status.f_flags & UInt32(MNT_LOCAL) == 0
            else { return nil }
            self = .network
        #else
            guard let table = try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)
            else { return nil }
            self.init(of: FilePlace(folder).path, mounts: table)
        #endif
    }

    /// - Parameter mounts: a line for each file system: device, folder, type and more.
    package init?(of path: String, mounts: String) {
        var nearest: (folder: String, type: String)?
        for line in mounts.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count > 2 else { continue }
            let folder = String(words[1]).replacing("\\040", with: " ")
            let isAbove = folder == "/" || path == folder || path.hasPrefix(folder + "/")
            // The last one over a folder is what is there.
            guard isAbove, folder.utf8.count >= nearest?.folder.utf8.count ?? 0 else { continue }
            nearest = (folder, String(words[2]))
        }
        switch nearest?.type {
        case "tmpfs", "ramfs": self = .memory
        case "nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "9p", "afs", "lustre", "glusterfs",
            "beegfs", "fuse.sshfs", "fuse.glusterfs", "fuse.s3fs":
            self = .network
        default: return nil
        }
    }

    /// Whether two folders are on one disk, or the nearest above them that are there.
    public static func isOne(_ folder: URL, _ other: URL) -> Bool {
        func device(_ folder: URL) -> dev_t? {
            var place = FilePlace(folder).url
            var status = stat()
            while place.withPathBytes({ stat($0, &status) }) != 0 {
                guard errno == ENOENT, place.path != "/" else { return nil }
                place = place.deletingLastPathComponent()
            }
            return status.st_dev
        }
        return device(folder) == device(other)
    }

    /// Bytes that are free for a program on the disk of a folder, or of the nearest one above it that
    /// is there; nil: the system does not say.
    public static func free(at folder: URL) -> Int? {
        var place = FilePlace(folder).url
        var status = statvfs()
        while place.withPathBytes({ statvfs($0, &status) }) != 0 {
            guard errno == ENOENT, place.path != "/" else { return nil }
            place = place.deletingLastPathComponent()
        }
        return Int(status.f_bavail) * Int(status.f_frsize)
    }
}
