import Files
public import Foundation

/// A row of files in a folder, numbered on from those that are there: nothing is ever replaced,
/// even where two programs write into one folder.
public struct NumberedFiles {
    /// Where the files are.
    public let folder: URL
    private let start: String
    private let digitCount: Int
    /// The number that the next file gets, unless another program takes it first.
    public private(set) var next: Int
    private var changed: timespec?

    /// Looks for the highest number in the folder, which must be there.
    ///
    /// - Parameters:
    ///   - start: what names begin with, before their number.
    ///   - digitCount: how many digits a number has at least.
    /// - Throws: `FileError` when the folder cannot be read.
    public init(in folder: URL, start: String = "", digitCount: Int = 5) throws {
        self.folder = folder
        self.start = start
        self.digitCount = digitCount
        next = 0
        try look()
    }

    /// Writes a file under the next number.
    ///
    /// - Parameters:
    ///   - end: what its name has after the number.
    ///   - write: writes the file; must fail with `EEXIST` where one is there.
    /// - Returns: where it is.
    public mutating func add(end: String, write: (URL) throws -> Void) throws -> URL {
        // Another program may have painted since.
        if Self.change(of: folder) != changed { try look() }
        while true {
            let url = folder.appending(
                path: Self.name(start: start, number: next, digitCount: digitCount, end: end))
            next += 1
            do {
                try write(url)
            } catch let error as FileError where error.errorNumber == EEXIST {
                continue
            }
            changed = Self.change(of: folder)
            return url
        }
    }

    /// The name of the file of a number.
    package static func name(
        start: String = "", number: Int, digitCount: Int = 5, end: String
    ) -> String {
        let digits = String(number)
        let padding = String(repeating: "0", count: max(0, digitCount - digits.count))
        return start + padding + digits + end
    }

    private mutating func look() throws {
        // Before the names are read: what comes later is seen the next time.
        changed = Self.change(of: folder)
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        } catch {
            throw FileError(.read, folder, reason: "its entries cannot be listed")
        }
        for name in names {
            if let number = number(of: name) { next = max(next, number + 1) }
        }
    }

    /// Nil for a file that has none of ours: other files may have any name.
    private func number(of name: String) -> Int? {
        guard name.hasPrefix(start) else { return nil }
        let digits = name.dropFirst(start.count).prefix { $0.isASCII && $0.isNumber }
        // Longer ones are dates or other things, and one more might be no number at all.
        guard (1...9).contains(digits.count) else { return nil }
        let rest = name.dropFirst(start.count + digits.count)
        return rest.hasPrefix("-") || rest.hasPrefix(".") ? Int(digits) : nil
    }

    private static func change(of folder: URL) -> timespec? {
        var status = stat()
        guard stat(folder.path, &status) == 0 else { return nil }
        #if canImport(Darwin)
            return status.st_mtimespec
        #else
            return status.st_mtim
        #endif
    }
}

private func != (left: timespec?, right: timespec?) -> Bool {
    left?.tv_sec != right?.tv_sec || left?.tv_nsec != right?.tv_nsec
}
