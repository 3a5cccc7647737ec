import Foundation

/// Windows bitmaps of 1, 4, 8, 24 or 32 bits, uncompressed: what cameras' tools and Paint write.
///
/// libvips leaves them to ImageMagick, which is kept out of reach of unknown files.
struct BitmapFile {
    let size: (width: Int, height: Int)

    private let bytes: [UInt8]
    private let name: String
    private let isTopDown: Bool
    private let bits: Int
    private let pixelOffset: Int
    private let palette: [RGB]

    init(_ data: Data, name: String) throws(ImagingError) {
        bytes = [UInt8](data)
        self.name = name
        guard let headerSize = Self.number(bytes, 14, 4), headerSize == 12 || headerSize >= 40,
            let offset = Self.number(bytes, 10, 4)
        else { throw Self.damaged(name, "the header is cut short") }
        let isOld = headerSize == 12
        guard let width = Self.number(bytes, 18, isOld ? 2 : 4),
            let rawHeight = Self.number(bytes, isOld ? 20 : 22, isOld ? 2 : 4),
            let bits = Self.number(bytes, isOld ? 24 : 28, 2),
            let compression = isOld ? 0 : Self.number(bytes, 30, 4),
            let used = isOld ? 0 : Self.number(bytes, 46, 4)
        else { throw Self.damaged(name, "the header is cut short") }
        // A negative height means that the first row is the top one.
        let height = isOld ? rawHeight : Int(Int32(truncatingIfNeeded: rawHeight))
        guard (1...0x7FFF_FFFF).contains(width), height != 0, abs(height) <= 0x7FFF_FFFF else {
            throw Self.damaged(name, "the size is impossible")
        }
        guard [1, 4, 8, 24, 32].contains(bits), compression == 0 || (compression == 3 && bits == 32)
        else {
            throw Self.damaged(
                name, "\(bits) bits with compression \(compression) are not supported")
        }
        size = (width, abs(height))
        isTopDown = height < 0
        self.bits = bits
        pixelOffset = offset
        palette = try Self.readPalette(
            bytes, at: 14 + headerSize, bits: bits, used: used, entrySize: isOld ? 3 : 4, name)
    }

    func decoded() throws(ImagingError) -> PixelImage {
        let (width, height) = size
        let rowLength = (width * bits + 31) / 32 * 4
        guard bytes.count >= pixelOffset, (bytes.count - pixelOffset) / rowLength >= height else {
            throw Self.damaged(name, "the pixels are cut short")
        }
        var pixels: [UInt8] = []
        pixels.reserveCapacity(width * height * 3)
        for row in 0..<height {
            let start = pixelOffset + (isTopDown ? row : height - 1 - row) * rowLength
            for x in 0..<width {
                if bits >= 24 {
                    let at = start + x * bits / 8
                    pixels.append(bytes[at + 2])
                    pixels.append(bytes[at + 1])
                    pixels.append(bytes[at])
                } else {
                    let bit = x * bits
                    let shift = 8 - bits - bit % 8
                    let index = Int(bytes[start + bit / 8]) >> shift & ((1 << bits) - 1)
                    guard index < palette.count else {
                        throw Self.damaged(name, "a colour is not in its palette")
                    }
                    let color = palette[index]
                    pixels.append(color.red)
                    pixels.append(color.green)
                    pixels.append(color.blue)
                }
            }
        }
        return PixelImage(width: width, height: height, pixels: pixels)
    }

    private static func readPalette(
        _ bytes: [UInt8], at start: Int, bits: Int, used: Int, entrySize: Int, _ name: String
    ) throws(ImagingError) -> [RGB] {
        guard bits <= 8 else { return [] }
        let count = used == 0 ? 1 << bits : min(used, 1 << bits)
        guard start + count * entrySize <= bytes.count else {
            throw damaged(name, "the palette is cut short")
        }
        return (0..<count).map { index in
            let at = start + index * entrySize
            return RGB(bytes[at + 2], bytes[at + 1], bytes[at])
        }
    }

    private static func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> Int? {
        guard offset + count <= bytes.count else { return nil }
        return (0..<count).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }

    private static func damaged(_ name: String, _ detail: String) -> ImagingError {
        .damaged(path: name, format: .bmp, detail: detail)
    }
}
