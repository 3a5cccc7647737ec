public import Torch

/// The parameters of a network that is there already, as copies in another type or elsewhere: a
/// second network of the same layers over them computes with those.
public struct ConvertedParameters: ParameterSource {
    private let shared: SharedParameters
    private let dtype: DType
    private let device: Device
    private let format: MemoryFormat

    /// - Parameters:
    ///   - store: of the other network.
    ///   - format: of convolution weights; networks lay their activations out as these lie.
    public init(
        _ store: ParameterStore, dtype: DType, device: Device, format: MemoryFormat = .preserved
    ) {
        shared = SharedParameters(store)
        self.dtype = dtype
        self.device = device
        self.format = format
    }

    /// Whether the other network has a parameter of this name.
    public func has(_ name: String) -> Bool { shared.has(name) }

    /// A copy of the other network's tensor.
    ///
    /// - Throws: ``Torch/CheckpointError`` when it has none of this name and shape, or when its
    ///   values leave the range of the type.
    public func tensor(
        _ name: String, shape: [Int], _ initialization: Initialization
    ) throws(CheckpointError) -> Tensor {
        let tensor = try shared.tensor(name, shape: shape, initialization)
        let copy = tensor.detached().converted(
            to: dtype, device: device, format: shape.count == 4 ? format : .preserved,
            copies: true)
        guard dtype != .float16 || copy.isAllFinite else {
            throw .tooLarge(file: "the network that is copied", key: name, dtype: dtype)
        }
        return copy
    }
}
