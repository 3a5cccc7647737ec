import Foundation
public import Settings
import Torch

/// A caption as a list of tags, of which new captions are made.
///
/// The rules are those of kohya's trainer (`process_caption` in sd-scripts): the first tags may be
/// kept, the others are put in another order and then left out one by one. They are joined by what
/// stood between them, and a space; kohya's trainer joins them by a comma and a space even where
/// another separator was given, which makes sentences of what were none.
struct CaptionTags {
    let kept: [String]
    let others: [String]
    private let joint: String

    /// - Parameters:
    ///   - separator: what stands between tags.
    ///   - keepCount: how many of the first are kept.
    init(_ caption: String, separator: String, keepCount: Int) {
        let tags = caption.components(separatedBy: separator).map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        joint = separator.last?.isWhitespace == true ? separator : separator + " "
        kept = Array(tags.prefix(keepCount))
        others = Array(tags.dropFirst(keepCount))
    }

    /// Another caption of the same tags.
    func varied(shuffles: Bool, dropout: Double, generator: Generator) -> String {
        var tags = others
        if shuffles, tags.count > 1 {
            tags = Tensor.randperm(tags.count, generator: generator).integers().map { others[$0] }
        }
        if dropout > 0, !tags.isEmpty {
            let chances = Tensor.rand([tags.count], generator: generator).floats()
            tags = zip(tags, chances).filter { Double($0.1) >= dropout }.map(\.0)
        }
        return (kept + tags).joined(separator: joint)
    }
}

extension PhotoTexts {
    /// How many forms a caption has that is shuffled or loses tags. They are drawn before
    /// training, so that where the text encoder stays as it is every text is encoded once.
    public static let formCount = 16

    /// The same captions, seen in other forms: which of them a row has is drawn each time.
    ///
    /// - Parameter seed: decides the forms; a caption's forms do not depend on the others.
    public func varied(_ data: DataConfiguration, seed: UInt64) -> PhotoTexts {
        guard data.variesCaptions else { return self }
        return adding(
            forms: texts.enumerated().map { number, text in
                let tags = CaptionTags(
                    text, separator: data.captionSeparator, keepCount: data.keepTokens)
                let generator = Generator(
                    seed: Seeds.derived(from: seed, .captions, UInt64(number)))
                return (0..<Self.formCount).map { _ in
                    tags.varied(
                        shuffles: data.shuffleCaption, dropout: data.captionTagDropoutRate,
                        generator: generator)
                }
            })
    }
}
