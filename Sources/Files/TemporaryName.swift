public import Foundation

/// Names of what is being written: hidden, and with the number of the process, so that what a
/// killed process left can be told from what another one is writing.
public enum TemporaryName {
    /// A new one for a file or folder, beside it or elsewhere.
    public static func make(for name: String) -> String {
        // A readable start, cut so that the whole stays under 255 bytes.
        let stem = String(decoding: name.utf8.prefix(120), as: UTF8.self)
        let tag = String(UInt64.random(in: .min ... .max), radix: 36)
        return ".\(stem).\(getpid())-\(tag).tmp"
    }

    /// Takes away what processes left in a folder that ended while they were writing.
    public static func removeLeftovers(in folder: URL) {
        let manager = FileManager.default
        for name in (try? manager.contentsOfDirectory(atPath: folder.path)) ?? []
        where isLeftover(name) {
            try? manager.removeItem(at: folder.appendingPathComponent(name))
        }
    }

    /// Whether a process that has ended left something under this name.
    static func isLeftover(_ name: String, ending: String = "tmp") -> Bool {
        let parts = name.split(separator: ".")
        guard name.hasPrefix("."), parts.count > 2, parts.last == ending[...] else { return false }
        let numbers = parts[parts.count - 2].split(separator: "-")
        guard numbers.count == 2, let process = Int32(numbers[0]), process > 0 else { return false }
        return kill(process, 0) != 0 && errno == ESRCH
    }
}
