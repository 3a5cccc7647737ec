import CVips
import Files
public import Foundation

/// Reading pictures of any common kind into upright sRGB pixels.
public enum PhotoReader {
    /// Pictures with more pixels are refused before they are decoded.
    public static let defaultPixelLimit = 200_000_000
    /// Larger files are refused before they are read.
    static let byteLimit = 1 << 30

    /// The kind of picture a file holds, by its first bytes and not by its name.
    ///
    /// - Returns: nil when the file is no picture or cannot be read.
    public static func sniff(_ url: URL) -> ImageFormat? {
        guard let prefix = try? WholeFile.prefix(url, count: ImageFormat.prefixLength) else {
            return nil
        }
        return ImageFormat(prefix: prefix)
    }

    /// The size that `read` would give, from the header alone.
    public static func size(
        _ url: URL, pixelLimit: Int = defaultPixelLimit
    ) throws(ImagingError) -> (width: Int, height: Int) {
        let (data, format) = try load(url)
        return try size(of: data, format, url.readablePath, pixelLimit)
    }

    /// Reads a picture as 8-bit sRGB, whatever its kind says.
    ///
    /// The EXIF orientation is applied; an embedded colour profile is converted to sRGB; gray,
    /// palette, 16-bit and CMYK pictures become RGB; transparent parts lie over white; of several
    /// pages or frames the first is taken.
    /// - Throws: `ImagingError` for a file that is absent, no picture, damaged or cut short
    ///   anywhere, or larger than `pixelLimit` pixels by its header.
    public static func read(
        _ url: URL, pixelLimit: Int = defaultPixelLimit
    ) throws(ImagingError) -> PixelImage {
        let (data, format) = try load(url)
        return try decode(data, format, name: url.readablePath, pixelLimit: pixelLimit)
    }

    /// Decodes a picture that is in memory; `name` stands in error sentences for the file.
    public static func decode(
        _ data: Data, name: String, pixelLimit: Int = defaultPixelLimit
    ) throws(ImagingError) -> PixelImage {
        let format = try format(of: data, name: name)
        if format == .tiff { try check(tiff: data, name: name) }
        return try decode(data, format, name: name, pixelLimit: pixelLimit)
    }

    static func load(_ url: URL) throws(ImagingError) -> (Data, ImageFormat) {
        let name = url.readablePath
        // What is no picture is not read to its end.
        _ = try format(of: prefix(of: url), name: name)
        let data: Data
        do throws(FileError) {
            data = try WholeFile.read(url, limit: byteLimit)
        } catch {
            throw .file(error)
        }
        let format = try format(of: data, name: name)
        if format == .tiff { try check(tiff: data, name: name) }
        return (data, format)
    }

    /// The bytes by which kinds are told apart.
    static func prefix(of url: URL) throws(ImagingError) -> Data {
        do throws(FileError) {
            return try WholeFile.prefix(url, count: ImageFormat.prefixLength)
        } catch {
            throw .file(error)
        }
    }

    private static func format(of data: Data, name: String) throws(ImagingError) -> ImageFormat {
        if let kind = CameraRaw.kind(prefix: data) { throw .cameraRaw(path: name, kind: kind) }
        if let format = ImageFormat(prefix: data) { return format }
        if let reason = ForeignPicture.reason(prefix: data) {
            throw .foreign(path: name, reason: reason)
        }
        throw .notAPicture(path: name)
    }

    /// What libvips would take for a picture although it is none, or take wrongly.
    private static func check(tiff data: Data, name: String) throws(ImagingError) {
        guard let tags = TIFFTags(data) else { return }
        if let kind = CameraRaw.kind(tiff: tags, name: name) {
            throw .cameraRaw(path: name, kind: kind)
        }
        guard let first = tags.directories.first else { return }
        if first[339]?.contains(3) == true {
            throw .unknownRange(path: name, format: .tiff, detail: "floating-point numbers")
        }
        if let bits = first[258]?.max(), bits > 16 {
            throw .unknownRange(path: name, format: .tiff, detail: "\(bits)-bit numbers")
        }
    }

    static func size(
        of data: Data, _ format: ImageFormat, _ name: String, _ pixelLimit: Int
    ) throws(ImagingError) -> (width: Int, height: Int) {
        let size: (width: Int, height: Int)
        if let kind = format.vipsFormat {
            try VipsLibrary.start()
            guard cv_can_read(kind) != 0 else { throw .noDecoder(path: name, format: format) }
            var result = cv_size()
            var error = cv_error()
            let status = data.withUnsafeBytes { bytes in
                cv_read_size(bytes.baseAddress, bytes.count, kind, &result, &error)
            }
            if status == CV_UNKNOWN_RANGE {
                throw .unknownRange(
                    path: name, format: format, detail: VipsLibrary.text(of: error))
            }
            guard status == 0 else {
                throw .damaged(path: name, format: format, detail: VipsLibrary.text(of: error))
            }
            size = (Int(result.width), Int(result.height))
        } else {
            size = try BitmapFile(data, name: name).size
        }
        let (count, overflow) = size.width.multipliedReportingOverflow(by: size.height)
        guard !overflow, count <= pixelLimit else {
            throw .tooManyPixels(
                path: name, width: size.width, height: size.height, limit: pixelLimit)
        }
        return size
    }

    private static func decode(
        _ data: Data, _ format: ImageFormat, name: String, pixelLimit: Int
    ) throws(ImagingError) -> PixelImage {
        _ = try size(of: data, format, name, pixelLimit)
        guard let kind = format.vipsFormat else {
            return try BitmapFile(data, name: name).decoded()
        }
        var result = cv_pixels()
        var error = cv_error()
        let status = data.withUnsafeBytes { bytes in
            cv_decode(bytes.baseAddress, bytes.count, kind, &result, &error)
        }
        guard status == 0 else {
            throw .damaged(path: name, format: format, detail: VipsLibrary.text(of: error))
        }
        let (width, height) = (Int(result.width), Int(result.height))
        return PixelImage(width: width, height: height, pixels: VipsLibrary.take(result))
    }
}

extension ImageFormat {
    /// The decoder in the C shim; nil for BMP, which `BitmapFile` reads.
    var vipsFormat: cv_format? {
        switch self {
        case .jpeg: CV_JPEG
        case .png: CV_PNG
        case .webp: CV_WEBP
        case .tiff: CV_TIFF
        case .gif: CV_GIF
        case .heif: CV_HEIF
        case .bmp: nil
        case .jpegXL: CV_JXL
        case .jpeg2000: CV_JP2
        }
    }
}
