internal import CTorch

extension Tensor {
    /// The same elements with other axes; one size may be -1 and is then computed.
    public func reshaped(_ shape: [Int]) -> Tensor {
        produce("reshaped(\(shape))", [self]) { ct_reshape(handle, shape.wide, shape.count, $0) }
    }
    /// The same elements with other axes.
    public func reshaped(_ shape: Int...) -> Tensor { reshaped(shape) }

    /// The axes in another order, as positions of the present ones; shares memory.
    public func permuted(_ axes: Int...) -> Tensor {
        produce("permuted", [self]) { ct_permute(handle, axes.wide, axes.count, $0) }
    }
    /// Two axes exchanged; shares memory.
    public func transposed(_ first: Int, _ second: Int) -> Tensor {
        produce("transposed", [self]) { ct_transpose(handle, Int64(first), Int64(second), $0) }
    }
    /// Repeats axes of size 1 without copying; -1 keeps an axis.
    public func expanded(_ shape: [Int]) -> Tensor {
        produce("expanded(\(shape))", [self]) { ct_expand(handle, shape.wide, shape.count, $0) }
    }
    /// Inserts an axis of size 1.
    public func unsqueezed(_ axis: Int) -> Tensor {
        produce("unsqueezed", [self]) { ct_unsqueeze(handle, Int64(axis), $0) }
    }
    /// Removes an axis of size 1.
    public func squeezed(_ axis: Int) -> Tensor {
        produce("squeezed", [self]) { ct_squeeze(handle, Int64(axis), $0) }
    }
    /// The part of an axis that starts at `start`; shares memory.
    public func narrowed(_ axis: Int, start: Int, length: Int) -> Tensor {
        produce("narrowed(\(axis), \(start), \(length))", [self]) {
            ct_narrow(handle, Int64(axis), Int64(start), Int64(length), $0)
        }
    }
    /// One element of an axis, without that axis; shares memory.
    public func selected(_ axis: Int, _ index: Int) -> Tensor {
        narrowed(axis, start: index, length: 1).squeezed(axis)
    }
    /// The elements of an axis at the given indices (an int64 vector).
    public func gathered(_ axis: Int, at indices: Tensor) -> Tensor {
        produce("gathered", [self, indices]) {
            ct_index_select(handle, Int64(axis), indices.handle, $0)
        }
    }
    /// Equal parts of an axis, in order; they share memory.
    public func split(_ axis: Int, into parts: Int) -> [Tensor] {
        let length = size(axis) / parts
        precondition(length * parts == size(axis), "\(debugDescription) in \(parts) parts")
        return (0..<parts).map { narrowed(axis, start: $0 * length, length: length) }
    }
    /// The elements of an axis in reverse order.
    public func flipped(_ axis: Int) -> Tensor {
        produce("flipped", [self]) { ct_flip(handle, Int64(axis), $0) }
    }
    /// Adds zeros: `(before, after)` for the last axis, then for the one before it.
    public func padded(_ amounts: [Int]) -> Tensor {
        produce("padded", [self]) { ct_pad(handle, amounts.wide, amounts.count, $0) }
    }

    /// Joins tensors along an axis; the other axes have equal sizes.
    public static func concatenating(_ parts: [Tensor], _ axis: Int = 0) -> Tensor {
        let handles = parts.map(\.handle)
        return produce("concatenating", parts) {
            ct_concatenate(handles, handles.count, Int64(axis), $0)
        }
    }
    /// Joins tensors of one shape along a new axis.
    public static func stacking(_ parts: [Tensor], _ axis: Int = 0) -> Tensor {
        let handles = parts.map(\.handle)
        return produce("stacking", parts) {
            ct_stack(handles, handles.count, Int64(axis), $0)
        }
    }
}

extension Tensor {
    /// The tensor in another dtype, on another device or in another memory format; itself where
    /// nothing differs.
    public func converted(
        to dtype: DType? = nil, device: Device? = nil, format: MemoryFormat = .preserved,
        copies: Bool = false
    ) -> Tensor {
        let dtype = dtype ?? self.dtype
        let device = device ?? self.device
        let settled = format == .preserved || isContiguous(format)
        if !copies, dtype == self.dtype, device == self.device, settled { return self }
        return produce("converted", [self]) {
            ct_convert(handle, dtype.code, device.code, format.code, copies, $0)
        }
    }
    /// The tensor in another dtype; itself where it has it already.
    public func cast(to dtype: DType) -> Tensor { converted(to: dtype) }
    /// The tensor on another device; itself where it is there already.
    public func moved(to device: Device) -> Tensor { converted(device: device) }
    /// The elements in a new piece of memory.
    public func copied() -> Tensor { unary(CT_CLONE, "copied") }
}
