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

    /// A folder, and what its name says of its photos.
    struct Part {
        let folder: PhotoFolder
        let photos: [PhotoFolder.Photo]
        /// How often each photo counts in an epoch.
        let repeats: Int
        /// The caption of photos without one of their own.
        let words: String?
    }

    /// The folder as it was found.
    public let folder: PhotoFolder
    /// The photos that are used, each once, in the order of the folders.
    public let photos: [PhotoFolder.Photo]
    /// The folder itself, then those in it whose photos count several times.
    let parts: [Part]

    /// Looks at every photo, decoding each to its last row.
    ///
    /// - Parameters:
    ///   - resolution: what the photos will be resized to; a photo with a side of less than half
    ///     of it is an error.
    ///   - limit: how many of the folder itself are used at most, from the first; nil: all.
    ///   - takesRepeated: whether folders in it with names such as `10_sks robot` are looked into.
    /// - Throws: `ImagingError`, naming the folder or the photo.
    public init(
        _ url: URL, resolution: Int, limit: Int? = nil, takesRepeated: Bool = false
    ) throws(ImagingError) {
        let side = max(1, resolution / 2)
        let repeated = takesRepeated ? Self.repeatedFolders(in: url) : []
        folder = try PhotoFolder.scan(url, minimumSide: side, canBeEmpty: !repeated.isEmpty)
        var parts = [
            Part(
                folder: folder, photos: Array(folder.entries.prefix(limit ?? .max)), repeats: 1,
                words: nil)
        ]
        for (name, meaning) in repeated {
            let inner = try PhotoFolder.scan(
                url.appendingPathComponent(name), minimumSide: side)
            parts.append(
                Part(
                    folder: inner, photos: inner.entries, repeats: meaning.repeats,
                    words: meaning.words))
        }
        self.parts = parts
        photos = parts.flatMap(\.photos)
    }

    /// In an order that is the same everywhere.
    private static func repeatedFolders(in url: URL) -> [(String, RepeatedFolder)] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.compactMap { name in
            var isDirectory: ObjCBool = false
            let path = url.appendingPathComponent(name).path
            guard let meaning = RepeatedFolder(name: name),
                FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory),
                isDirectory.boolValue
            else { return nil }
            return (name, meaning)
        }
    }

    /// The number of photos that are used.
    public var count: Int { photos.count }

    /// The photos of an epoch before they are put in order: each as often as it counts.
    public var examples: [Int] {
        var result: [Int] = []
        var start = 0
        for part in parts {
            for index in start..<(start + part.photos.count) {
                result += Array(repeating: index, count: part.repeats)
            }
            start += part.photos.count
        }
        return result
    }

    /// What there is to say about the folder before training.
    ///
    /// - Parameter captions: those beside the photos, where they are looked for: no strays.
    public func events(resolution: Int, captions: PhotoCaptions? = nil) -> [TrainingEvent] {
        var result: [TrainingEvent] = []
        let inner = Set(parts.dropFirst().map(\.folder.url.path))
        for part in parts {
            let strays = part.folder.skipped.filter { entry in
                let path = part.folder.url.appendingPathComponent(entry.name).path
                return !inner.contains(path) && captions?.entries.contains(path) != true
            }
            guard !strays.isEmpty else { continue }
            result.append(
                .skippedFiles(
                    folder: part.folder.url.path, entries: strays.map { ($0.name, $0.reason) }))
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
    /// under other names or elsewhere have the same. How often they count is in it too.
    public func fingerprint() throws -> String {
        var hash = SHA256()
        for photo in photos {
            let bytes = try WholeFile.read(photo.url)
            hash.update(data: SHA256.hash(data: bytes).map { $0 })
        }
        // Nothing where all count once, as they did before there were repeats.
        if parts.contains(where: { $0.repeats > 1 }) {
            hash.update(data: Data(examples.map { String($0) }.joined(separator: " ").utf8))
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
