import Files
import Foundation
import Imaging
import Settings

/// What is written beside the photos about each: files of the photo's name, `metadata.jsonl`, and
/// the words in the name of a folder with repeats.
///
/// Nothing is read until it is asked for, so that captions which are not used cannot stop a run.
public struct PhotoCaptions {
    /// The endings of a caption file, the first one found wins.
    static let endings = ["txt", "caption"]
    /// The name of the file in which the `datasets` library keeps captions.
    static let metadataName = "metadata.jsonl"
    /// A caption is a sentence or a list of tags, and CLIP reads 77 tokens of it.
    private static let captionLimit = 1 << 20

    /// One photo, and where its caption may be.
    private struct Place {
        let photo: URL
        let file: URL?
        let metadata: URL?
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
            let names = part.folder.skipped.map(\.name)
            let url = part.folder.url
            var files: [String: String] = [:]
            for ending in Self.endings.reversed() {
                for name in names where (name as NSString).pathExtension.lowercased() == ending {
                    files[(name as NSString).deletingPathExtension] = name
                }
            }
            let hasMetadata = names.contains(Self.metadataName)
            for photo in part.photos {
                let file = files[photo.url.deletingPathExtension().lastPathComponent]
                places.append(
                    Place(
                        photo: photo.url, file: file.map { url.appendingPathComponent($0) },
                        metadata: hasMetadata
                            ? url.appendingPathComponent(Self.metadataName) : nil,
                        words: part.words))
            }
            // Both endings, where a photo has both: the one that loses is no stray either.
            let stems = Set(
                part.photos.map { $0.url.deletingPathExtension().lastPathComponent })
            entries.formUnion(
                names.filter { name in
                    let name = name as NSString
                    return name as String == Self.metadataName
                        || Self.endings.contains(name.pathExtension.lowercased())
                            && stems.contains(name.deletingPathExtension)
                }.map { url.appendingPathComponent($0).path })
        }
        self.places = places
        self.entries = entries
    }

    /// Photos that have a caption, as far as can be told without complaints.
    ///
    /// - Parameter isCounted: whether a photo, by its number, is asked for.
    package func count(where isCounted: (Int) -> Bool) -> Int {
        var tables: [URL: [String: String]] = [:]
        return places.enumerated().count { index, place in
            guard isCounted(index) else { return false }
            if place.file != nil || place.words != nil { return true }
            guard let metadata = place.metadata else { return false }
            let table = tables[metadata] ?? (try? Self.table(metadata)) ?? [:]
            tables[metadata] = table
            return table[place.photo.lastPathComponent] != nil
        }
    }

    /// The text of every photo, in the photos' order.
    ///
    /// - Parameter prompts: for each photo the text that it has in place of a caption, if it has
    ///   one; nil: none has.
    /// - Throws: `FileError` for a file that is not UTF-8 text or not as it should be,
    ///   ``SettingError/option(name:value:problem:)`` naming the first photo without a caption.
    public func read(where prompts: [String?]? = nil) throws -> [String] {
        var tables: [URL: [String: String]] = [:]
        return try places.enumerated().map { index, place in
            if let prompt = prompts?[index] { return prompt }
            if let text = try Self.text(of: place, &tables) { return text }
            let stem = place.photo.deletingPathExtension().lastPathComponent
            throw SettingError.option(
                name: "instance-prompt", value: nil,
                problem: "is not given, and \(place.photo.path) has no caption; give "
                    + "--instance-prompt for all photos (in a file of --subjects instance-prompt), "
                    + "or write what this one shows into "
                    + "\(stem).txt beside it.")
        }
    }

    /// The caption of every photo as far as there is one; or what is wrong with it.
    ///
    /// Of a `metadata.jsonl` that cannot be read, every photo beside it tells the same.
    func readEach() -> [Result<String?, any Error>] {
        var tables: [URL: [String: String]] = [:]
        return places.map { place in Result { try Self.text(of: place, &tables) } }
    }

    private static func text(
        of place: Place, _ tables: inout [URL: [String: String]]
    ) throws -> String? {
        if let file = place.file {
            let text = joined(try text(file, limit: captionLimit))
            if !text.isEmpty { return text }
        }
        if let metadata = place.metadata {
            let table = try tables[metadata] ?? table(metadata)
            tables[metadata] = table
            if let text = table[place.photo.lastPathComponent], !text.isEmpty { return text }
        }
        return place.words
    }

    /// One line, whatever the lines of the file: a prompt knows no line breaks.
    private static func joined(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline)
            .map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// UTF-8, without the byte-order mark that editors on Windows put first.
    private static func text(_ url: URL, limit: Int) throws(FileError) -> String {
        var bytes = try WholeFile.read(url, limit: limit)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        // A zero is valid UTF-8, but in a text it means UTF-16 without a mark.
        guard !bytes.contains(0), let text = String(data: Data(bytes), encoding: .utf8) else {
            throw FileError(
                .read, url, reason: "its text is not in UTF-8; save it in that encoding")
        }
        return text
    }

    private struct Line: Decodable {
        let name: String?
        let text: String?
        let caption: String?

        enum CodingKeys: String, CodingKey {
            case name = "file_name"
            case text
            case caption
        }
    }

    /// The captions of `metadata.jsonl` by photos' names: an object a line.
    private static func table(_ url: URL) throws(FileError) -> [String: String] {
        var result: [String: String] = [:]
        let lines = try text(url, limit: 1 << 28).split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() where !line.allSatisfy(\.isWhitespace) {
            guard let entry = try? JSONDecoder().decode(Line.self, from: Data(line.utf8)),
                let name = entry.name, let caption = entry.text ?? entry.caption
            else {
                throw FileError(
                    .read, url,
                    reason: "its line \(index + 1) is not an object with \"file_name\" and "
                        + "\"text\" or \"caption\", as {\"file_name\": \"a.png\", \"text\": "
                        + "\"a red robot\"}")
            }
            guard result.updateValue(joined(caption), forKey: name) == nil else {
                throw FileError(
                    .read, url,
                    reason: "its line \(index + 1) names \(name) a second time; keep one of them")
            }
        }
        return result
    }
}
