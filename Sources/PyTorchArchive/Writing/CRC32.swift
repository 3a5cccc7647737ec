/// The checksum of zip files: CRC-32 of IEEE 802.3, eight bytes at a step (Kounavis and Berry
/// 2005).
enum CRC32 {
    /// Eight tables of 256, one after another: nested arrays would cost a check at every byte.
    private static let table: [UInt32] = {
        var table = (0..<256).map { byte in
            (0..<8).reduce(UInt32(byte)) { crc, _ in crc >> 1 ^ (crc & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
        for place in 256..<(8 * 256) {
            let before = table[place - 256]
            table.append(before >> 8 ^ table[Int(before & 0xFF)])
        }
        return table
    }()

    static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        table.withUnsafeBufferPointer { table in
            var crc = UInt32.max
            var place = 0
            while bytes.count - place >= 8 {
                let word = UInt64(
                    littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
                let mixed = word ^ UInt64(crc)
                crc = 0
                for step in 0..<8 {
                    let byte = Int(truncatingIfNeeded: mixed >> (8 * UInt64(step)) & 0xFF)
                    crc ^= table[(7 - step) * 256 + byte]
                }
                place += 8
            }
            while place < bytes.count {
                crc = crc >> 8 ^ table[Int((crc ^ UInt32(bytes[place])) & 0xFF)]
                place += 1
            }
            return ~crc
        }
    }
}
