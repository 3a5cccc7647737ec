internal import Foundation
internal import Torch

// Embeddings that were trained together with adapters and lie in their file (A1111 1.6 and later,
// OneTrainer): `bundle_emb.WORD.PART`.
extension AdapterFile {
    static let bundlePrefix = "bundle_emb."

    /// The words that the file brings along for prompts, sorted.
    public var words: [String] { bundles.keys.sorted() }

    /// Reads the embeddings that the file brings along.
    ///
    /// - Throws: ``TextualInversionError`` naming the file and the key.
    public func embeddings() throws(TextualInversionError) -> [TextualInversion] {
        var result: [TextualInversion] = []
        for word in words {
            let keys = bundles[word] ?? [:]
            let candidates = keys.sorted { $0.key < $1.key }.compactMap { part, key in
                shape(key).map { shape in
                    EmbeddingContents.Candidate(
                        key: part, shape: shape, dtype: dtype(key) ?? .float32
                    ) { [self] in tensor(key) }
                }
            }
            let contents = EmbeddingContents(file: url.path, bundled: candidates)
            result.append(try contents.file(stem: word, token: word).embedding)
        }
        return result
    }

    /// Sorts a key into the bundles; words have no dot.
    static func bundled(_ key: String) -> (word: String, part: String)? {
        guard key.hasPrefix(bundlePrefix) else { return nil }
        let parts = key.dropFirst(bundlePrefix.count)
            .split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
        return (String(parts[0]), String(parts[1]))
    }
}
