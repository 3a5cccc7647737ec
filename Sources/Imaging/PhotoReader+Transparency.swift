import CVips
import Files
public import Foundation

extension PhotoReader {
    /// How opaque a picture is at each pixel, as a grey picture: 255 is opaque, 0 is not there.
    ///
    /// - Returns: upright, of the size that ``read(_:pixelLimit:)`` gives; nil for a picture
    ///   without an alpha channel, and for one that is opaque everywhere.
    /// - Throws: as ``read(_:pixelLimit:)``.
    public static func transparency(
        _ url: URL, pixelLimit: Int = defaultPixelLimit
    ) throws(ImagingError) -> PixelImage? {
        let (data, format) = try load(url)
        // BMP, which libvips does not read, has no alpha that programs agree on.
        guard let kind = format.vipsFormat else { return nil }
        _ = try size(of: data, format, url.readablePath, pixelLimit)
        var result = cv_pixels()
        var error = cv_error()
        let status = data.withUnsafeBytes { bytes in
            cv_decode_alpha(bytes.baseAddress, bytes.count, kind, &result, &error)
        }
        guard status == 0 else {
            throw .damaged(
                path: url.readablePath, format: format, detail: VipsLibrary.text(of: error))
        }
        guard result.pixels != nil else { return nil }
        let (width, height) = (Int(result.width), Int(result.height))
        let alpha = VipsLibrary.take(result)
        guard alpha.contains(where: { $0 < 255 }) else { return nil }
        return PixelImage(
            width: width, height: height,
            pixels: [UInt8](unsafeUninitializedCapacity: alpha.count * 3) { output, count in
                for (index, value) in alpha.enumerated() {
                    for channel in 0..<3 { output[3 * index + channel] = value }
                }
                count = alpha.count * 3
            })
    }
}
