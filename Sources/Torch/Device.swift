internal import CTorch

/// Where a tensor lives and is computed.
public enum Device: Hashable, Sendable, CustomStringConvertible {
    case cpu
    /// An NVIDIA GPU by its number, from 0.
    case cuda(Int)
    /// The GPU of an Apple computer.
    case mps
    /// Nowhere: tensors have shapes and no data, operations compute nothing, and what is counted is
    /// the memory that it all would take. Numbers that are read are 1, elements 0.
    case meta(MetaMemory)

    /// Whether this is main memory, or counts as it.
    public var isProcessor: Bool { self == .cpu || self == .meta(.main) }

    /// The main memory beside this device: where what does not fit on it can lie.
    public var mainMemory: Device {
        if case .meta = self { .meta(.main) } else { .cpu }
    }

    /// As it is typed: `cpu`, `cuda:0`, `mps`; and `meta`, which cannot be.
    public var description: String {
        switch self {
        case .cpu: "cpu"
        case .cuda(let index): "cuda:\(index)"
        case .mps: "mps"
        case .meta: "meta"
        }
    }

    /// How many GPUs LibTorch can use; opens its CUDA half at the first call.
    public static var cudaCount: Int { Int(ct_device_count(CT_CUDA)) }

    /// What stands between this machine and an NVIDIA GPU; nil where one can be used.
    public static var cudaObstacle: CUDAObstacle? {
        if cudaCount > 0 { return nil }
        let hasDriver = ct_has_nvidia_driver()
        guard ct_load_accelerators() else {
            let said = String(cString: ct_accelerator_problem())
            // A library that is there and does not open names another.
            if said.hasPrefix("libtorch_cuda.so:"), said.contains("No such file") {
                return hasDriver ? .noLibrary : .nothing
            }
            return .broken(said)
        }
        return hasDriver ? .noCard : .noDriver
    }

    /// Whether LibTorch can use the GPU of an Apple computer.
    public static var hasMPS: Bool { ct_device_count(CT_MPS) > 0 }

    /// The fastest device of this machine.
    public static var best: Device {
        if cudaCount > 0 { return .cuda(0) }
        return hasMPS ? .mps : .cpu
    }

    /// Reads `auto`, `cpu`, `cuda`, `cuda:N` or `mps`.
    ///
    /// - Throws: ``DeviceError`` when the text is none of these or the device is not there.
    public init(named name: String) throws(DeviceError) {
        let parts = name.lowercased().split(separator: ":", omittingEmptySubsequences: false)
        switch (parts.first.map(String.init) ?? "", parts.count) {
        case ("auto", 1): self = .best
        case ("cpu", 1): self = .cpu
        case ("mps", 1):
            guard Device.hasMPS else { throw .missing(name, found: "no Apple GPU") }
            self = .mps
        case ("cuda", 1...2):
            guard let index = parts.count == 1 ? 0 : Int(parts[1]), index >= 0 else {
                throw .unknown(name)
            }
            let count = Device.cudaCount
            guard index < count else {
                if let obstacle = Device.cudaObstacle { throw .unusable(name, obstacle) }
                throw .missing(name, found: "\(count) NVIDIA GPU(s)")
            }
            self = .cuda(index)
        default: throw .unknown(name)
        }
    }

    /// Waits until the device has done all work given to it.
    public func synchronize() {
        trapOnFailure(ct_synchronize(code), "synchronize", [])
    }

    /// Makes this the device of the calling thread, where nothing says which: else that is the first
    /// GPU, and whatever asks CUDA for something there takes hundreds of MB of it.
    public func use() { trapOnFailure(ct_use_device(code), "use", []) }

    /// What LibTorch's allocator holds on a GPU, or would. Nil on a CPU, whose memory the operating system accounts for.
    public var memoryInUse: DeviceMemory? {
        var current: Int64 = 0
        var peakInUse: Int64 = 0
        var peakReserved: Int64 = 0
        guard self != .cpu,
            ct_memory_in_use(code, &current, &peakInUse, &peakReserved) == CT_OK
        else { return nil }
        return DeviceMemory(
            inUse: Int(current), peakInUse: Int(peakInUse), peakReserved: Int(peakReserved))
    }

    /// Counts peaks from what there is now; nothing to do on a CPU.
    public func resetPeakMemory() {
        guard self != .cpu else { return }
        trapOnFailure(ct_reset_peak_memory(code), "resetPeakMemory", [])
    }

    /// Free and total bytes of a GPU's memory; nil on a CPU.
    public var memory: (free: Int, total: Int)? {
        var free: Int64 = 0
        var total: Int64 = 0
        guard self != .cpu, ct_memory_info(code, &free, &total) == CT_OK else { return nil }
        return (Int(free), Int(total))
    }

    /// Has the allocator of an NVIDIA GPU reserve so many bytes at most: what goes beyond is out of
    /// memory, as on a smaller card. To be told before anything is allocated there.
    ///
    /// - Returns: whether the device has a limit now.
    @discardableResult
    public func limitMemory(to bytes: Int) -> Bool {
        guard case .cuda = self else { return false }
        return ct_limit_memory(code, Int64(bytes)) == CT_OK
    }

    /// Gives cached memory back to the device; nothing to do on a CPU.
    public func emptyCache() {
        trapOnFailure(ct_empty_cache(code), "emptyCache", [])
    }

    /// Gives back main memory that was freed and that the C library may keep for later: gigabytes,
    /// after a model has gone through it to a GPU.
    public static func trimMainMemory() { ct_trim_host_memory() }

    var code: ct_device {
        switch self {
        case .cpu: ct_device(kind: CT_CPU, index: 0)
        case .cuda(let index): ct_device(kind: CT_CUDA, index: Int32(index))
        case .mps: ct_device(kind: CT_MPS, index: 0)
        case .meta(.main): ct_device(kind: CT_META, index: 0)
        case .meta(.gpu): ct_device(kind: CT_META, index: 1)
        case .meta(.disk): ct_device(kind: CT_META, index: 2)
        }
    }

    init(code: ct_device) {
        switch code.kind {
        case CT_CUDA: self = .cuda(Int(code.index))
        case CT_MPS: self = .mps
        case CT_META: self = .meta(code.index == 0 ? .main : .gpu)
        default: self = .cpu
        }
    }
}

/// What an allocator holds, in bytes.
public struct DeviceMemory: Sendable, Equatable {
    /// What tensors have now.
    public let inUse: Int
    /// The most that they had at once.
    public let peakInUse: Int
    /// The most that the allocator held for them.
    public let peakReserved: Int
}

/// As what the memory of ``Device/meta(_:)`` is counted.
public enum MetaMemory: Hashable, Sendable {
    /// Bytes as they are asked for.
    case main
    /// By the rules of CUDA's caching allocator, which reserves more than is in use.
    case gpu
    /// What lies in files (``DiskMemory``), which is computed with as main memory is.
    case disk
}

/// Why no NVIDIA GPU can be used.
public enum CUDAObstacle: Equatable, Sendable, CustomStringConvertible {
    /// Neither NVIDIA's driver nor the CUDA half of LibTorch is there.
    case nothing
    /// The driver is there and the CUDA half of LibTorch is not.
    case noLibrary
    /// The CUDA half of LibTorch is there and does not open; with what the loader said.
    case broken(String)
    /// The CUDA half of LibTorch is there and NVIDIA's driver is not.
    case noDriver
    /// Both are there, and no card that they can use.
    case noCard

    /// What is found, and what is to do, as a part of a sentence.
    public var description: String {
        let found = "this machine has no NVIDIA GPU that LibTorch can use"
        return switch self {
        case .nothing: found
        case .noLibrary:
            "\(found): NVIDIA's driver is there and LibTorch's CUDA half is not (`make setup` "
                + "fetches it, or says why not)"
        case .broken(let said): "\(found): its CUDA half does not load (\(said))"
        case .noDriver:
            "\(found): its CUDA half is loaded and finds no driver of NVIDIA's (libcuda.so.1)"
        case .noCard: "\(found): its CUDA half and NVIDIA's driver are loaded and find no card"
        }
    }
}

/// A device that was asked for and cannot be had.
public enum DeviceError: Error, CustomStringConvertible {
    case unknown(String)
    case missing(String, found: String)
    case unusable(String, CUDAObstacle)

    /// The sentence for people.
    public var description: String {
        switch self {
        case .unknown(let name):
            "`device` \(name): expected auto, cpu, cuda, cuda:N or mps; choose one of these."
        case .missing(let name, let found):
            "`device` \(name): this machine has \(found) that LibTorch can use; "
                + "use `device` auto or `device` cpu."
        case .unusable(let name, let obstacle):
            "`device` \(name): \(obstacle); use `device` auto or `device` cpu."
        }
    }
}

/// The arithmetic of a machine as a whole.
public enum Compute {
    /// Lets matrix products and convolutions on NVIDIA GPUs round fp32 operands to TF32, and
    /// cuDNN try its kernels to find the fastest.
    public static func allowFastMatmul(_ allowed: Bool) {
        trapOnFailure(ct_set_fast_matmul(allowed), "allowFastMatmul", [])
    }

    /// How many threads an operation on the CPU may use.
    public static var threadCount: Int {
        get { Int(ct_thread_count()) }
        set { ct_set_thread_count(Int32(newValue)) }
    }

    /// Whether the processor multiplies bf16 by itself: then it does so at twice the rate of fp32.
    public static var hasFastBFloat16: Bool { ct_has_fast_bfloat16() }

    /// Whether attention in bf16 on the CPU is a kernel of our own, which needs AVX-512.
    package static var hasWideAttention: Bool { ct_has_wide_attention() }

    /// LibTorch's version, as the build saw it.
    public static var libTorchVersion: String { String(cString: ct_version()) }
}
