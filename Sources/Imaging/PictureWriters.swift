import CVips
import Files
public import Foundation

/// Writing PNG files, whole or not at all.
public enum PNGWriter {
    /// Writes `image` to `url` with `text` pairs ahead of the pixels.
    ///
    /// A text of Latin-1 characters becomes a `tEXt` chunk, any other an `iTXt` chunk in UTF-8.
    /// - Parameters:
    ///   - compression: 0 (none) to 9 (smallest).
    ///   - replacing: false: an error where something has the name already.
    /// - Throws: `ImagingError` when the file cannot be written; nothing is left behind then.
    public static func write(
        _ image: PixelImage, to url: URL, text: [(keyword: String, value: String)] = [],
        compression: Int = 6, replacing: Bool = true
    ) throws(ImagingError) {
        let bytes = try encode(image, text: text, compression: compression, name: url.path)
        do throws(FileError) {
            try AtomicFile.write(bytes, to: url, replacing: replacing)
        } catch {
            throw .file(error)
        }
    }

    /// The bytes of the PNG file; `name` stands in error sentences for the file.
    public static func encode(
        _ image: PixelImage, text: [(keyword: String, value: String)] = [], compression: Int = 6,
        name: String = "a picture"
    ) throws(ImagingError) -> Data {
        precondition((0...9).contains(compression), "PNGWriter: compression is 0 to 9")
        try VipsLibrary.start()
        var result = cv_bytes()
        var error = cv_error()
        let status = image.pixels.withUnsafeBufferPointer { pixels in
            cv_encode_png(
                pixels.baseAddress, Int32(image.width), Int32(image.height), Int32(compression),
                &result, &error)
        }
        guard status == 0 else {
            throw .encoding(path: name, detail: VipsLibrary.text(of: error))
        }
        let plain = VipsLibrary.take(result)
        // IHDR comes first and always has 13 bytes; texts may stand right behind it.
        let headerEnd = PNGChunks.signature.count + 12 + 13
        var bytes = plain.prefix(headerEnd)
        for pair in text {
            bytes.append(contentsOf: PNGText.chunk(keyword: pair.keyword, value: pair.value))
        }
        bytes.append(plain.dropFirst(headerEnd))
        return bytes
    }
}

/// Writing JPEG files, whole or not at all.
public enum JPEGWriter {
    /// Writes `image` to `url`.
    ///
    /// - Parameters:
    ///   - quality: 1 to 100.
    ///   - replacing: false: an error where something has the name already.
    /// - Throws: `ImagingError` when the file cannot be written; nothing is left behind then.
    public static func write(
        _ image: PixelImage, to url: URL, quality: Int = 90, replacing: Bool = true
    ) throws(ImagingError) {
        let bytes = try encode(image, quality: quality, name: url.path)
        do throws(FileError) {
            try AtomicFile.write(bytes, to: url, replacing: replacing)
        } catch {
            throw .file(error)
        }
    }

    /// The bytes of the JPEG file; `name` stands in error sentences for the file.
    public static func encode(
        _ image: PixelImage, quality: Int = 90, name: String = "a picture"
    ) throws(ImagingError) -> Data {
        precondition((1...100).contains(quality), "JPEGWriter: quality is 1 to 100")
        try VipsLibrary.start()
        var result = cv_bytes()
        var error = cv_error()
        let status = image.pixels.withUnsafeBufferPointer { pixels in
            cv_encode_jpeg(
                pixels.baseAddress, Int32(image.width), Int32(image.height), Int32(quality),
                &result, &error)
        }
        guard status == 0 else {
            throw .encoding(path: name, detail: VipsLibrary.text(of: error))
        }
        return VipsLibrary.take(result)
    }
}
