import Foundation
import Imaging
import Testing

/// The committed pictures.
enum Fixtures {
    static func url(_ name: String) -> URL {
        Bundle.module.bundleURL.appendingPathComponent("Fixtures/\(name)")
    }

    static func image(_ name: String) throws -> PixelImage { try PhotoReader.read(url(name)) }
}

/// Runs `body` with an empty folder that is removed afterwards.
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("imaging-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}

/// The largest difference of any channel of any pixel.
func largestDifference(_ left: PixelImage, _ right: PixelImage) throws -> Int {
    try #require(left.width == right.width && left.height == right.height)
    return zip(left.pixels, right.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
}

/// The sentence of the error that `body` throws.
func sentence<Result>(_ body: () throws -> Result) -> String {
    do {
        _ = try body()
        return "no error"
    } catch {
        return "\(error)"
    }
}
