import Torch

/// The types of elements that PyTorch's storages have, by the names of their classes.
enum StorageType: String {
    case double = "torch.DoubleStorage"
    case float = "torch.FloatStorage"
    case half = "torch.HalfStorage"
    case bfloat16 = "torch.BFloat16Storage"
    case long = "torch.LongStorage"
    case int = "torch.IntStorage"
    case short = "torch.ShortStorage"
    case char = "torch.CharStorage"
    case byte = "torch.ByteStorage"
    case bool = "torch.BoolStorage"

    /// Bytes of one element in the file.
    var byteCount: Int { self == .short ? 2 : dtype.byteCount }

    /// What elements become; there is no 16-bit integer type, so these are widened.
    var dtype: DType {
        switch self {
        case .double: .float64
        case .float: .float32
        case .half: .float16
        case .bfloat16: .bfloat16
        case .long: .int64
        case .int, .short: .int32
        case .char: .int8
        case .byte: .uint8
        case .bool: .bool
        }
    }

    init(_ dtype: DType) {
        switch dtype {
        case .float64: self = .double
        case .float32: self = .float
        case .float16: self = .half
        case .bfloat16: self = .bfloat16
        case .int64: self = .long
        case .int32: self = .int
        case .int8: self = .char
        case .uint8: self = .byte
        case .bool: self = .bool
        }
    }
}
