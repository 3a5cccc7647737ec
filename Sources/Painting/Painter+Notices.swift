import Foundation
import StableDiffusion

extension Painter {
    /// What of the wishes has no effect, a sentence each: words beyond the end of what the model
    /// reads, embeddings that no prompt uses, strengths of 0, and web UIs' ways of prompting.
    public var notices: [String] {
        var notices: [String] = []
        let encoder = PromptEncoder(pipeline.source.tokenizer, embeddings: pipeline.embeddings)
        let limit = pipeline.source.tokenizer.maximumLength - 2
        var prompts = [(name: "prompt", text: settings.prompt)]
        if settings.isGuided { prompts.append(("negative prompt", settings.negativePrompt)) }
        for (name, text) in prompts {
            if let unread = encoder.unread(of: text) {
                notices.append(
                    "The \(name) is longer than the \(limit) tokens that the model reads; this of "
                        + "it has no effect: \(Self.quoted(unread))")
            }
            notices += Self.foreignTags(in: text).map {
                "\($0) in the \(name) is read as words; files are laid over the model by options "
                    + "of their own, not by the prompt."
            }
            if let weight = text.firstMatch(of: Self.weighted)?.output {
                notices.append(
                    "\(Self.quoted(String(weight))) in the \(name) is read as it stands: words "
                        + "have no weights here.")
            }
        }
        if !settings.isGuided {
            let scale = settings.guidanceScale
            if !settings.negativePrompt.isEmpty {
                notices.append(
                    "The negative prompt has no effect with a guidance scale of \(scale); it needs "
                        + "more than 1.")
            }
            if scale < 1 { notices.append("A guidance scale of \(scale) counts as 1.") }
        }
        let used = Set(settings.texts.flatMap(encoder.tokens))
        return notices + overlays.compactMap { Self.notice(on: $0, used: used) }
    }

    private static func notice(on overlay: Overlay, used: Set<String>) -> String? {
        let file = overlay.file.lastPathComponent
        guard overlay.kind != .embedding else {
            guard used.isDisjoint(with: overlay.words) else { return nil }
            let words = overlay.words.map(quoted).joined(separator: " or ")
            return "\(file) has no effect: its word \(words) is in no prompt that counts."
        }
        // The text encoder's is LoRA's alone.
        guard overlay.strength == 0, overlay.kind != .lora || overlay.textEncoderStrength == 0
        else { return nil }
        return "\(file) has no effect: its strength is 0."
    }

    /// `(words:1.3)`.
    nonisolated(unsafe) private static let weighted = /\([^()]*:\s*[0-9.]+\s*\)/

    /// `<lora:robot:0.8>` and its like.
    private static func foreignTags(in text: String) -> [String] {
        text.matches(of: /<(lora|lyco|hypernet):[^>]+>/).map { String($0.output.0) }
    }

    /// At most so long that a line of it is still a line.
    private static func quoted(_ text: String) -> String {
        text.count <= 300 ? "\"\(text)\"" : "\"\(text.prefix(300))…\""
    }
}
