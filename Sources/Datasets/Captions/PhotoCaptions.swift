import Files
import Foundation
import Imaging
import Settings

/// What is written beside the photos about each: files of the photo's name, a table of captions,
/// and the words in the name of a folder with repeats.
///
/// Nothing that is wrong with them is told until they are asked for, so that captions which are not
/// used cannot stop a run.
public struct PhotoCaptions {
    /// Where the text of a photo is from.
    enum Origin: Equatable {
        /// A file of the photo's name.
        case file(URL)
        /// A row of a table.
        case table(URL)
        /// The name of the photo's folder.
        case folder
    }

    /// The endings of a caption file, the first one found wins.
    static let endings = ["txt", "caption"]
    /// A caption is a sentence or a list of tags, and CLIP reads 77 tokens of it.
    private static let captionLimit = 1 << 20

    /// One photo, and where its caption may be.
    private struct Place {
        let photo: URL
        let file: URL?
        let tables: [TrainingPhotos.Table]
        let words: String?
    }

    private let places: [Place]
    /// Entries of the data folder itself that are captions, and so are no strays.
    let entries: Set<String>

    /// Finds captions by the names in the folders.
    public init(_ photos: TrainingPhotos) {
        var places: [Place] = []
        var entries: Set<String> = []
        for part in photos.parts {
            let files = Self.files(part.folder.skipped.map(\.url))
            for photo in part.photos {
                places.append(
                    Place(
                        // `a.jpg.txt` is of `a.jpg` alone, `a.txt` of every `a`.
                        photo: photo.url, file: files[photo.name] ?? files[photo.stem],
                        tables: part.tables, words: part.words))
            }
            // Both endings, where a photo has both: the one that loses is no stray either.
            let owners = Set(part.photos.flatMap { [$0.stem, $0.name] })
            entries.formUnion(
                part.folder.skipped.map(\.url).filter { url in
                    CaptionTable.fileNames.contains(url.readableName)
                        || Self.isCaption(url) && owners.contains(url.readableStem)
                }.map(\.readablePath))
        }
        self.places = places
        self.entries = entries
    }

    private static func isCaption(_ url: URL) -> Bool {
        endings.contains((url.readableName as NSString).pathExtension.lowercased())
    }

    /// Files with captions by their names without ending.
    private static func files(_ urls: [URL]) -> [String: URL] {
        var files: [String: URL] = [:]
        for ending in endings.reversed() {
            for url in urls
            where (url.readableName as NSString).pathExtension.lowercased() == ending {
                files[url.readableStem] = url
            }
        }
        return files
    }

    /// Rows of tables that name no photo that is used: the tables' names, how many rows, the first.
    var unmatchedRows: [(table: String, count: Int, first: String)] {
        var used: [URL: Set<String>] = [:]
        var order: [CaptionTable] = []
        for place in places {
            for table in place.tables {
                guard case .success(let found) = table.result else { continue }
                if used[found.url] == nil { order.append(found) }
                used[found.url, default: []].insert(table.prefix + place.photo.readableName)
            }
        }
        return order.compactMap { table in
            let rest = table.names.filter { used[table.url]?.contains($0) != true }
            return rest.first.map { (table.url.readableName, rest.count, $0) }
        }
    }

    /// What a photo's text is written in, for people.
    func origin(of index: Int) -> String? {
        guard let found = try? Self.text(of: places[index]) else { return nil }
        switch found.origin {
        case .file(let url): return url.readableName
        case .table(let url):
            return "\(places[index].photo.readableName) in \(url.readableName)"
        case .folder: return "the name of the folder of \(places[index].photo.readableName)"
        }
    }

    /// Photos that have a caption, as far as can be told without complaints.
    ///
    /// - Parameter isCounted: whether a photo, by its number, is asked for.
    package func count(where isCounted: (Int) -> Bool) -> Int {
        places.enumerated().count { index, place in
            isCounted(index)
                && (place.file != nil || place.words != nil
                    || place.tables.contains { $0.hasCaption(of: place.photo) })
        }
    }

    /// The text of every photo, in the photos' order.
    ///
    /// - Parameter prompts: for each photo the text that it has in place of a caption, if it has
    ///   one; nil: none has.
    /// - Throws: `FileError` for a file that is not UTF-8 text or not as it should be,
    ///   `SettingError` naming the first photo without a caption.
    public func read(where prompts: [String?]? = nil) throws -> [String] {
        try places.enumerated().map { index, place in
            if let prompt = prompts?[index] { return prompt }
            if let found = try Self.text(of: place) { return found.text }
            throw SettingError.option(
                name: "instance-prompt", value: nil,
                problem: "is not given, and \(place.photo.readablePath) has no caption; give "
                    + "`instance-prompt` for all photos (in a file of `subjects` instance-prompt), "
                    + "or write what this one shows into "
                    + "\(place.photo.readableStem).txt beside it.")
        }
    }

    /// The caption of every photo and where it is from, as far as there is one; or what is wrong
    /// with it.
    ///
    /// Of a table that cannot be read, every photo beside it tells the same.
    func readEach() -> [Result<(text: String, origin: Origin)?, any Error>] {
        places.map { place in Result { try Self.text(of: place) } }
    }

    private static func text(of place: Place) throws -> (text: String, origin: Origin)? {
        if let file = place.file {
            let text = CaptionText.joined(try CaptionText.read(file, limit: captionLimit))
            if !text.isEmpty { return (text, .file(file)) }
        }
        for table in place.tables {
            if let (text, url) = try table.caption(of: place.photo) { return (text, .table(url)) }
        }
        return place.words.map { ($0, .folder) }
    }
}
