import Foundation

/// Pictures of kinds that are not read, told by name so that nobody looks for a fault elsewhere.
enum ForeignPicture {
    /// What files that start with these bytes are, and what to do; nil for anything else.
    static func reason(prefix: Data) -> String? {
        let bytes = [UInt8](prefix.prefix(ImageFormat.prefixLength))
        let kind = kinds.first { kind in
            bytes.dropFirst(kind.offset).starts(with: kind.start)
        }
        return kind.map { "\($0.name), which is not read: save it as PNG or JPEG" }
    }

    private static let kinds: [(offset: Int, start: [UInt8], name: String)] = [
        (0, Array("8BPS".utf8), "a Photoshop file"),
        (0, Array("gimp xcf".utf8), "a GIMP file"),
        (0, [0x76, 0x2F, 0x31, 0x01], "an OpenEXR picture"),
        (0, Array("#?RADIANCE".utf8), "a Radiance HDR picture"),
        (0, Array("#?RGBE".utf8), "a Radiance HDR picture"),
        (0, [0x49, 0x49, 0xBC], "a JPEG XR picture"),
        (0, Array("qoif".utf8), "a QOI picture"),
        (0, Array("DDS ".utf8), "a DDS texture"),
        (0, Array("%PDF-".utf8), "a PDF document"),
        (0, Array("P5\n".utf8), "a PGM picture"),
        (0, Array("P6\n".utf8), "a PPM picture"),
        (4, Array("ftypqt  ".utf8), "a film"),
        (4, Array("ftypisom".utf8), "a film"),
        (4, Array("ftypmp42".utf8), "a film"),
    ]
}
