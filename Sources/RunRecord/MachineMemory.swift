import Foundation

/// The memory that there is.
package enum MachineMemory {
    /// The machine's, or what a container may take of it.
    package static var bytes: Int {
        min(Int(clamping: ProcessInfo.processInfo.physicalMemory), group("memory.max") ?? .max)
    }

    /// What a program can take without others being put out to the disk; where that cannot be
    /// seen, what there is.
    package static var available: Int {
        let machine = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8)
        let line = machine?.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
        let kilobytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap {
            Int($0)
        }
        let ofGroup = group("memory.max").map { max(0, $0 - (group("memory.current") ?? 0)) }
        return min(kilobytes.map { $0 << 10 } ?? bytes, ofGroup ?? .max)
    }

    /// A number of the control group that the process is in.
    private static func group(_ name: String) -> Int? {
        let text = try? String(contentsOfFile: "/sys/fs/cgroup/\(name)", encoding: .utf8)
        return text.flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }
}
