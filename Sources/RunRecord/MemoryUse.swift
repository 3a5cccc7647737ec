import Foundation
package import Torch

/// How much memory a run takes.
package enum MemoryUse {
    /// The most that the process has had on a CPU, what is allocated on a GPU; in bytes. Nil where
    /// the system does not tell.
    package static func now(on device: Device) -> Int? {
        if let use = device.memoryInUse { return use.inUse }
        return processPeak
    }

    /// The most that there was at any time, in bytes.
    package static func peak(on device: Device) -> Int? {
        device.memoryInUse.map { $0.peakReserved } ?? processPeak
    }

    /// `1.4 GB`, `620 MB`
    package static func text(_ bytes: Int) -> String {
        let megabytes = Double(bytes) / 1e6
        return megabytes < 1000
            ? String(format: "%.0f MB", megabytes) : String(format: "%.1f GB", megabytes / 1000)
    }

    /// What the process has in main memory now, in bytes.
    package static var resident: Int? { status("VmRSS:") }

    /// A line of what the system says of the process, in bytes.
    private static func status(_ name: String) -> Int? {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name) }),
            let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first,
            let count = Int(kilobytes)
        else { return nil }
        return count * 1024
    }

    private static var processPeak: Int? {
        #if os(Linux)
            // getrusage would tell the peak of the program that started this one, too.
            return status("VmHWM:")
        #else
            var usage = rusage()
            return getrusage(RUSAGE_SELF, &usage) == 0 ? Int(usage.ru_maxrss) : nil
        #endif
    }
}
