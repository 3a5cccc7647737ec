internal import CTorch

/// An n-dimensional array of LibTorch.
///
/// A tensor is a reference: operations return new ones, and those whose names are imperatives
/// (``fill(with:)``, ``copy(from:)``) change the elements in place. It belongs to one thread at a
/// time, so it is not `Sendable`.
public final class Tensor: CustomDebugStringConvertible {
    let handle: ct_tensor

    init(owning handle: ct_tensor) { self.handle = handle }

    deinit { ct_release(handle) }

    /// The size of every axis.
    public var shape: [Int] {
        withExtendedLifetime(self) {
            var sizes = [Int64](repeating: 0, count: Int(ct_rank(handle)))
            ct_shape(handle, &sizes)
            return sizes.map(Int.init)
        }
    }

    /// The number of axes.
    public var rank: Int { withExtendedLifetime(self) { Int(ct_rank(handle)) } }
    /// The number of elements.
    public var count: Int { shape.reduce(1, *) }
    /// The type of the elements.
    public var dtype: DType {
        withExtendedLifetime(self) { DType(code: ct_tensor_dtype(handle)) }
    }
    /// Where the elements are.
    public var device: Device {
        withExtendedLifetime(self) { Device(code: ct_tensor_device(handle)) }
    }

    /// Whether the elements lie in memory in the order of the given format.
    public func isContiguous(_ format: MemoryFormat = .contiguous) -> Bool {
        withExtendedLifetime(self) { ct_is_contiguous(handle, format.code) }
    }

    /// The size of one axis; a negative axis counts from the end.
    public func size(_ axis: Int) -> Int {
        let sizes = shape
        return sizes[axis < 0 ? axis + sizes.count : axis]
    }

    /// Dtype, shape and device, without the elements.
    public var debugDescription: String { "\(dtype)\(shape)@\(device)" }
}

/// The order in which the elements of a tensor lie in memory.
public enum MemoryFormat: Sendable {
    /// The last axis varies fastest.
    case contiguous
    /// `[batch, channels, height, width]` with the channels fastest, as convolutions like it.
    case channelsLast
    /// As it is.
    case preserved

    var code: ct_memory_format {
        switch self {
        case .contiguous: CT_CONTIGUOUS
        case .channelsLast: CT_CHANNELS_LAST
        case .preserved: CT_PRESERVE
        }
    }
}

/// Runs one operation of the C layer and owns what it returns.
///
/// The operands are held until it has returned: a handle alone keeps no tensor alive, and Swift
/// releases an object right after its last use.
@inline(__always)
func produce(
    _ operation: @autoclosure () -> String, _ operands: [Tensor],
    _ body: (UnsafeMutablePointer<ct_tensor>) -> ct_status
) -> Tensor {
    var out = ct_tensor(impl: nil)
    perform(operation(), operands) { body(&out) }
    return Tensor(owning: out)
}

/// Runs one operation of the C layer that returns nothing, holding the operands meanwhile.
@inline(__always)
func perform(
    _ operation: @autoclosure () -> String, _ operands: [Tensor], _ body: () -> ct_status
) {
    withExtendedLifetime(operands) {
        trapOnFailure(body(), operation(), operands)
    }
}

extension Array where Element == Int {
    var wide: [Int64] { map(Int64.init) }
}
