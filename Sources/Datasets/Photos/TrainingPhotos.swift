import Files
public import Foundation
public import Imaging

/// The photos of a run as training sees them: those of one folder, or of a folder a subject.
public struct TrainingPhotos {
    /// A folder, and what its name says of its photos.
    struct Part {
        let folder: PhotoFolder
        fileprivate(set) var photos: [PhotoFolder.Photo]
        /// Whose photos they are, counted from 0.
        let subject: Int
        /// How often each photo counts in an epoch.
        let repeats: Int
        /// The caption of photos without one of their own.
        let words: String?
        /// What says of its photos what they show, the nearest first.
        let tables: [Table]
        /// The masks beside the photos, by the photos' names without ending: they are no photos.
        let masks: [String: URL]

        init(
            _ folder: PhotoFolder, subject: Int, limit: Int = .max, repeats: Int,
            words: String? = nil, tables: [Table] = []
        ) {
            let stems = Set(folder.entries.map(\.stem))
            var masks: [String: URL] = [:]
            var photos: [PhotoFolder.Photo] = []
            for photo in folder.entries {
                let name = photo.stem
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
            self.tables = tables
            self.masks = masks
        }
    }

    /// A table of captions as the photos of one folder look into it.
    struct Table {
        let result: Result<CaptionTable, FileError>
        /// The way from the table's folder to that of the photos: empty, or with a slash at its end.
        let prefix: String

        func caption(of photo: URL) throws -> (text: String, url: URL)? {
            let table = try result.get()
            return table.caption(of: prefix + photo.readableName).map { ($0, table.url) }
        }

        func hasCaption(of photo: URL) -> Bool { (try? caption(of: photo)) != nil }
    }

    /// The folder of each subject.
    public let folders: [URL]
    /// The photos that are used, each once, in the order of the folders.
    public private(set) var photos: [PhotoFolder.Photo]
    /// For each subject its folder, then those in it whose photos count several times.
    private(set) var parts: [Part]

    /// Looks at every photo of one folder.
    ///
    /// - Parameters:
    ///   - resolution: what the photos will be resized to; a photo with a side of less than half
    ///     of it is an error.
    ///   - limit: how many of the folder itself are used at most, from the first; nil: all.
    ///   - takesRepeated: whether folders in it with names such as `10_sks robot` are looked into.
    ///   - decoding: whether each photo is decoded to its last row, so that damage is found.
    ///   - measuring: whether twins and blurred photos are looked for.
    ///   - toleratesFailures: whether photos that cannot be used are left out instead of thrown.
    /// - Throws: `ImagingError`, naming the folder or the photo.
    public init(
        _ url: URL, resolution: Int, limit: Int? = nil, takesRepeated: Bool = false,
        decoding: Bool = true, measuring: Bool = false, toleratesFailures: Bool = false
    ) throws(ImagingError) {
        try self.init(
            [PhotoSource(url)], resolution: resolution, limit: limit, takesRepeated: takesRepeated,
            decoding: decoding, measuring: measuring, toleratesFailures: toleratesFailures)
    }

    /// Looks at every photo of several folders, one a subject.
    package init(
        _ sources: [PhotoSource], resolution: Int, limit: Int? = nil,
        takesRepeated: Bool, decoding: Bool = true, measuring: Bool, toleratesFailures: Bool
    ) throws(ImagingError) {
        let side = max(1, resolution / 2)
        func scan(
            _ url: URL, names: Set<String>? = nil, canBeEmpty: Bool
        ) throws(ImagingError) -> PhotoFolder {
            try PhotoFolder.scan(
                url, names: names, minimumSide: side, decoding: decoding, measuring: measuring,
                canBeEmpty: canBeEmpty || toleratesFailures, toleratesFailures: toleratesFailures)
        }
        var parts: [Part] = []
        for (subject, source) in sources.enumerated() {
            guard takesRepeated else {
                let folder = try scan(source.url, canBeEmpty: false)
                parts.append(
                    Part(
                        folder, subject: subject, limit: limit ?? .max, repeats: source.repeats))
                continue
            }
            let first = parts.count
            let folder = try scan(source.url, canBeEmpty: true)
            let found = CaptionTable.find(among: folder.skipped.map(\.url))
            func tables(_ prefix: String) -> [Table] {
                found.map { [Table(result: $0, prefix: prefix)] } ?? []
            }
            // A level too low in kohya's tree, or just there.
            let own =
                source.hasPrompt
                ? nil : RepeatedFolder(name: source.url.standardizedFileURL.readableName)
            parts.append(
                Part(
                    folder, subject: subject, limit: limit ?? .max,
                    repeats: source.repeats * (own?.repeats ?? 1), words: own?.words,
                    tables: tables("")))
            let numbered = RepeatedFolder.folders(in: source.url)
            for (url, meaning) in numbered {
                let inner = try scan(url, canBeEmpty: source.hasPrompt)
                let table = CaptionTable.find(among: inner.skipped.map(\.url))
                parts.append(
                    Part(
                        inner, subject: subject,
                        repeats: source.repeats * (source.hasPrompt ? 1 : meaning.repeats),
                        words: source.hasPrompt ? nil : meaning.words,
                        tables: (table.map { [Table(result: $0, prefix: "")] } ?? [])
                            + tables(url.readableName + "/")))
            }
            let taken = Set(numbered.map(\.url.readableName))
            for (path, names) in Self.listedFolders(found) where !taken.contains(path) {
                let url = source.url.appendingPathComponent(path)
                guard FileManager.default.fileExists(atPath: url.path) else { continue }
                parts.append(
                    Part(
                        try scan(url, names: names, canBeEmpty: true), subject: subject,
                        repeats: source.repeats, tables: tables(path + "/")))
            }
            let isEmpty = parts[first...].allSatisfy {
                $0.photos.isEmpty && $0.folder.refused.isEmpty
            }
            if isEmpty { throw Self.noPhotos(in: folder) }
        }
        folders = sources.map(\.url)
        self.parts = parts
        photos = parts.flatMap(\.photos)
    }

    /// Decodes every photo to its last row, and looks for twins and blur.
    ///
    /// - Throws: `ImagingError` for the first photo that is damaged.
    mutating func measure() throws(ImagingError) {
        for index in parts.indices {
            var measured: [PhotoFolder.Photo] = []
            for photo in parts[index].photos { measured.append(try photo.measured()) }
            parts[index].photos = measured
        }
        photos = parts.flatMap(\.photos)
    }

    /// The folders within that a table names photos of, and these photos' names.
    private static func listedFolders(
        _ found: Result<CaptionTable, FileError>?
    ) -> [(path: String, names: Set<String>)] {
        guard case .success(let table)? = found else { return [] }
        return table.folders.map { folder in
            let names = table.names.filter { $0.hasPrefix(folder + "/") }
                .map { String($0.dropFirst(folder.count + 1)) }
            return (folder, Set(names))
        }
    }

    /// Says where the photos are, in case they are a level lower.
    private static func noPhotos(in folder: PhotoFolder) -> ImagingError {
        let inner = ((try? Folder.entries(of: folder.url)) ?? []).map { url in
            let numbered = RepeatedFolder.folders(in: url).map(\.url)
            return (
                url: url,
                count: ([url] + numbered).reduce(0) { $0 + PhotoFolder.pictureCount(in: $1) }
            )
        }
        let places = inner.filter { $0.count > 0 && !$0.url.readableName.hasPrefix(".") }
            .sorted { $0.url.readablePath < $1.url.readablePath }
            .map { "\($0.url.readablePath) (\($0.count) pictures)" }
        let path = folder.url.readablePath
        return places.isEmpty
            ? .noPhotos(path: path, skippedCount: folder.skipped.count)
            : .photosElsewhere(path: path, places: places)
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
    var folderNames: String { folders.map(\.readablePath).joined(separator: ", ") }

    /// For every photo, the mask that lies beside it.
    var masks: [URL?] {
        parts.flatMap { part in
            part.photos.map { part.masks[$0.stem] }
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

    /// How many photos an epoch has: each as often as it counts.
    var exampleCount: Int { parts.reduce(0) { $0 + $1.photos.count * $1.repeats } }

    /// What lies in the folders and has no meaning there, by folder.
    ///
    /// - Parameter captions: those beside the photos, where they are looked for: no strays.
    func strays(_ captions: PhotoCaptions?) -> [(folder: URL, entries: [PhotoFolder.Skipped])] {
        let inner = parts.map(\.folder.url.readablePath)
        return parts.compactMap { part in
            let strays = part.folder.skipped.filter { entry in
                let path = entry.url.readablePath
                return !inner.contains { $0 == path || $0.hasPrefix(path + "/") }
                    && captions?.entries.contains(path) != true
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
                    folder: folder.readablePath,
                    entries: strays.map { SkippedFile(name: $0.name, reason: $0.reason) }))
        }
        if let notice = sizeNotice(resolution: resolution) { result.append(.notice(notice)) }
        return result
    }

    /// Tells of photos that are enlarged, where there are any.
    func sizeNotice(resolution: Int) -> String? {
        let small = photos.filter { min($0.width, $0.height) < resolution }
        return small.first.map { first in
            "\(small.count) photo(s) of \(folderNames) are smaller than \(resolution) "
                + "pixels and are enlarged, first \(first.name) (\(first.width)x\(first.height))."
        }
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
