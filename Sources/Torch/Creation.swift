internal import CTorch

extension Tensor {
    /// A tensor of the given bytes, which are copied.
    ///
    /// - Parameter bytes: exactly `shape.reduce(1, *) * dtype.byteCount` bytes, little-endian.
    public convenience init(
        bytes: UnsafeRawBufferPointer, shape: [Int], dtype: DType, device: Device = .cpu
    ) {
        let expected = shape.reduce(1, *) * dtype.byteCount
        precondition(bytes.count == expected, "expected \(expected) bytes, found \(bytes.count)")
        var out = ct_tensor(impl: nil)
        var nothing: UInt8 = 0
        let status = withUnsafePointer(to: &nothing) { empty in
            ct_from_bytes(
                bytes.baseAddress ?? UnsafeRawPointer(empty), shape.wide, shape.count, dtype.code,
                device.code, &out)
        }
        trapOnFailure(status, "Tensor(bytes:)", [])
        self.init(owning: out)
    }

    /// A float32 tensor of the given elements, in row-major order.
    public convenience init(_ elements: [Float], shape: [Int]? = nil, device: Device = .cpu) {
        self.init(elements, shape: shape, dtype: .float32, device: device)
    }

    /// An int64 tensor of the given elements, in row-major order.
    public convenience init(_ elements: [Int], shape: [Int]? = nil, device: Device = .cpu) {
        self.init(elements.wide, shape: shape, dtype: .int64, device: device)
    }

    /// A uint8 tensor of the given elements, in row-major order.
    public convenience init(_ elements: [UInt8], shape: [Int]? = nil, device: Device = .cpu) {
        self.init(elements, shape: shape, dtype: .uint8, device: device)
    }

    private convenience init<Element>(
        _ elements: [Element], shape: [Int]?, dtype: DType, device: Device
    ) {
        var out: Tensor?
        elements.withUnsafeBytes {
            out = Tensor(
                bytes: $0, shape: shape ?? [elements.count], dtype: dtype, device: device)
        }
        guard let out else { fatalError("unreachable") }
        var owned = ct_tensor(impl: nil)
        perform("Tensor", [out]) { ct_alias(out.handle, &owned) }
        self.init(owning: owned)
    }

    /// A tensor whose elements are all `value`.
    public static func full(
        _ shape: [Int], _ value: Double, dtype: DType = .float32, device: Device = .cpu
    ) -> Tensor {
        produce("full", []) {
            ct_full(shape.wide, shape.count, value, dtype.code, device.code, $0)
        }
    }

    /// A tensor of zeros.
    public static func zeros(
        _ shape: [Int], dtype: DType = .float32, device: Device = .cpu
    ) -> Tensor { full(shape, 0, dtype: dtype, device: device) }

    /// A tensor of ones.
    public static func ones(
        _ shape: [Int], dtype: DType = .float32, device: Device = .cpu
    ) -> Tensor { full(shape, 1, dtype: dtype, device: device) }

    /// Elements that are not set; for what is overwritten at once.
    public static func empty(
        _ shape: [Int], dtype: DType = .float32, device: Device = .cpu
    ) -> Tensor {
        produce("empty", []) {
            ct_empty(shape.wide, shape.count, dtype.code, device.code, $0)
        }
    }

    /// `[start, start + step, …)`, without `end`.
    public static func arange(
        _ start: Double, _ end: Double, step: Double = 1, dtype: DType = .float32,
        device: Device = .cpu
    ) -> Tensor {
        produce("arange", []) { ct_arange(start, end, step, dtype.code, device.code, $0) }
    }

    /// `count` equally spaced elements from `start` to `end`, both of them included.
    public static func linspace(
        _ start: Double, _ end: Double, count: Int, dtype: DType = .float32, device: Device = .cpu
    ) -> Tensor {
        produce("linspace", []) {
            ct_linspace(start, end, Int64(count), dtype.code, device.code, $0)
        }
    }

    /// `[0, 1, …, count - 1]`.
    public static func arange(
        _ count: Int, dtype: DType = .float32, device: Device = .cpu
    ) -> Tensor { arange(0, Double(count), dtype: dtype, device: device) }
}

extension Tensor {
    /// The elements in row-major order, as 32-bit floats.
    public func floats() -> [Float] { elements(of: cast(to: .float32), zero: 0) }

    /// The elements in row-major order, as integers.
    public func integers() -> [Int] {
        elements(of: cast(to: .int64), zero: Int64(0)).map(Int.init)
    }

    /// The elements in row-major order, as bytes; the dtype must be uint8 or bool.
    public func unsignedBytes() -> [UInt8] { elements(of: self, zero: 0) }

    /// The raw elements in row-major order, little-endian.
    public func rawBytes() -> [UInt8] {
        var result = [UInt8](repeating: 0, count: count * dtype.byteCount)
        result.withUnsafeMutableBytes { copyBytes(to: $0) }
        return result
    }

    /// Writes the raw elements in row-major order into a buffer of exactly their size.
    public func copyBytes(to buffer: UnsafeMutableRawBufferPointer) {
        guard let base = buffer.baseAddress else { return }
        perform("copyBytes", [self]) { ct_copy_bytes(handle, base, buffer.count) }
    }

    /// The only element of a tensor that has one.
    public func item() -> Double {
        var value = 0.0
        perform("item", [self]) { ct_item(handle, &value) }
        return value
    }

    private func elements<Element>(of source: Tensor, zero: Element) -> [Element] {
        var result = [Element](repeating: zero, count: source.count)
        result.withUnsafeMutableBytes { source.copyBytes(to: $0) }
        return result
    }
}
