public import Torch

/// What networks compute in where nothing is learned.
public enum ComputePrecision: String, Sendable, CaseIterable {
    /// As suits the device.
    case auto
    /// 32 bits.
    case fp32
    /// 16 bits with the range of 32.
    case bf16
    /// 16 bits.
    case fp16

    /// What a type that networks compute in is called.
    public init(_ dtype: DType) {
        self =
            switch dtype {
            case .float16: .fp16
            case .bfloat16: .bf16
            default: .fp32
            }
    }

    /// On a GPU half precision is several times as fast; on a processor fp32 gives the same
    /// picture everywhere.
    public func dtype(on device: Device) -> DType {
        switch self {
        case .auto: device.isProcessor ? .float32 : .float16
        case .fp32: .float32
        case .bf16: .bfloat16
        case .fp16: .float16
        }
    }
}
