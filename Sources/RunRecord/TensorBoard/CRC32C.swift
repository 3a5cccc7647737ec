package import Foundation

/// The checksum of TFRecord files: CRC-32 with Castagnoli's polynomial (RFC 3720, appendix B.4).
package enum CRC32C {
    /// The checksum of bytes.
    package static func checksum(_ data: Data) -> UInt32 {
        var sum = UInt32.max
        for byte in data {
            sum = table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] ^ (sum >> 8)
        }
        return ~sum
    }

    /// The checksum turned and shifted, as TFRecord stores it: a checksum over bytes that hold
    /// their own checksum would say little.
    package static func masked(_ data: Data) -> UInt32 {
        let sum = checksum(data)
        return (sum >> 15 | sum << 17) &+ 0xA282_EAD8
    }

    /// By the value of a byte; the polynomial's bits run from the lowest to the highest.
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { sum, _ in
            sum & 1 == 0 ? sum >> 1 : sum >> 1 ^ 0x82F6_3B78
        }
    }
}
