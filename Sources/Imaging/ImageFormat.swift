public import Foundation

/// The kinds of picture that can be read, told apart by their first bytes.
public enum ImageFormat: String, Sendable, CaseIterable, CustomStringConvertible {
    case jpeg = "JPEG"
    case png = "PNG"
    case webp = "WebP"
    case tiff = "TIFF"
    case gif = "GIF"
    case heif = "HEIC/AVIF"
    case bmp = "BMP"
    case jpegXL = "JPEG XL"
    case jpeg2000 = "JPEG 2000"

    /// How many first bytes `init(prefix:)` looks at.
    public static let prefixLength = 32

    /// The name that people know.
    public var description: String { rawValue }

    static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }

    /// The kind of picture that starts with these bytes, or nil for anything else.
    public init?(prefix: Data) {
        let bytes = [UInt8](prefix.prefix(Self.prefixLength))
        func has(_ text: String, at offset: Int) -> Bool {
            bytes.dropFirst(offset).starts(with: text.utf8)
        }
        if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if bytes.starts(with: PNGChunks.signature) {
            self = .png
        } else if has("RIFF", at: 0) && has("WEBP", at: 8) {
            self = .webp
        } else if bytes.starts(with: [0x49, 0x49, 0x2A, 0])
            || bytes.starts(with: [0x4D, 0x4D, 0, 0x2A])
            || bytes.starts(with: [0x49, 0x49, 0x2B, 0])
            || bytes.starts(with: [0x4D, 0x4D, 0, 0x2B])
        {
            self = .tiff
        } else if has("GIF87a", at: 0) || has("GIF89a", at: 0) {
            self = .gif
        } else if has("ftyp", at: 4) && Self.heifBrands.contains(where: { has($0, at: 8) }) {
            self = .heif
        } else if has("BM", at: 0) && bytes.count >= 18 && Self.bmpHeaderSizes.contains(bytes[14])
            && bytes[15] == 0 && bytes[16] == 0 && bytes[17] == 0
        {
            // "BM" alone also starts ordinary words; the size of the second header settles it.
            self = .bmp
        } else if bytes.starts(with: [0xFF, 0x0A])
            || bytes.starts(with: [0, 0, 0, 0x0C, 0x4A, 0x58, 0x4C, 0x20, 0x0D, 0x0A, 0x87, 0x0A])
        {
            self = .jpegXL
        } else if bytes.starts(with: [0xFF, 0x4F, 0xFF, 0x51])
            || bytes.starts(with: [0, 0, 0, 0x0C, 0x6A, 0x50, 0x20, 0x20, 0x0D, 0x0A, 0x87, 0x0A])
        {
            self = .jpeg2000
        } else {
            return nil
        }
    }

    private static let heifBrands = [
        "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1", "avif", "avis",
    ]
    private static let bmpHeaderSizes: [UInt8] = [12, 40, 52, 56, 64, 108, 124]
}
