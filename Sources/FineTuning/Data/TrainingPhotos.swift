import Crypto
import Files
public import Foundation
public import Imaging
import Torch

/// The photos of one folder as training sees them.
public struct TrainingPhotos {
    /// Crops kept of a photo that is not square, where crops are random. Encoding is slow, so a
    /// photo has a handful of crops, drawn once, and not a new one each time it is seen.
    public static let cropCount = 8

    /// The folder as it was found.
    public let folder: PhotoFolder
    /// The photos that are used, in the order of the folder.
    public let photos: [PhotoFolder.Photo]

    /// Looks at every photo, decoding each to its last row.
    ///
    /// - Parameters:
    ///   - resolution: what the photos will be resized to; a photo with a side of less than half
    ///     of it is an error.
    ///   - limit: how many are used at most, from the first; nil: all.
    /// - Throws: `ImagingError`, naming the folder or the photo.
    public init(_ url: URL, resolution: Int, limit: Int? = nil) throws(ImagingError) {
        folder = try PhotoFolder.scan(url, minimumSide: max(1, resolution / 2))
        photos = Array(folder.entries.prefix(limit ?? .max))
    }

    /// The number of photos that are used.
    public var count: Int { photos.count }

    /// What there is to say about the folder before training.
    public func events(resolution: Int) -> [TrainingEvent] {
        var result: [TrainingEvent] = []
        if !folder.skipped.isEmpty {
            result.append(
                .skippedFiles(
                    folder: folder.url.path, entries: folder.skipped.map { ($0.name, $0.reason) }))
        }
        let small = photos.filter { min($0.width, $0.height) < resolution }
        if let first = small.first {
            result.append(
                .notice(
                    "\(small.count) photo(s) of \(folder.url.path) are smaller than \(resolution) "
                        + "pixels and are enlarged, first \(first.url.lastPathComponent) "
                        + "(\(first.width)x\(first.height))."))
        }
        return result
    }

    /// The SHA-256 of all photos' bytes in their order, its first 16 digits: the same photos
    /// under other names or elsewhere have the same.
    public func fingerprint() throws -> String {
        var hash = SHA256()
        for photo in photos {
            let bytes = try WholeFile.read(photo.url)
            hash.update(data: SHA256.hash(data: bytes).map { $0 })
        }
        return hash.finalize().prefix(8).map { String(format: "%02x", $0) }.joined()
    }

    /// The photo at an index, resized to cover the square with its proportions kept, and cropped.
    ///
    /// - Returns: one picture, or with random crops and a photo that is not square
    ///   ``cropCount``; pixels as [3, side, side] in −1…1.
    func crops(_ index: Int, side: Int, centered: Bool, seed: UInt64) throws -> [Tensor] {
        let photo = try PhotoReader.read(photos[index].url)
        // Where nothing is left over, every crop is the same.
        let count = centered || photo.width == photo.height ? 1 : Self.cropCount
        let generator = Generator(seed: Seeds.derived(from: seed, .crop, UInt64(index)))
        return (0..<count).map { _ in
            let place = Tensor.rand([2], generator: generator).floats().map(Double.init)
            // torchvision's Resize in diffusers' script is bilinear.
            let picture = photo.resizedAndCropped(
                width: side, height: side,
                crop: centered ? .center : .at(x: place[0], y: place[1]), filter: .bilinear)
            return Self.pixels(picture)
        }
    }

    private static func pixels(_ picture: PixelImage) -> Tensor {
        let bytes = Tensor(picture.pixels, shape: [picture.height, picture.width, 3])
        let unit = bytes.cast(to: .float32).permuted(2, 0, 1) / 255
        return ((unit - 0.5) / 0.5).converted(format: .contiguous)
    }
}
