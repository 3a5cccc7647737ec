public import Torch

/// Parameters of another source, put elsewhere as they are given: where a device can copy from by
/// itself (``Torch/Tensor/pinned(for:)``), or on a disk (``Torch/DiskMemory``).
public struct PlacedParameters: ParameterSource {
    private let base: any ParameterSource
    private let place: (Tensor) -> Tensor

    /// - Parameters:
    ///   - base: gives them in main memory.
    ///   - place: gives the same numbers, where they are to lie.
    public init(_ base: any ParameterSource, place: @escaping (Tensor) -> Tensor) {
        self.base = base
        self.place = place
    }

    /// Whether the other source has a parameter of this name.
    public func has(_ name: String) -> Bool { base.has(name) }

    /// As the other source gives it.
    public func tensor(
        _ name: String, shape: [Int], _ initialization: Initialization
    ) throws(CheckpointError) -> Tensor {
        place(try base.tensor(name, shape: shape, initialization))
    }
}
