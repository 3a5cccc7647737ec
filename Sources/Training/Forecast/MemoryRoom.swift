import Files
public import Foundation
public import Settings
import RunRecord
public import Torch

/// The memory that a training may take, in bytes, without what forecasts do not see.
public struct MemoryRoom: Codable, Sendable, Equatable {
    /// On the device.
    public let onDevice: Int
    /// In main memory beside a GPU; on a processor of no account.
    public let inMainMemory: Int
    /// On the disk that stands in for memory where that is short.
    public let onDisk: Int
    /// Whether `device-memory-limit` is what limits it, and not the machine.
    public let isToldLimit: Bool

    /// What a GPU needs beside tensors: its context, and workspaces of its libraries.
    private static let unseen = (context: 512 << 20, workspaces: 512 << 20)
    /// The share of free main memory that is taken.
    private static let share = 0.9

    /// Room; see the members.
    public init(
        onDevice: Int, inMainMemory: Int, onDisk: Int = .max, isToldLimit: Bool = false
    ) {
        self.onDevice = onDevice
        self.inMainMemory = inMainMemory
        self.onDisk = onDisk
        self.isToldLimit = isToldLimit
    }

    /// What there is for a training now; nil where the device is not there and no limit is told.
    ///
    /// - Parameters:
    ///   - limit: all that the run may take of the device.
    ///   - folder: on whose disk lies what has no room in memory; nil: nothing does.
    public init?(on device: Device, limit: ByteCount?, folder: URL? = nil) {
        let disk = folder.flatMap(DiskKind.free) ?? 0
        let main = Int(Double(MachineMemory.available) * Self.share)
        guard !device.isProcessor else {
            // What the program has already is counted in what a run takes.
            let room = min(main + (MemoryUse.resident ?? 0), limit?.bytes ?? .max)
            self.init(
                onDevice: room, inMainMemory: room, onDisk: disk, isToldLimit: room == limit?.bytes)
            return
        }
        // The context is made by asking.
        let free = device.memory.map { $0.free - Self.unseen.workspaces }
        let told = limit.map { $0.bytes - Self.unseen.context - Self.unseen.workspaces }
        guard let least = [free, told].compactMap(\.self).min() else { return nil }
        self.init(
            onDevice: max(0, least), inMainMemory: main, onDisk: disk,
            isToldLimit: told.map { $0 <= free ?? .max } ?? false)
    }

    /// Has the device refuse what goes beyond a limit; to be told before anything is allocated.
    ///
    /// On a processor, and on an Apple GPU, a limit is planned with and not enforced.
    public static func enforce(_ limit: ByteCount, on device: Device) {
        device.limitMemory(to: max(0, limit.bytes - unseen.context))
    }

    /// Whether a run has enough.
    public func fits(_ memory: MemoryForecast) -> Bool { excess(memory) <= 0 }

    /// Whether there is so much, in bytes.
    public func has(onDevice device: Int, inMainMemory main: Int) -> Bool {
        device <= onDevice && main <= inMainMemory
    }

    func excess(_ memory: MemoryForecast) -> Int {
        max(
            memory.peak - onDevice, memory.mainMemoryPeak - inMainMemory, memory.diskRoom - onDisk)
    }
}
