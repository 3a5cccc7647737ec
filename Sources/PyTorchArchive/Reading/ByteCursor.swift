/// A place in bytes that nobody vouches for; every step forward is checked.
struct ByteCursor {
    private let bytes: UnsafeRawBufferPointer
    private(set) var position: Int

    /// - Parameter position: within `bytes` or at their end.
    init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    var remaining: Int { bytes.count - position }

    mutating func take(_ count: Int) throws(Fault) -> UnsafeRawBufferPointer {
        guard count >= 0, count <= remaining else {
            throw .malformed("ends too early: \(count) more bytes are told of, \(remaining) left")
        }
        defer { position += count }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<(position + count)])
    }

    /// The next integer, little-endian.
    mutating func integer<I: FixedWidthInteger & BitwiseCopyable>(
        _: I.Type
    ) throws(Fault) -> I {
        I(littleEndian: try take(MemoryLayout<I>.size).loadUnaligned(as: I.self))
    }

    /// The next integer as an Int, for lengths and places.
    mutating func size<I: FixedWidthInteger & BitwiseCopyable>(_ type: I.Type) throws(Fault) -> Int
    {
        let found = try integer(type)
        guard let size = Int(exactly: found) else {
            throw .malformed("claims a length or place of \(found)")
        }
        return size
    }

    /// What stands before the next line feed, which is passed too.
    mutating func line() throws(Fault) -> UnsafeRawBufferPointer {
        guard let end = bytes[position...].firstIndex(of: 0x0A) else {
            throw .malformed("ends in the middle of a line of its pickle")
        }
        let line = try take(end - position)
        position += 1
        return line
    }
}
