import Files
public import Foundation
public import Imaging

/// The photos of a run as training sees them: those of one folder, or of a folder a subject.
public struct TrainingPhotos {
    /// A folder, and what its name says of its photos.
    struct Part {
        let folder: PhotoFolder
        let photos: [PhotoFolder.Photo]
        /// Whose photos they are, counted from 0.
        let subject: Int
        /// How often each photo counts in an epoch.
        let repeats: Int
        /// The caption of photos without one of their own.
        let words: String?
        /// The masks beside the photos, by the photos' names without ending: they are no photos.
        let masks: [String: URL]

        init(
            _ folder: PhotoFolder, subject: Int, limit: Int = .max, repeats: Int,
            words: String? = nil
        ) {
            func stem(_ photo: PhotoFolder.Photo) -> String {
                photo.url.deletingPathExtension().lastPathComponent
            }
            let stems = Set(folder.entries.map(stem))
            var masks: [String: URL] = [:]
            var photos: [PhotoFolder.Photo] = []
            for photo in folder.entries {
                let name = stem(photo)
                let end = name.dropLast(PhotoMasks.suffix.count)
                if name.hasSuffix(PhotoMasks.suffix), stems.contains(String(end)) {
                    masks[String(end)] = photo.url
                } else {
                    photos.append(photo)
                }
            }
            self.folder = folder
            self.photos = Array(photos.prefix(limit))
            self.subject = subject
            self.repeats = repeats
            self.words = words
            self.masks = masks
        }
    }

    /// The folder of each subject.
    public let folders: [URL]
    /// The photos that are used, each once, in the order of the folders.
    public let photos: [PhotoFolder.Photo]
    /// For each subject its folder, then those in it whose photos count several times.
    let parts: [Part]

    /// Looks at every photo of one folder, decoding each to its last row.
    ///
    /// - Parameters:
    ///   - resolution: what the photos will be resized to; a photo with a side of less than half
    ///     of it is an error.
    ///   - limit: how many of the folder itself are used at most, from the first; nil: all.
    ///   - takesRepeated: whether folders in it with names such as `10_sks robot` are looked into.
    ///   - measuring: whether twins and blurred photos are looked for.
    ///   - toleratesFailures: whether photos that cannot be used are left out instead of thrown.
    /// - Throws: `ImagingError`, naming the folder or the photo.
    public init(
        _ url: URL, resolution: Int, limit: Int? = nil, takesRepeated: Bool = false,
        measuring: Bool = false, toleratesFailures: Bool = false
    ) throws(ImagingError) {
        try self.init(
            [(url, 1)], resolution: resolution, limit: limit, takesRepeated: takesRepeated,
            measuring: measuring, toleratesFailures: toleratesFailures)
    }

    /// Looks at every photo of several folders, one a subject.
    ///
    /// - Parameter folders: each with how often its photos count.
    package init(
        _ folders: [(url: URL, repeats: Int)], resolution: Int, limit: Int? = nil,
        takesRepeated: Bool, measuring: Bool, toleratesFailures: Bool
    ) throws(ImagingError) {
        let side = max(1, resolution / 2)
        func scan(_ url: URL, canBeEmpty: Bool) throws(ImagingError) -> PhotoFolder {
            try PhotoFolder.scan(
                url, minimumSide: side, measuring: measuring,
                canBeEmpty: canBeEmpty || toleratesFailures, toleratesFailures: toleratesFailures)
        }
        var parts: [Part] = []
        for (subject, (url, repeats)) in folders.enumerated() {
            let repeated = takesRepeated ? Self.repeatedFolders(in: url) : []
            let folder = try scan(url, canBeEmpty: !repeated.isEmpty)
            parts.append(
                Part(folder, subject: subject, limit: limit ?? .max, repeats: repeats))
            for (name, meaning) in repeated {
                let inner = try scan(url.appendingPathComponent(name), canBeEmpty: false)
                parts.append(
                    Part(
                        inner, subject: subject, repeats: meaning.repeats * repeats,
                        words: meaning.words))
            }
        }
        self.folders = folders.map(\.url)
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

    /// For every photo, in which of the folders it is.
    package var folderNumbers: [Int] {
        parts.flatMap { part in part.photos.map { _ in part.subject } }
    }

    /// For every photo, whose it is.
    package var subjects: [SubjectID] {
        folderNumbers.map(SubjectID.init)
    }

    /// The folders as one writes them in a sentence.
    var folderNames: String { folders.map(\.path).joined(separator: ", ") }

    /// For every photo, the mask that lies beside it.
    var masks: [URL?] {
        parts.flatMap { part in
            part.photos.map { part.masks[$0.url.deletingPathExtension().lastPathComponent] }
        }
    }

    /// The photos of an epoch before they are put in order: each as often as it counts.
    public var examples: [PhotoID] {
        var result: [PhotoID] = []
        var start = 0
        for part in parts {
            for index in start..<(start + part.photos.count) {
                result += Array(repeating: PhotoID(index), count: part.repeats)
            }
            start += part.photos.count
        }
        return result
    }

    /// What lies in the folders and has no meaning there, by folder.
    ///
    /// - Parameter captions: those beside the photos, where they are looked for: no strays.
    func strays(_ captions: PhotoCaptions?) -> [(folder: URL, entries: [PhotoFolder.Skipped])] {
        let inner = Set(parts.map(\.folder.url.path))
        return parts.compactMap { part in
            let strays = part.folder.skipped.filter { entry in
                let path = part.folder.url.appendingPathComponent(entry.name).path
                return !inner.contains(path) && captions?.entries.contains(path) != true
            }
            return strays.isEmpty ? nil : (part.folder.url, strays)
        }
    }

    /// What there is to say about the folder before training.
    ///
    /// - Parameter captions: those beside the photos, where they are looked for: no strays.
    public func remarks(resolution: Int, captions: PhotoCaptions? = nil) -> [DataRemark] {
        var result: [DataRemark] = []
        for (folder, strays) in strays(captions) {
            result.append(
                .skippedFiles(
                    folder: folder.path,
                    entries: strays.map { SkippedFile(name: $0.name, reason: $0.reason) }))
        }
        let small = photos.filter { min($0.width, $0.height) < resolution }
        if let first = small.first {
            result.append(
                .notice(
                    "\(small.count) photo(s) of \(folderNames) are smaller than \(resolution) "
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
            hash.update(SHA256.digest(of: bytes).bytes)
        }
        // Nothing where all count once, as they did before there were repeats.
        if parts.contains(where: { $0.repeats > 1 }) {
            hash.update(Data(examples.map { String($0.place) }.joined(separator: " ").utf8))
        }
        return hash.digest().hexadecimal(prefix: 16)
    }
}
