import Foundation
import RunRecord
import Torch

/// What can be seen of the machine.
struct MachineFacts {
    /// Memory of each NVIDIA GPU, in bytes.
    var gpuMemory: [Int] = (0..<Device.cudaCount).map { Device.cuda($0).memory?.total ?? 0 }
    var hasAppleGPU = Device.hasMPS
    /// In bytes.
    var memory = MachineMemory.bytes

    /// Where a whole model in fp32 does not fit beside its gradients and moments.
    var isSmall: Bool { gpuMemory.first.map { $0 < 20 << 30 } ?? false }

    /// One sentence.
    var description: String {
        let devices =
            gpuMemory.isEmpty
            ? [hasAppleGPU ? "an Apple GPU" : "no GPU that LibTorch can use"]
            : gpuMemory.enumerated().map { "cuda:\($0) with \(MemoryUse.text($1))" }
        return "This machine has \(devices.joined(separator: ", ")), and \(MemoryUse.text(memory)) "
            + "of main memory."
    }
}
