package import Foundation

/// Writes the wire format of protocol buffers, field by field.
///
/// TensorBoard's files need a handful of fields of a few messages (`Event`, `Summary` and what is
/// in them). A schema compiler, its library and a step of the build would be more to keep than
/// these lines; the numbers of the fields cannot change, since files written long ago have them.
///
/// The format: protobuf.dev/programming-guides/encoding.
package struct ProtobufMessage {
    /// The message so far.
    package private(set) var bytes = Data()

    /// A message without fields.
    package init() {}

    /// Adds an integer, a Boolean or an enumeration's number.
    package mutating func integer(_ field: Int, _ value: Int64) {
        key(field, wireType: 0)
        varint(UInt64(bitPattern: value))
    }

    /// Adds a `double`.
    package mutating func double(_ field: Int, _ value: Double) {
        key(field, wireType: 1)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Adds a `float`.
    package mutating func float(_ field: Int, _ value: Float) {
        key(field, wireType: 5)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// Adds a string in UTF-8.
    package mutating func string(_ field: Int, _ value: String) { data(field, Data(value.utf8)) }

    /// Adds bytes.
    package mutating func data(_ field: Int, _ value: Data) {
        key(field, wireType: 2)
        varint(UInt64(value.count))
        bytes.append(value)
    }

    /// Adds a message in this one.
    package mutating func message(_ field: Int, _ fill: (inout ProtobufMessage) -> Void) {
        var inner = ProtobufMessage()
        fill(&inner)
        data(field, inner.bytes)
    }

    private mutating func key(_ field: Int, wireType: UInt64) {
        varint(UInt64(field) << 3 | wireType)
    }

    /// Seven bits a byte, the lowest first.
    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest > 0x7F {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
