import Files
import Foundation
import Imaging
public import Settings

/// Grey pictures that say where a photo counts: white wholly, black not at all.
public struct PhotoMasks {
    static let suffix = DataConfiguration.maskSuffix

    /// Where a photo's mask comes from.
    enum Source: Equatable {
        case file(URL)
        /// The photo's own transparency.
        case transparency(URL)
    }

    /// What the black parts weigh at least, in 0…1.
    let outsideWeight: Double
    let sources: [Source?]

    /// Finds the masks of photos: in the folder of masks where there is one, else beside the
    /// photos, else in their transparency.
    ///
    /// - Throws: `ImagingError` for a photo or a mask that cannot be read, `FileError` for a mask of
    ///   another shape than its photo,
    ///   `SettingError` where no photo has a mask or the folder of
    ///   masks is none.
    public init(_ photos: TrainingPhotos, _ data: DataConfiguration) throws {
        outsideWeight = data.unmaskedWeight
        if let name = data.maskDir {
            sources = try Self.files(in: name, for: photos)
        } else {
            sources = try zip(photos.photos, photos.masks).map { photo, file in
                if let file { return .file(file) }
                let alpha = try PhotoReader.transparency(photo.url)
                return alpha == nil ? nil : .transparency(photo.url)
            }
        }
        guard sources.contains(where: { $0 != nil }) else {
            let place =
                data.maskDir.map { "in \($0)" }
                ?? "as NAME\(Self.suffix).png beside it or as its transparency"
            throw SettingError.option(
                name: "masked-loss", value: nil,
                problem: "no photo of \(photos.folderNames) has a mask \(place); make masks, "
                    + "white where the subject is, or leave the option away.")
        }
        for (photo, source) in zip(photos.photos, sources) {
            guard case .file(let url)? = source else { continue }
            _ = try Self.read(url, width: photo.width, height: photo.height)
        }
    }

    private static func files(
        in name: String, for photos: TrainingPhotos
    ) throws -> [Source?] {
        let folder = URL(fileURLWithPath: name)
        guard let entries = try? Folder.entries(of: folder) else {
            throw SettingError.option(
                name: "mask-dir", value: name,
                problem: "there is no such folder that can be listed; name the one with the "
                    + "masks, which have the names of the photos.")
        }
        var files: [String: URL] = [:]
        // The first by name, where endings differ.
        for entry in entries.sorted(by: { $0.readableName > $1.readableName }) {
            files[entry.readableStem] = entry
        }
        return photos.photos.map { photo in
            (files[photo.stem] ?? files[photo.stem + suffix]).map { .file($0) }
        }
    }

    /// How many photos have no mask, and so count everywhere.
    public var missingCount: Int { sources.count { $0 == nil } }

    /// The mask of a photo, of the photo's size.
    ///
    /// - Throws: `ImagingError` for a mask that cannot be read, `FileError` for one of another
    ///   shape than its photo.
    func mask(_ index: Int, of photo: PixelImage) throws -> PixelImage? {
        switch sources[index] {
        case nil: return nil
        case .transparency(let url)?: return try PhotoReader.transparency(url)
        case .file(let url)?:
            return try Self.read(url, width: photo.width, height: photo.height)
                .resized(width: photo.width, height: photo.height, filter: .bilinear)
        }
    }

    /// A mask in its own size, which has the shape of its photo's.
    private static func read(_ url: URL, width: Int, height: Int) throws -> PixelImage {
        let mask = try PhotoReader.read(url)
        let shape = Double(mask.width * height) / Double(mask.height * width)
        guard abs(shape - 1) < 0.02 else {
            throw FileError(
                .read, url,
                reason: "it is \(mask.width)x\(mask.height) pixels and its photo "
                    + "\(width)x\(height); a mask must have its photo's shape")
        }
        return mask
    }

    /// The SHA-256 of all masks in the photos' order, its first 16 digits.
    func fingerprint() throws -> String {
        var hash = SHA256()
        for source in sources {
            switch source {
            case nil: hash.update(Data("none".utf8))
            case .transparency?: hash.update(Data("alpha".utf8))
            case .file(let url)?:
                let bytes = try WholeFile.read(url)
                hash.update(SHA256.digest(of: bytes).bytes)
            }
        }
        return hash.digest().hexadecimal(prefix: 16)
    }
}
