import Torch

/// The 256 numbers in [-1, 1] or [0, 1] that 8-bit codes stand for: seven decades, each with twice
/// the numbers of the one below (Dettmers et al. 2022, arXiv 2110.02861, section 2.1).
struct DynamicMap {
    /// `[256]`, rising; what each code stands for.
    let values: Tensor
    /// `[255]`: half way between neighbours.
    let midpoints: Tensor

    init(isSigned: Bool, device: Device) {
        var numbers: [Float] = [0, 1]
        for decade in 0..<7 {
            let count = 1 << (isSigned ? decade : decade + 1)
            let bounds = Tensor.linspace(0.1, 1, count: count + 1)
            let lower = bounds.narrowed(0, start: 0, length: count)
            let upper = bounds.narrowed(0, start: 1, length: count)
            let means = (lower + upper) / 2 * Self.powers[decade]
            numbers += means.floats()
            if isSigned { numbers += means.floats().map { -$0 } }
        }
        numbers.sort()
        values = Tensor(numbers, device: device)
        midpoints = Tensor(
            zip(numbers, numbers.dropFirst()).map { ($0 + $1) / 2 }, device: device)
    }

    /// Powers of ten as literals: `pow` may be off by the last bit.
    private static let powers = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1]
}

/// A moment in 8 bits: a code per element, and per block of 256 elements, in row-major order, the
/// number by which what the codes stand for is multiplied.
struct QuantizedMoment {
    static let blockSize = 256

    let codes: Tensor
    let scales: Tensor
    let map: DynamicMap

    init(count: Int, map: DynamicMap, device: Device, disk: DiskMemory?) {
        let codes = Tensor.zeros([count], dtype: .uint8, device: device)
        let blockCount = (count + Self.blockSize - 1) / Self.blockSize
        let scales = Tensor.zeros([blockCount], device: device)
        self.codes = disk?.place(codes) ?? codes
        self.scales = disk?.place(scales) ?? scales
        self.map = map
    }

    /// Some blocks in float32, `[blocks, 256]`, with zeros where the moment has ended.
    func values(_ blocks: Range<Int>) -> Tensor {
        BlockCodes.values(
            codes: codes(blocks), scales: scales(blocks), table: map.values,
            blockSize: Self.blockSize)
    }

    /// Overwrites some blocks with `values`, `[blocks, 256]`: the nearest code each.
    func store(_ values: Tensor, _ blocks: Range<Int>) {
        BlockCodes.store(
            values, midpoints: map.midpoints, codes: codes(blocks), scales: scales(blocks))
    }

    /// A vector as `[blocks, 256]`, with zeros at its end.
    static func rows(_ vector: Tensor) -> Tensor {
        let rest = vector.count % blockSize
        return (rest == 0 ? vector : vector.padded([0, blockSize - rest])).reshaped(-1, blockSize)
    }

    /// The first elements of `[blocks, 256]`, as a vector.
    static func elements(_ rows: Tensor, count: Int) -> Tensor {
        rows.reshaped(-1).narrowed(0, start: 0, length: count)
    }

    private func codes(_ blocks: Range<Int>) -> Tensor {
        let start = blocks.lowerBound * Self.blockSize
        let end = min(blocks.upperBound * Self.blockSize, codes.count)
        return codes.narrowed(0, start: start, length: end - start)
    }

    private func scales(_ blocks: Range<Int>) -> Tensor {
        scales.narrowed(0, start: blocks.lowerBound, length: blocks.count)
    }
}
