import Foundation
import Imaging
import StableDiffusion

/// What a picture is, and what it says of how it was made: for `attune inspect`.
enum PictureFacts {
    typealias Facts = [(label: String, value: String)]

    /// - Returns: nil for what is no picture.
    static func read(_ url: URL) throws -> Facts? {
        guard let format = PhotoReader.sniff(url) else { return nil }
        var facts: Facts = [("Kind", "\(format) picture")]
        if let size = try? PhotoReader.size(url) {
            facts.append(("Size", "\(size.width) x \(size.height) pixels"))
        }
        guard format == .png else { return facts }
        let texts = try PNGText.read(url)
        if let text = texts.first(where: { $0.keyword == "parameters" })?.value {
            facts += settings(GenerationParameters(infotext: text))
        }
        if let card = texts.first(where: { $0.keyword == TextualInversionFile.pngKeyword })?.value {
            let embedding = try TextualInversionFile(pngText: card, name: url).embedding
            facts[0].value = "textual inversion embedding (a card)"
            facts += [
                ("Token", embedding.token),
                ("Vectors", "\(embedding.vectorCount) of width \(embedding.width)"),
                ("Made for", TextualInversion.family(width: embedding.width)),
            ]
        }
        return facts
    }

    private static func settings(_ made: GenerationParameters) -> Facts {
        var facts: Facts = [("Prompt", line(made.prompt))]
        if !made.negativePrompt.isEmpty {
            facts.append(("Negative prompt", line(made.negativePrompt)))
        }
        let size = made.width.flatMap { width in made.height.map { "\(width) x \($0)" } }
        let told: [(String, String?)] = [
            ("Steps", made.steps.map(String.init)), ("Sampler", made.sampler),
            ("Schedule type", made.scheduleType), ("CFG scale", made.cfgScale.map { "\($0)" }),
            ("Seed", made.seed.map(String.init)), ("Painted at", size),
            ("Model hash", made.modelHash), ("Model", made.model),
            ("Clip skip", made.clipSkip.map(String.init)), ("Version", made.version),
        ]
        facts += told.compactMap { label, value in value.map { (label, line($0)) } }
        return facts + made.extra.map { (line($0.key), line($0.value)) }
    }

    /// A line of the list stays one.
    private static func line(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
