internal import CTorch

/// The type of a tensor's elements.
public enum DType: String, Sendable, CaseIterable, Codable {
    case bool, uint8, int8, int32, int64, float16, bfloat16, float32, float64

    /// Bytes per element.
    public var byteCount: Int {
        switch self {
        case .bool, .uint8, .int8: 1
        case .float16, .bfloat16: 2
        case .int32, .float32: 4
        case .int64, .float64: 8
        }
    }

    /// Whether the elements are floating-point numbers.
    public var isFloatingPoint: Bool {
        switch self {
        case .float16, .bfloat16, .float32, .float64: true
        default: false
        }
    }

    var code: ct_dtype {
        switch self {
        case .bool: CT_BOOL
        case .uint8: CT_UINT8
        case .int8: CT_INT8
        case .int32: CT_INT32
        case .int64: CT_INT64
        case .float16: CT_FLOAT16
        case .bfloat16: CT_BFLOAT16
        case .float32: CT_FLOAT32
        case .float64: CT_FLOAT64
        }
    }

    init(code: ct_dtype) {
        switch code {
        case CT_BOOL: self = .bool
        case CT_UINT8: self = .uint8
        case CT_INT8: self = .int8
        case CT_INT32: self = .int32
        case CT_INT64: self = .int64
        case CT_FLOAT16: self = .float16
        case CT_BFLOAT16: self = .bfloat16
        case CT_FLOAT64: self = .float64
        default: self = .float32
        }
    }
}
