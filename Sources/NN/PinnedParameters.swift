public import Torch

/// Parameters of another source, in main memory that a GPU can copy from by itself.
public struct PinnedParameters: ParameterSource {
    private let base: any ParameterSource
    private let device: Device

    /// - Parameters:
    ///   - base: gives them in main memory.
    ///   - device: copies them.
    public init(_ base: any ParameterSource, for device: Device) {
        self.base = base
        self.device = device
    }

    /// Whether the other source has a parameter of this name.
    public func has(_ name: String) -> Bool { base.has(name) }

    /// As the other source gives it.
    public func tensor(
        _ name: String, shape: [Int], _ initialization: Initialization
    ) throws(CheckpointError) -> Tensor {
        try base.tensor(name, shape: shape, initialization).pinned(for: device)
    }
}
