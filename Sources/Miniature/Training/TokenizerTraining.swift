import Foundation
import StableDiffusion

/// Trains the tokenizer on the captions, with the rare identifiers as tokens of their own.
public func trainTokenizer(
    _ configuration: MiniatureConfiguration, captions: [String], folder: MiniatureFolder
) throws {
    var counts: [String: Int] = [:]
    for caption in captions {
        for word in caption.lowercased().split(separator: " ") {
            counts[String(word), default: 0] += 1
        }
    }
    let tokenizer = BytePairTrainer.train(
        wordCounts: counts, vocabularySize: configuration.vocabularySize,
        reserved: MiniatureConfiguration.rareIdentifiers)
    try tokenizer.write(to: folder.url.appending(path: "tokenizer"))
}
