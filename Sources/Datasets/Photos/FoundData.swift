import Files
import Imaging

/// What a run found in the folders of photos, before it does anything with them.
public struct FoundData: Codable, Sendable, Equatable, CustomStringConvertible {
    /// One folder with photos, or one that was named.
    public struct Folder: Codable, Sendable, Equatable {
        /// Its path.
        public let path: String
        /// The photos that are used.
        public let photoCount: Int
        /// How often each of them counts in an epoch.
        public let repeats: Int
        /// What else lies in it and is neither a caption nor a mask.
        public let skipped: [SkippedFile]
    }

    /// How many photos have their text from where.
    public struct Texts: Codable, Sendable, Equatable {
        /// The prompt that is for all.
        public internal(set) var prompt = 0
        /// A file of the photo's name.
        public internal(set) var file = 0
        /// A table such as `metadata.jsonl`.
        public internal(set) var table = 0
        /// The name of their folder.
        public internal(set) var folder = 0
        /// The method's own sentences.
        public internal(set) var templates = 0
    }

    /// How many photos are trained in a size.
    public struct SizeCount: Codable, Sendable, Equatable {
        /// The count of columns.
        public let width: Int
        /// The count of rows.
        public let height: Int
        /// The photos.
        public let count: Int
    }

    /// In the order of training.
    public let folders: [Folder]
    /// The photos of an epoch: each as often as it counts.
    public let exampleCount: Int
    /// Where their texts are from.
    public let texts: Texts
    /// The smallest width first.
    public let sizes: [SizeCount]

    /// The photos, each once.
    public var photoCount: Int { folders.reduce(0) { $0 + $1.photoCount } }

    /// A few lines for people.
    public var description: String { lines.joined(separator: "\n") }

    /// Entries told in a line; a folder can hold thousands that are no photos.
    private static let toldCount = 12

    private var lines: [String] {
        let used = folders.filter { $0.photoCount > 0 }
        let counted = used.map { folder in
            "\(folder.photoCount) of \(folder.path)"
                + (folder.repeats > 1 ? " counted \(folder.repeats) times" : "")
        }
        var lines = [
            "Found \(photoCount) photo(s), \(exampleCount) in an epoch: "
                + counted.joined(separator: ", ") + ".",
            "  Texts: " + textWords.joined(separator: ", ") + ".",
            "  Sizes: "
                + sizes.map { "\($0.width)x\($0.height) (\($0.count))" }.joined(separator: ", ")
                + ".",
        ]
        for folder in folders where !folder.skipped.isEmpty {
            let told = folder.skipped.prefix(Self.toldCount).map { "\($0.name) (\($0.reason))" }
            let rest = folder.skipped.count - told.count
            lines.append(
                "  Skipped in \(folder.path): " + told.joined(separator: ", ")
                    + (rest > 0 ? " and \(rest) more." : "."))
        }
        return lines
    }

    private var textWords: [String] {
        let counts: [(Int, String)] = [
            (texts.prompt, "the prompt"), (texts.file, "a caption beside the photo"),
            (texts.table, "a row of metadata"), (texts.folder, "the folder's name"),
            (texts.templates, "the method's sentences"),
        ]
        return counts.filter { $0.0 > 0 }.map { "\($0.0) by \($0.1)" }
    }
}

extension TrainingData {
    /// What was found, for people.
    ///
    /// - Parameter prompts: for each photo the text that it has in place of a caption, if it has
    ///   one; nil: texts are the method's own.
    package func found(prompts: [String?]?) -> FoundData {
        let strays = Dictionary(
            photos.strays(captions).map { ($0.folder.readablePath, $0.entries) },
            uniquingKeysWith: { $0 + $1 })
        var texts = FoundData.Texts()
        if let prompts {
            for (prompt, caption) in zip(prompts, captions.readEach()) {
                if prompt != nil {
                    texts.prompt += 1
                    continue
                }
                switch (try? caption.get())?.origin {
                case .file: texts.file += 1
                case .table: texts.table += 1
                case .folder: texts.folder += 1
                case nil: break
                }
            }
        } else {
            texts.templates = photos.count
        }
        let views = views(isCentered: true, seed: 0)
        let sizes = photos.photos.reduce(into: [PixelSize: Int]()) {
            $0[views.size(width: $1.width, height: $1.height), default: 0] += 1
        }
        return FoundData(
            folders: photos.parts.map { part in
                FoundData.Folder(
                    path: part.folder.url.readablePath, photoCount: part.photos.count,
                    repeats: part.repeats,
                    skipped: (strays[part.folder.url.readablePath] ?? []).map {
                        SkippedFile(name: $0.name, reason: $0.reason)
                    })
            },
            exampleCount: photos.exampleCount, texts: texts,
            sizes: sizes.sorted { $0.key < $1.key }.map {
                FoundData.SizeCount(width: $0.key.width, height: $0.key.height, count: $0.value)
            })
    }
}
