import Files
public import Foundation

/// The photos of a folder, in natural order, with what else lay in it.
public struct PhotoFolder: Sendable {
    /// A photo that was looked at.
    public struct Photo: Sendable, Equatable {
        /// The file.
        public let url: URL
        /// What the content is.
        public let format: ImageFormat
        /// The count of columns, upright where the pixels were decoded.
        public let width: Int
        /// The count of rows, upright where the pixels were decoded.
        public let height: Int
        /// What the picture is like, where that was asked for.
        public let traits: PhotoTraits?
    }

    /// An entry that is no photo.
    public struct Skipped: Sendable, Equatable {
        /// The entry's name in the folder.
        public let name: String
        /// Why it is no photo, in a few words.
        public let reason: String
    }

    /// A photo that cannot be used.
    public struct Refused: Sendable, Equatable {
        /// The file.
        public let url: URL
        /// What is wrong with it.
        public let error: ImagingError
    }

    /// The folder.
    public let url: URL
    /// The photos, `2.jpg` before `10.jpg`.
    public let entries: [Photo]
    /// What is not a photo.
    public let skipped: [Skipped]
    /// Photos that cannot be used, where they are no error.
    public let refused: [Refused]

    /// The photos' files, `2.jpg` before `10.jpg`.
    public var photos: [URL] { entries.map(\.url) }

    /// Looks through a folder, not into folders within it, and tells photos by their content.
    ///
    /// - Parameters:
    ///   - minimumSide: A photo with a shorter side, in pixels, is an error.
    ///   - decoding: Whether each photo is decoded to its last row, so that a damaged one is
    ///     named now and not after an hour of work.
    ///   - measuring: Whether the photos' traits are measured, which decodes them.
    ///   - canBeEmpty: Whether a folder without photos is none to complain about.
    ///   - toleratesFailures: Whether photos that cannot be used are listed instead of thrown.
    /// - Throws: `ImagingError` for a folder that is absent or without photos, and for the first
    ///   photo that is damaged, too small or too large.
    public static func scan(
        _ folder: URL, minimumSide: Int = 64, decoding: Bool = true, measuring: Bool = false,
        canBeEmpty: Bool = false, toleratesFailures: Bool = false
    ) throws(ImagingError) -> PhotoFolder {
        var photos: [Photo] = []
        var skipped: [Skipped] = []
        var refused: [Refused] = []
        for name in try names(in: folder) {
            let file = folder.appendingPathComponent(name)
            if let reason = reasonToSkip(name, file) {
                skipped.append(Skipped(name: name, reason: reason))
                continue
            }
            do throws(ImagingError) {
                let prefix = try prefix(of: file)
                guard let format = ImageFormat(prefix: prefix) else {
                    skipped.append(Skipped(name: name, reason: reasonForForeign(name, prefix)))
                    continue
                }
                let photo =
                    decoding || measuring
                    ? try decoded(file, format, measuring: measuring)
                    : try undecoded(file, format)
                guard min(photo.width, photo.height) >= minimumSide else {
                    throw .tooSmall(
                        path: file.path, width: photo.width, height: photo.height,
                        minimumSide: minimumSide)
                }
                photos.append(photo)
            } catch {
                guard toleratesFailures else { throw error }
                refused.append(Refused(url: file, error: error))
            }
        }
        guard canBeEmpty || !photos.isEmpty else {
            throw .noPhotos(path: folder.path, skippedCount: skipped.count)
        }
        return PhotoFolder(url: folder, entries: photos, skipped: skipped, refused: refused)
    }

    private static func prefix(of file: URL) throws(ImagingError) -> Data {
        do throws(FileError) {
            return try WholeFile.prefix(file, count: ImageFormat.prefixLength)
        } catch {
            throw .file(error)
        }
    }

    private static func decoded(
        _ file: URL, _ format: ImageFormat, measuring: Bool
    ) throws(ImagingError) -> Photo {
        let image = try PhotoReader.read(file)
        return Photo(
            url: file, format: format, width: image.width, height: image.height,
            traits: measuring ? PhotoTraits(image) : nil)
    }

    private static func undecoded(
        _ file: URL, _ format: ImageFormat
    ) throws(ImagingError) -> Photo {
        let size = try PhotoReader.size(file)
        return Photo(
            url: file, format: format, width: size.width, height: size.height, traits: nil)
    }

    private static func names(in folder: URL) throws(ImagingError) -> [String] {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isDirectory) else {
            throw .noSuchFolder(path: folder.path)
        }
        guard isDirectory.boolValue else { throw .notAFolder(path: folder.path) }
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder.path)
                .sorted(by: comesBefore)
        } catch {
            throw .file(
                FileError(.read, folder, reason: "the folder cannot be listed; check permissions"))
        }
    }

    /// `2` before `10`; equal by that rule, by bytes, so that the order is the same everywhere.
    static func comesBefore(_ left: String, _ right: String) -> Bool {
        switch left.compare(right, options: [.numeric, .caseInsensitive]) {
        case .orderedAscending: true
        case .orderedDescending: false
        case .orderedSame: left.utf8.lexicographicallyPrecedes(right.utf8)
        }
    }

    private static func reasonToSkip(_ name: String, _ file: URL) -> String? {
        // Finder keeps a "._name" beside a photo on foreign disks, and hidden names are never
        // photos that a person put there.
        if name.hasPrefix(".") { return "a hidden file" }
        var status = stat()
        guard stat(file.path, &status) == 0 else { return "a link to nothing" }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return "a folder"
        case S_IFREG: return status.st_size == 0 ? "an empty file" : nil
        default: return "not a regular file"
        }
    }

    private static func reasonForForeign(_ name: String, _ prefix: Data) -> String {
        let ending = (name as NSString).pathExtension.lowercased()
        let pictureEndings = [
            "jpg", "jpeg", "png", "webp", "tif", "tiff", "gif", "heic", "heif", "avif", "bmp",
        ]
        let isText = prefix.allSatisfy { $0 >= 32 || $0 == 9 || $0 == 10 || $0 == 13 }
        let content = isText ? "text" : "not a picture"
        return pictureEndings.contains(ending) ? "\(content), whatever its name says" : content
    }
}
