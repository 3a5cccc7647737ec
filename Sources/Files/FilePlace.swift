public import Foundation

/// Where a file or folder is, or would be made, whatever name it was given by.
///
/// What exists is known by its device and inode, so links of either kind, `..`, a second mount and
/// another case, where the file system takes it for the same name, make no difference. What does
/// not exist yet is known by the deepest folder that does and the names below it.
public struct FilePlace: Sendable {
    /// How one place lies to another.
    public enum Relation: Sendable, Equatable {
        case same
        case inside
        case containing
    }

    /// The way to it from the root, without links and dots, as far as it exists.
    public let path: String
    /// The deepest that exists, and every folder above it up to the root.
    private let existing: [Identity]
    /// The names below that.
    private let missing: [String]
    private let ignoresCase: Bool

    private struct Identity: Hashable {
        let device: UInt64
        let inode: UInt64
    }

    /// Looks at the file system as it is now.
    public init(_ url: URL) {
        let (real, missing) = Self.resolve(url.path)
        let separator = real.hasSuffix("/") || missing.isEmpty ? "" : "/"
        path = real + separator + missing.joined(separator: "/")
        self.missing = missing
        ignoresCase = !missing.isEmpty && Self.ignoresCase(real)
        var identities: [Identity] = []
        var place = real
        while true {
            if let identity = Self.identity(place) { identities.append(identity) }
            if place == "/" || place.isEmpty { break }
            place = Self.parent(place)
        }
        existing = identities
    }

    /// The place as a URL, without links and dots.
    public var url: URL { URL(fileURLWithPath: path) }

    /// Whether something is there.
    public var exists: Bool { missing.isEmpty }

    /// How this place lies to another; nil: neither has to do with the other.
    public func relation(to other: FilePlace) -> Relation? {
        if isSame(as: other) { return .same }
        if isBelow(other) { return .inside }
        return other.isBelow(self) ? .containing : nil
    }

    private func isSame(as other: FilePlace) -> Bool {
        existing.first == other.existing.first && missing.count == other.missing.count
            && begins(with: other)
    }

    private func isBelow(_ other: FilePlace) -> Bool {
        guard let top = other.existing.first else { return false }
        if other.missing.isEmpty {
            return existing.dropFirst().contains(top) || (existing.first == top && !exists)
        }
        return existing.first == top && missing.count > other.missing.count && begins(with: other)
    }

    /// Whether the missing names begin with those of the other.
    private func begins(with other: FilePlace) -> Bool {
        zip(missing, other.missing).allSatisfy { one, another in
            one == another || (ignoresCase && one.lowercased() == another.lowercased())
        }
    }

    // MARK: - The file system

    /// Follows links as the system does, but does not end where something is missing.
    private static func resolve(_ path: String) -> (real: String, missing: [String]) {
        var pending = Array(path.split(separator: "/").reversed().map(String.init))
        var real = "/"
        if !path.hasPrefix("/") { real = currentFolder }
        var missing: [String] = []
        var linkCount = 0
        while let name = pending.popLast() {
            if name == "." { continue }
            if name == ".." {
                if missing.popLast() == nil { real = parent(real) }
                continue
            }
            guard missing.isEmpty else {
                missing.append(name)
                continue
            }
            let place = real == "/" ? "/\(name)" : "\(real)/\(name)"
            var status = stat()
            guard lstat(place, &status) == 0 else {
                missing.append(name)
                continue
            }
            guard status.st_mode & S_IFMT == S_IFLNK else {
                real = place
                continue
            }
            linkCount += 1
            // As many as Linux follows; a circle leads nowhere.
            guard linkCount <= 40,
                let target = try? FileManager.default.destinationOfSymbolicLink(atPath: place)
            else {
                missing.append(name)
                continue
            }
            if target.hasPrefix("/") { real = "/" }
            pending += target.split(separator: "/").reversed().map(String.init)
        }
        return (real, missing)
    }

    /// Without links, since the system gives it so.
    private static var currentFolder: String { FileManager.default.currentDirectoryPath }

    private static func parent(_ path: String) -> String {
        let above = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        return above.isEmpty ? "/" : String(above)
    }

    private static func identity(_ path: String) -> Identity? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Identity(
            device: UInt64(truncatingIfNeeded: status.st_dev),
            inode: UInt64(truncatingIfNeeded: status.st_ino))
    }

    /// Whether names in a folder that differ only in case are one, as far as what is there tells.
    private static func ignoresCase(_ folder: String) -> Bool {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names {
            let other = name == name.lowercased() ? name.uppercased() : name.lowercased()
            guard other != name, !names.contains(other) else { continue }
            return identity("\(folder)/\(other)") != nil
        }
        return false
    }
}
