import CVips
import Foundation

/// The one place that starts libvips and turns its answers into Swift values.
enum VipsLibrary {
    private static let started: Result<Void, ImagingError> = {
        var error = cv_error()
        // One thread: a decoder gives its rows in order, and what it says of damage comes in order
        // too; several may ask for a row too early, which hides the damage behind another error.
        guard cv_start(1, &error) == 0 else {
            return .failure(.library(detail: text(of: error)))
        }
        return .success(())
    }()

    /// Whether text can be drawn at all; asked once.
    static let hasFonts: Bool = {
        guard case .success = started else { return false }
        return cv_has_fonts() != 0
    }()

    static func start() throws(ImagingError) { try started.get() }

    static func text(of error: cv_error) -> String {
        withUnsafeBytes(of: error.text) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Takes over the pixels of the shim.
    static func take(_ pixels: cv_pixels) -> [UInt8] {
        defer { cv_free(pixels.pixels) }
        let count = Int(pixels.width) * Int(pixels.height) * Int(pixels.bands)
        return Array(UnsafeBufferPointer(start: pixels.pixels, count: count))
    }

    /// Takes over the bytes of the shim.
    static func take(_ bytes: cv_bytes) -> Data {
        defer { cv_free(bytes.data) }
        guard let data = bytes.data else { return Data() }
        return Data(bytes: data, count: bytes.length)
    }
}
