import RunRecord
import Torch

/// What a run will hold, found by running it without computing anything.
public struct MemoryForecast: Codable, Sendable, Equatable {
    /// A part of a run, in the order in which they come.
    public struct Phase: Codable, Sendable, Equatable {
        /// For people: `training`.
        public let name: String
        /// The most that tensors have at once on the device, in bytes.
        public let inUse: Int
        /// The most that tensors have at once in main memory beside a GPU, in bytes; 0 on a
        /// processor.
        public let inMainMemory: Int
    }

    /// What a part of the memory is for while a step is trained.
    public struct Purpose: Codable, Sendable, Equatable {
        /// For people: `moments`.
        public let name: String
        /// On the device, in bytes.
        public let onDevice: Int
        /// In main memory beside a GPU, in bytes.
        public let inMainMemory: Int
        /// On a disk in place of memory, in bytes.
        public let onDisk: Int
    }

    /// The parts of the run.
    public let phases: [Phase]
    /// The memory of the training step by what it is for.
    public let purposes: [Purpose]
    /// The most that is reserved on the device for tensors, in bytes. What a driver or a desktop
    /// takes is not in it.
    public let tensorPeak: Int
    /// What the program itself has beside tensors on a processor, in bytes; 0 on a GPU.
    public let program: Int
    /// The most that tensors have at once in main memory beside a GPU, in bytes; 0 on a processor.
    public let mainMemoryPeak: Int
    /// The most that is kept on a disk instead of in memory, in bytes.
    public let diskPeak: Int
    /// What has to be free on that disk, in bytes: what the run writes counts too, where it goes
    /// to the same.
    public let diskRoom: Int
    /// Weights that are trained.
    public let trainedCount: Int

    /// The most that the run takes of the device, in bytes.
    public var peak: Int { tensorPeak + program }

    /// What computing takes beside tensors: kernels that oneDNN compiles, stacks of threads, buffers
    /// of libvips. What runs of the embedded model held beside their tensors was 241 to 273 MiB, of
    /// which the program as it begins has 160 to 180.
    private static let computing = 90 << 20

    /// How much more a processor's memory is taken than tensors have: the C library keeps parts of
    /// what was freed, as a GPU's allocator does.
    static let allowance = 1.1

    /// What the program has beside tensors, as it is before the first forecast: what is measured
    /// later leaves memory behind.
    static let programOnProcessor = (MemoryUse.resident ?? 180 << 20) + computing
}

/// Reads what the tensors of ``Device/meta(_:)`` would take, part after part.
struct MemoryGauge {
    /// What the run's device counts as.
    let device: Device
    private(set) var phases: [MemoryForecast.Phase] = []
    private(set) var peak = 0
    private(set) var mainMemoryPeak = 0
    private(set) var diskPeak = 0
    private let isProcessor: Bool
    /// What other forecasts of this process still hold.
    private let before: (device: Int, main: Int, disk: Int)
    private static let disk = Device.meta(.disk)

    /// - Parameter device: the one that the run is for.
    init(like device: Device) {
        isProcessor = device.isProcessor
        self.device = .meta(isProcessor ? .main : .gpu)
        self.device.emptyCache()
        for one in [self.device, self.device.mainMemory] { one.resetPeakMemory() }
        before = (
            self.device.memoryInUse?.inUse ?? 0, self.device.mainMemory.memoryInUse?.inUse ?? 0,
            Self.disk.memoryInUse?.inUse ?? 0
        )
    }

    /// What tensors have now on the device, in main memory beside it and on a disk.
    var now: (onDevice: Int, inMainMemory: Int, onDisk: Int) {
        (
            (device.memoryInUse?.inUse ?? 0) - before.device,
            isProcessor ? 0 : (device.mainMemory.memoryInUse?.inUse ?? 0) - before.main,
            (Self.disk.memoryInUse?.inUse ?? 0) - before.disk
        )
    }

    /// Runs a part and takes note of its peak.
    mutating func phase<Result>(_ name: String, _ body: () throws -> Result) rethrows -> Result {
        for one in [device, device.mainMemory] { one.resetPeakMemory() }
        let result = try body()
        let found = device.memoryInUse
        let main = isProcessor ? 0 : (device.mainMemory.memoryInUse?.peakInUse ?? 0) - before.main
        phases.append(
            MemoryForecast.Phase(
                name: name, inUse: (found?.peakInUse ?? 0) - before.device, inMainMemory: main))
        let held = (found?.peakReserved ?? 0) - before.device
        peak = max(
            peak, isProcessor ? Int(Double(held) * MemoryForecast.allowance) : held)
        mainMemoryPeak = max(mainMemoryPeak, main)
        diskPeak = max(diskPeak, (Self.disk.memoryInUse?.inUse ?? 0) - before.disk)
        return result
    }
}
