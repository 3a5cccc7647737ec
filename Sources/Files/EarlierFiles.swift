public import Foundation

/// What an earlier run left in a folder, put aside in a folder within it until the new is whole.
public struct EarlierFiles {
    /// The start of the names of such folders: `attune-earlier`, `attune-earlier-2`, …
    public static let name = "attune-earlier"

    /// Where it is; nil where there was nothing.
    public let place: URL?
    private let folder: URL
    private let names: [String]

    /// Moves entries of a folder, those that are there.
    ///
    /// - Parameter names: as `notes.txt`, or as `pictures/1.png`.
    /// - Throws: `FileError`, with all where it was.
    public init(settingAside names: [String], in folder: URL) throws {
        self.folder = folder
        self.names = names.filter { Self.exists(folder.appendingPathComponent($0)) }
        guard !self.names.isEmpty else {
            place = nil
            return
        }
        let place = try Self.free(in: folder)
        self.place = place
        var moved: [String] = []
        for name in self.names {
            let from = folder.appendingPathComponent(name)
            let number = Self.move(name, from: folder, to: place)
            if number == 0 {
                moved.append(name)
                continue
            }
            Self.move(moved, from: place, to: folder)
            throw FileError(.write, from, errorNumber: number)
        }
    }

    /// Moves all back; what has got a name meanwhile goes away, unless it is a folder.
    public func restore() {
        guard let place else { return }
        Self.move(names, from: place, to: folder)
    }

    /// Takes away all that was put aside in a folder, now and before.
    ///
    /// - Parameter isOurs: says by a file's name whether the program wrote it: all else is left.
    /// - Returns: what could not go, since something else is in it.
    public static func remove(in folder: URL, where isOurs: (String) -> Bool) -> [URL] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0 == name || $0.hasPrefix("\(name)-") }
            .sorted()
            .map { folder.appendingPathComponent($0) }.filter { !remove($0, isOurs) }
    }

    private static func remove(_ url: URL, _ isOurs: (String) -> Bool) -> Bool {
        var status = stat()
        guard lstat(url.path, &status) == 0 else { return true }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            return isOurs(url.lastPathComponent) && unlink(url.path) == 0
        }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
        var isEmpty = true
        for name in names where !remove(url.appendingPathComponent(name), isOurs) {
            isEmpty = false
        }
        return isEmpty && rmdir(url.path) == 0
    }

    private static func free(in folder: URL) throws -> URL {
        var number = 1
        while true {
            let url = folder.appendingPathComponent(number == 1 ? name : "\(name)-\(number)")
            if mkdir(url.path, 0o777) == 0 { return url }
            guard errno == EEXIST else { throw FileError(.createFolder, url, errorNumber: errno) }
            number += 1
        }
    }

    private static func move(_ names: [String], from: URL, to: URL) {
        for name in names { _ = move(name, from: from, to: to) }
        rmdir(from.path)
    }

    /// Takes the folder that it was in away, where nothing else is in it.
    private static func move(_ name: String, from: URL, to: URL) -> Int32 {
        let (old, new) = (from.appendingPathComponent(name), to.appendingPathComponent(name))
        if name.contains("/") {
            do throws(FileError) {
                try Folder.create(new.deletingLastPathComponent())
            } catch {
                return error.errorNumber
            }
        }
        guard rename(old.path, new.path) == 0 else { return errno }
        if name.contains("/") { rmdir(old.deletingLastPathComponent().path) }
        return 0
    }

    private static func exists(_ url: URL) -> Bool {
        var status = stat()
        return lstat(url.path, &status) == 0
    }
}
