/// A numpy type of numbers, as pickles of single numbers name it: `f8`, `i4`, `b1`.
struct NumpyType {
    private let kind: Character
    private let width: Int

    init?(_ code: String) {
        guard code.count == 2, let kind = code.first, let width = Int(code.dropFirst()) else {
            return nil
        }
        switch (kind, width) {
        case ("f", 4), ("f", 8), ("i", 1), ("i", 2), ("i", 4), ("i", 8), ("u", 1), ("u", 2),
            ("u", 4), ("u", 8), ("b", 1):
            (self.kind, self.width) = (kind, width)
        default: return nil
        }
    }

    /// The number of these bytes, little-endian; nil when there are not as many as it needs, or it
    /// is above what an Int holds.
    func scalar(_ bytes: [UInt8]) -> PickleNode? {
        guard bytes.count == width else { return nil }
        let bits = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        switch (kind, width) {
        case ("f", 4): return .double(Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))))
        case ("f", _): return .double(Double(bitPattern: bits))
        case ("b", _): return .bool(bits != 0)
        case ("u", _): return Int(exactly: bits).map { .integer($0) }
        default:
            // Shifted up and down again, the sign fills what is above it.
            let unused = 64 - 8 * width
            return .integer(Int(Int64(bitPattern: bits << unused) >> unused))
        }
    }
}
