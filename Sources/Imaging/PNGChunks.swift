import Foundation

/// The chunks of a PNG file: length, four letters, data, CRC-32 (PNG specification, section 5).
enum PNGChunks {
    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    struct Chunk {
        let type: String
        let data: ArraySlice<UInt8>
    }

    /// The chunks up to `IEND`, every length and checksum verified.
    ///
    /// - Parameter last: of which kind the last one is that is read.
    static func read(
        _ bytes: [UInt8], name: String, upTo last: String = "IEND"
    ) throws(ImagingError) -> [Chunk] {
        func malformed(_ detail: String) -> ImagingError {
            .malformedPNG(path: name, detail: detail)
        }
        guard bytes.starts(with: signature) else { throw malformed("it does not start like one") }
        var chunks: [Chunk] = []
        var offset = signature.count
        while true {
            guard bytes.count - offset >= 12 else { throw malformed("it is cut short") }
            let length = Int(number(bytes, offset))
            // What the pixels are is not asked, and not all of them may be here.
            if last != "IEND",
                String(decoding: bytes[(offset + 4)..<(offset + 8)], as: UTF8.self) == last
            {
                return chunks
            }
            guard length <= bytes.count - offset - 12 else {
                throw malformed("a part says it has \(length) bytes, which reaches past the end")
            }
            let content = bytes[(offset + 4)..<(offset + 8 + length)]
            guard checksum(content) == number(bytes, offset + 8 + length) else {
                throw malformed("a checksum is wrong")
            }
            let type = String(decoding: content.prefix(4), as: UTF8.self)
            chunks.append(Chunk(type: type, data: content.dropFirst(4)))
            offset += 12 + length
            if type == "IEND" { return chunks }
        }
    }

    /// One chunk as it stands in the file.
    static func encode(type: String, data: [UInt8]) -> [UInt8] {
        let content = Array(type.utf8) + data
        return bigEndian(UInt32(data.count)) + content + bigEndian(checksum(content[...]))
    }

    /// CRC-32 as in ISO 3309, polynomial 0xEDB88320.
    static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var crc = UInt32.max
        for byte in bytes {
            crc = table[Int((crc ^ UInt32(byte)) & 0xFF)] ^ (crc >> 8)
        }
        return ~crc
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in
            value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1
        }
    }

    private static func number(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 << 8 | UInt32(bytes[offset + $1]) }
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}
