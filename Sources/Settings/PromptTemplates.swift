import Files
import Foundation
package import StableDiffusion
import Torch

/// The sentences in which textual inversion sees its word (Gal et al. 2022, arXiv 2208.01618,
/// appendix; the short lists that all implementations use).
package enum PromptTemplates {
    /// For a thing: 27 sentences.
    static let object = [
        "a photo of a {}", "a rendering of a {}", "a cropped photo of the {}", "the photo of a {}",
        "a photo of a clean {}", "a photo of a dirty {}", "a dark photo of the {}",
        "a photo of my {}", "a photo of the cool {}", "a close-up photo of a {}",
        "a bright photo of the {}", "a cropped photo of a {}", "a photo of the {}",
        "a good photo of the {}", "a photo of one {}", "a close-up photo of the {}",
        "a rendition of the {}", "a photo of the clean {}", "a rendition of a {}",
        "a photo of a nice {}", "a good photo of a {}", "a photo of the nice {}",
        "a photo of the small {}", "a photo of the weird {}", "a photo of the large {}",
        "a photo of a cool {}", "a photo of a small {}",
    ]

    /// For a way of painting: 19 sentences.
    static let style = [
        "a painting in the style of {}", "a rendering in the style of {}",
        "a cropped painting in the style of {}", "the painting in the style of {}",
        "a clean painting in the style of {}", "a dirty painting in the style of {}",
        "a dark painting in the style of {}", "a picture in the style of {}",
        "a cool painting in the style of {}", "a close-up painting in the style of {}",
        "a bright painting in the style of {}", "a cropped painting in the style of {}",
        "a good painting in the style of {}", "a close-up painting in the style of {}",
        "a rendition in the style of {}", "a nice painting in the style of {}",
        "a small painting in the style of {}", "a weird painting in the style of {}",
        "a large painting in the style of {}",
    ]

    /// The sentences of a file, one a line; `{}` or A1111's `[name]` stands for the word.
    ///
    /// - Throws: `FileError`, or ``SettingError/option(name:value:problem:)`` naming the line.
    static func read(_ path: String) throws -> [String] {
        let url = URL(fileURLWithPath: path)
        let data = try WholeFile.read(url, limit: 1 << 20)
        guard let text = String(data: data, encoding: .utf8) else {
            throw SettingError.option(
                name: "templates", value: path, problem: "is not UTF-8 text; save it as such.")
        }
        let lines = text.split(whereSeparator: \.isNewline)
            .map { $0.trimmingCharacters(in: .whitespaces).replacing("[name]", with: "{}") }
            .filter { !$0.isEmpty }
        if let line = lines.first(where: { !$0.contains("{}") }) {
            throw SettingError.option(
                name: "templates", value: path,
                problem: "has the line \"\(line)\" without {} or [name] for the subject.")
        }
        guard !lines.isEmpty else {
            throw SettingError.option(
                name: "templates", value: path, problem: "has no lines; write one sentence a line.")
        }
        return lines
    }

    /// Sees whether the word is within what the text encoder reads of every sentence: else nothing
    /// would be learned from it.
    ///
    /// - Parameter path: the file that the sentences are from; nil: they are the built-in ones.
    /// - Throws: ``SettingError/option(name:value:problem:)`` naming file and line.
    package static func check(
        _ templates: [String], of path: String?, word: String, vectorCount: Int,
        tokenizer: CLIPTokenizer
    ) throws(SettingError) {
        let limit = tokenizer.maximumLength - 2
        // More are refused where the vectors are made.
        guard vectorCount <= limit else { return }
        let vectors = Tensor.zeros([vectorCount, 1])
        let prompts = PromptEncoder(
            tokenizer, embeddings: [TextualInversion(token: word, vectors: vectors)])
        for template in templates {
            let rows = prompts.encode(template.replacing("{}", with: word)).rows
            if rows.contains(vectorCount - 1) { continue }
            guard let path else {
                throw .option(
                    name: "num-vectors", value: "\(vectorCount)",
                    problem: "does not fit into \"\(template)\", as \(limit) tokens are read; "
                        + "take fewer.")
            }
            throw .option(
                name: "templates", value: path,
                problem: "has the line \"\(template)\", of which \(limit) tokens are read, and "
                    + "the subject ({}) lies beyond them; shorten what stands before it.")
        }
    }

    /// The sentences with a word in them.
    static func filled(_ templates: [String], with word: String) -> [String] {
        templates.map { $0.replacing("{}", with: word) }
    }
}
