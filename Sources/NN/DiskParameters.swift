public import Torch

/// Parameters of another source, in memory on a disk.
public struct DiskParameters: ParameterSource {
    private let base: any ParameterSource
    private let disk: DiskMemory

    /// - Parameter base: gives them in main memory.
    public init(_ base: any ParameterSource, _ disk: DiskMemory) {
        self.base = base
        self.disk = disk
    }

    /// Whether the other source has a parameter of this name.
    public func has(_ name: String) -> Bool { base.has(name) }

    /// As the other source gives it.
    public func tensor(
        _ name: String, shape: [Int], _ initialization: Initialization
    ) throws(CheckpointError) -> Tensor {
        disk.place(try base.tensor(name, shape: shape, initialization))
    }
}
