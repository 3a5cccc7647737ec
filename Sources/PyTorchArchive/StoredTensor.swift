public import Torch

/// A tensor of a file, its place checked, its elements still there; or one that will be written.
public final class StoredTensor {
    /// The type that the elements have in a ``Torch/Tensor``; 16-bit integers become 32-bit ones.
    public let dtype: DType
    /// The size of every axis.
    public let shape: [Int]
    private let content: Content

    private enum Content {
        case live(Tensor)
        case mapped(MappedFile, first: Int, strides: [Int], StorageType)
    }

    /// A tensor that is to be written, of any device and layout.
    public init(_ tensor: Tensor) {
        dtype = tensor.dtype
        shape = tensor.shape
        content = .live(tensor)
    }

    /// Expanded tensors may have more elements than their storage; more than this is a trap.
    private static let expandedByteLimit = 1 << 20

    /// - Parameters:
    ///   - range: the bytes of the storage in the file.
    ///   - offset: of the first element, and `strides`: in elements, as PyTorch counts.
    init(
        _ file: MappedFile, _ range: Range<Int>, _ type: StorageType, offset: Int, shape: [Int],
        strides: [Int]
    ) throws(Fault) {
        let lies = Fault.malformed(
            "has a tensor of shape \(shape.prefix(32)), strides \(strides.prefix(32)) and offset "
                + "\(offset) that does not lie within the \(range.count) bytes of its storage")
        guard shape.count == strides.count, shape.count <= 32, offset >= 0 else { throw lies }
        let capacity = range.count / type.byteCount
        // Sizes are multiplied even where one is 0: LibTorch must be able to count the strides.
        var (count, widest, last) = (1, type.dtype.byteCount, offset)
        for (size, stride) in zip(shape, strides) {
            guard size >= 0, stride >= 0 else { throw lies }
            let product = widest.multipliedReportingOverflow(by: max(size, 1))
            let reach = max(size - 1, 0).multipliedReportingOverflow(by: stride)
            let sum = last.addingReportingOverflow(reach.partialValue)
            if product.overflow || reach.overflow || sum.overflow { throw lies }
            (count, widest, last) = (count * size, product.partialValue, sum.partialValue)
        }
        guard count == 0 ? offset <= capacity : last < capacity else { throw lies }
        guard count <= max(capacity, Self.expandedByteLimit / type.byteCount) else { throw lies }
        dtype = type.dtype
        self.shape = shape
        let first = range.lowerBound + offset * type.byteCount
        content = .mapped(file, first: first, strides: strides, type)
    }

    /// Bytes of the elements, each counted once.
    public var byteCount: Int { shape.reduce(dtype.byteCount, *) }

    /// The tensor on the CPU: a copy out of the file, contiguous; or the one that will be written.
    public func tensor() -> Tensor {
        switch content {
        case .live(let tensor):
            return tensor
        case .mapped(let file, let first, let strides, let type):
            return withExtendedLifetime(file) {
                let storage = UnsafeRawBufferPointer(rebasing: file.bytes[first...])
                let walk = StridedWalk(shape: shape, strides: strides)
                // A bool of any byte but 0 and 1 would be no value that LibTorch knows.
                if type != .short, type != .bool, walk.isContiguous {
                    let bytes = UnsafeRawBufferPointer(rebasing: storage.prefix(byteCount))
                    return Tensor(bytes: bytes, shape: shape, dtype: dtype)
                }
                return gathered(storage, walk, type)
            }
        }
    }

    private func gathered(
        _ storage: UnsafeRawBufferPointer, _ walk: StridedWalk, _ type: StorageType
    ) -> Tensor {
        func collect<Stored: FixedWidthInteger & BitwiseCopyable, Element: FixedWidthInteger>(
            _: Stored.Type, _ convert: (Stored) -> Element
        ) -> Tensor {
            var elements: [Element] = []
            elements.reserveCapacity(walk.count)
            walk.forEachOffset {
                let offset = $0 * MemoryLayout<Stored>.size
                elements.append(
                    convert(storage.loadUnaligned(fromByteOffset: offset, as: Stored.self)))
            }
            return elements.withUnsafeBytes { Tensor(bytes: $0, shape: shape, dtype: dtype) }
        }
        return switch type {
        case .bool: collect(UInt8.self) { $0 == 0 ? UInt8(0) : 1 }
        case .char, .byte: collect(UInt8.self) { $0 }
        case .short: collect(Int16.self) { Int32($0) }
        case .half, .bfloat16: collect(UInt16.self) { $0 }
        case .float, .int: collect(UInt32.self) { $0 }
        case .double, .long: collect(UInt64.self) { $0 }
        }
    }
}

/// The offsets of a strided tensor's elements, in row-major order.
private struct StridedWalk {
    let count: Int
    private let axes: [(size: Int, stride: Int)]

    init(shape: [Int], strides: [Int]) {
        count = shape.reduce(1, *)
        axes = zip(shape, strides).filter { $0.0 != 1 }.map { (size: $0.0, stride: $0.1) }
    }

    var isContiguous: Bool {
        var expected = 1
        for axis in axes.reversed() {
            guard count == 0 || axis.stride == expected else { return false }
            expected *= max(axis.size, 1)
        }
        return true
    }

    func forEachOffset(_ body: (Int) -> Void) {
        guard count > 0 else { return }
        guard let inner = axes.last else { return body(0) }
        var index = [Int](repeating: 0, count: axes.count - 1)
        var start = 0
        while true {
            for step in 0..<inner.size { body(start + step * inner.stride) }
            var axis = index.count - 1
            while axis >= 0 {
                index[axis] += 1
                start += axes[axis].stride
                if index[axis] < axes[axis].size { break }
                start -= axes[axis].stride * axes[axis].size
                index[axis] = 0
                axis -= 1
            }
            if axis < 0 { return }
        }
    }
}
