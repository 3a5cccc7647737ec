import Foundation

/// The memory that there is.
package enum MachineMemory {
    /// The machine's, or what a container may take of it.
    package static var bytes: Int {
        let physical = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        let limit = try? String(contentsOfFile: "/sys/fs/cgroup/memory.max", encoding: .utf8)
        let number = limit.flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        return min(physical, number ?? .max)
    }
}
