internal import Foundation
internal import Torch

/// The words that a model's tokenizer has besides CLIP's vocabulary, when the model becomes a single
/// file: readers of such files know that vocabulary alone, and refuse a table with more rows.
struct AddedWords {
    private let words: [(word: String, ids: [Int])]
    private let rowCount: Int
    private let modelName: String

    /// - Throws: ``ConversionError/notTold(model:what:)`` where what begins, ends or fills up a text
    ///   is an added token itself.
    init(_ source: ModelSource) throws(ConversionError) {
        let tokenizer = source.tokenizer
        rowCount = tokenizer.highestVocabularyID + 1
        modelName = source.name
        let roles = [
            tokenizer.startID, tokenizer.endID, tokenizer.paddingID, tokenizer.unknownID,
        ]
        guard roles.allSatisfy({ $0 <= tokenizer.highestVocabularyID }) else {
            throw .notTold(
                model: source.name,
                what: "readers take texts to begin, end and be filled up with tokens of CLIP's "
                    + "vocabulary")
        }
        words = tokenizer.addedWords
    }

    /// The token table cut to the rows of the vocabulary; every other tensor as it is.
    func withoutRows(_ entry: (name: String, tensor: Tensor)) -> (name: String, tensor: Tensor) {
        guard entry.name.hasSuffix("token_embedding.weight"), entry.tensor.size(0) > rowCount else {
            return entry
        }
        return (
            entry.name,
            withoutGradients { entry.tensor.narrowed(0, start: 0, length: rowCount).copied() }
        )
    }

    /// Writes an embedding file for each word, by the name of the model and of the word.
    ///
    /// - Parameter table: `[rows, width]`, the whole token table.
    /// - Returns: the files.
    func write(beside url: URL, table: Tensor) throws -> [URL] {
        let files = files(beside: url)
        for (file, (word, ids)) in zip(files, words) {
            let vectors = withoutGradients {
                table.gathered(0, at: Tensor(ids, device: table.device))
                    .converted(to: .float32, device: .cpu, copies: true)
            }
            try TextualInversionFile.write(
                TextualInversion(token: word, vectors: vectors, baseModelName: modelName), to: file)
        }
        return files
    }

    /// The files that ``write(beside:table:)`` writes.
    func files(beside url: URL) -> [URL] {
        let stem = url.deletingPathExtension().lastPathComponent
        var taken: Set<String> = []
        return words.map { word, ids in
            // Words may differ in what no name of a file has, such as their brackets.
            var name = "\(stem)-\(Self.plain(word))"
            while !taken.insert(name.lowercased()).inserted { name += "-" + String(ids[0]) }
            return url.deletingLastPathComponent().appending(path: "\(name).safetensors")
        }
    }

    /// What every file system takes for a name.
    private static func plain(_ word: String) -> String {
        let kept = word.map { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" ? $0 : "-" }
        let name = String(kept).trimmingCharacters(in: CharacterSet(charactersIn: "-"))
        return name.isEmpty ? "word" : String(name.prefix(60))
    }
}
