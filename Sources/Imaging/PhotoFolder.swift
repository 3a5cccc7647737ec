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
        /// The count of columns of the upright picture.
        public let width: Int
        /// The count of rows of the upright picture.
        public let height: Int
        /// What the picture is like, where that was asked for.
        public let traits: PhotoTraits?

        /// The file's name for people, and to find what belongs to it.
        public var name: String { url.readableName }
        /// The name without its ending.
        public var stem: String { url.readableStem }

        /// The same photo with its traits, decoded to its last row.
        ///
        /// - Throws: `ImagingError` where it is damaged.
        public func measured() throws(ImagingError) -> Photo {
            try PhotoFolder.decoded(url, format, measuring: true)
        }
    }

    /// An entry that is no photo.
    public struct Skipped: Sendable, Equatable {
        /// The entry.
        public let url: URL
        /// The entry's name in the folder, as people read it.
        public var name: String { url.readableName }
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
    /// The raw file of a camera is no photo: beside a photo of its name it is left out, alone it is
    /// an error, since its photo would be missing.
    ///
    /// - Parameters:
    ///   - names: The names that are looked at, others being left out in silence; nil: all.
    ///   - minimumSide: A photo with a shorter side, in pixels, is an error.
    ///   - decoding: Whether each photo is decoded to its last row, so that a damaged one is
    ///     named now and not after an hour of work.
    ///   - measuring: Whether the photos' traits are measured, which decodes them.
    ///   - canBeEmpty: Whether a folder without photos is none to complain about.
    ///   - toleratesFailures: Whether photos that cannot be used are listed instead of thrown.
    /// - Throws: `ImagingError` for a folder that is absent or without photos, and for the first
    ///   photo that is damaged, too small or too large.
    public static func scan(
        _ folder: URL, names: Set<String>? = nil, minimumSide: Int = 64, decoding: Bool = true,
        measuring: Bool = false,
        canBeEmpty: Bool = false, toleratesFailures: Bool = false
    ) throws(ImagingError) -> PhotoFolder {
        var photos: [Photo] = []
        var skipped: [Skipped] = []
        var refused: [Refused] = []
        var raws: [(file: URL, error: ImagingError)] = []
        for file in try entries(in: folder) where names?.contains(file.readableName) ?? true {
            if let reason = reasonToSkip(file) {
                skipped.append(Skipped(url: file, reason: reason))
                continue
            }
            do throws(ImagingError) {
                let prefix = try PhotoReader.prefix(of: file)
                let isRaw = CameraRaw.kind(prefix: prefix) != nil
                guard let format = ImageFormat(prefix: prefix), !isRaw else {
                    // Throws for a raw file.
                    if isRaw { _ = try PhotoReader.load(file) }
                    skipped.append(Skipped(url: file, reason: reasonForForeign(file, prefix)))
                    continue
                }
                let photo =
                    decoding || measuring
                    ? try decoded(file, format, measuring: measuring)
                    : try undecoded(file, format)
                guard min(photo.width, photo.height) >= minimumSide else {
                    throw .tooSmall(
                        path: file.readablePath, width: photo.width, height: photo.height,
                        minimumSide: minimumSide)
                }
                photos.append(photo)
            } catch {
                if case .cameraRaw = error {
                    raws.append((file, error))
                    continue
                }
                guard toleratesFailures else { throw error }
                refused.append(Refused(url: file, error: error))
            }
        }
        for (file, error) in raws {
            if case .cameraRaw(_, let kind) = error,
                let photo = photos.first(where: { $0.stem == file.readableStem })
            {
                skipped.append(
                    Skipped(
                        url: file,
                        reason: "a raw file of a camera (\(kind)); \(photo.name) is taken"))
            } else if toleratesFailures {
                refused.append(Refused(url: file, error: error))
            } else {
                throw error
            }
        }
        guard canBeEmpty || !photos.isEmpty else {
            throw .noPhotos(path: folder.readablePath, skippedCount: skipped.count)
        }
        return PhotoFolder(url: folder, entries: photos, skipped: skipped, refused: refused)
    }

    fileprivate static func decoded(
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

    private static func entries(in folder: URL) throws(ImagingError) -> [URL] {
        var status = stat()
        guard folder.withPathBytes({ stat($0, &status) }) == 0 else {
            throw .noSuchFolder(path: folder.readablePath)
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw .notAFolder(path: folder.readablePath)
        }
        do throws(FileError) {
            return try Folder.entries(of: folder)
                .map { (name: $0.readableName, url: $0) }
                .sorted { comesBefore($0.name, $1.name) }.map(\.url)
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

    private static func reasonToSkip(_ file: URL) -> String? {
        // Finder keeps a "._name" beside a photo on foreign disks, and hidden names are never
        // photos that a person put there.
        if file.readableName.hasPrefix(".") { return "a hidden file" }
        var status = stat()
        guard file.withPathBytes({ stat($0, &status) }) == 0 else { return "a link to nothing" }
        switch status.st_mode & S_IFMT {
        case S_IFDIR:
            let count = pictureCount(in: file)
            return count == 0 ? "a folder" : "a folder with \(count) picture(s), not looked into"
        case S_IFREG: return status.st_size == 0 ? "an empty file" : nil
        default: return "not a regular file"
        }
    }

    /// How many files right in a folder begin as pictures do; 0 where it cannot be listed.
    public static func pictureCount(in folder: URL) -> Int {
        let entries = (try? Folder.entries(of: folder)) ?? []
        return entries.count { !$0.readableName.hasPrefix(".") && PhotoReader.sniff($0) != nil }
    }

    private static func reasonForForeign(_ file: URL, _ prefix: Data) -> String {
        if let reason = ForeignPicture.reason(prefix: prefix) { return reason }
        let ending = (file.readableName as NSString).pathExtension.lowercased()
        let pictureEndings = [
            "jpg", "jpeg", "png", "webp", "tif", "tiff", "gif", "heic", "heif", "avif", "bmp",
            "jxl", "jp2", "j2k", "jpf",
        ]
        let isText = prefix.allSatisfy { $0 >= 32 || $0 == 9 || $0 == 10 || $0 == 13 }
        let content = isText ? "text" : "not a picture"
        return pictureEndings.contains(ending) ? "\(content), whatever its name says" : content
    }
}
