import Foundation
import StableDiffusion

extension Painter {
    /// What of the wishes has no effect, a sentence each: words beyond the end of what the model
    /// reads, embeddings that no prompt uses, strengths of 0, and web UIs' ways of prompting.
    public var notices: [String] {
        var notices = settings.promptSyntax == .plain ? plainNotices : languageNotices
        notices += named.flatMap { name, text in
            text.matches(of: Self.unfinishedTag).map {
                "\(Self.quoted(String($0.output.0))) in the \(name) is read as words: a tag has a "
                    + "name and ends with >."
            }
        }
        if !settings.isGuided {
            let scale = settings.guidanceScale
            if !settings.negativePrompt.isEmpty, prompts.negative == nil {
                notices.append(
                    "The negative prompt has no effect with a guidance scale of \(scale); it needs "
                        + "more than 1.")
            }
            if scale < 1 { notices.append("A guidance scale of \(scale) counts as 1.") }
        }
        let used = Set(prompts.words(pipeline.promptEncoder))
        return notices + overlays.compactMap { Self.notice(on: $0, used: used) }
    }

    /// The prompts that count, and what they are called.
    private var named: [(name: String, text: String)] {
        [("prompt", settings.prompt)]
            + (prompts.negative == nil ? [] : [("negative prompt", settings.negativePrompt)])
    }

    private var plainNotices: [String] {
        let encoder = pipeline.promptEncoder
        let limit = pipeline.source.tokenizer.maximumLength - 2
        return named.flatMap { name, text in
            var notices: [String] = []
            if let unread = encoder.unread(of: text) {
                notices.append(
                    "The \(name) is longer than the \(limit) tokens that the model reads at once; "
                        + "this of it has no effect (`prompt-syntax` a1111 reads all of it): "
                        + Self.quoted(unread))
            }
            notices += Self.foreignTags(in: text).map {
                "\($0) in the \(name) is read as words; `prompt-syntax` a1111 reads it as a tag."
            }
            if let weight = text.firstMatch(of: Self.weighted)?.output {
                notices.append(
                    "\(Self.quoted(String(weight))) in the \(name) is read as it stands; "
                        + "`prompt-syntax` a1111 reads it as a weight.")
            }
            return notices
        }
    }

    private var languageNotices: [String] {
        var notices: [String] = []
        let parts = prompts.prompt.parts
        if parts.count == 1, parts[0].weight != 1 {
            notices.append(
                "The prompt counts \(parts[0].weight) times as much as a whole, since that number "
                    + "stands behind a colon at its end.")
        }
        let texts = prompts.programs.flatMap(\.parts).flatMap(\.texts)
        if let open = texts.first(where: { $0.openBracketCount > 0 }) {
            let isOne = open.openBracketCount == 1
            notices.append(
                "\(open.openBracketCount) bracket\(isOne ? " is" : "s are") opened and not closed in "
                    + "\(Self.quoted(open.text)), and so count\(isOne ? "s" : "") to its end.")
        }
        let segments = texts.flatMap(\.segments).filter { !$0.isChunkEnd && $0.emphasis < 0 }
        if segments.contains(where: { $0.text.contains("BREAK") }) {
            notices.append(
                "BREAK within brackets is read as a word, as in web UIs; put it outside of them.")
        }
        if prompts.negative != nil, settings.negativePrompt.contains(/\bAND\b/) {
            notices.append("AND in the negative prompt is read as a word.")
        }
        notices += (prompts.negative?.networks ?? []).map {
            "\($0.text) in the negative prompt lies over the model for both prompts."
        }
        return notices
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

    /// `<lora:robot:0.8` without an end, or `<lora:>` without a name.
    nonisolated(unsafe) private static let unfinishedTag =
        /<(lora|lyco|hypernet):(>|[^>]{0,40}$|[^<>]{0,40}(?=<))/

    /// `(words:1.3)`.
    nonisolated(unsafe) private static let weighted = /\([^()]*:\s*[0-9.]+\s*\)/

    /// `<lora:robot:0.8>` and its like.
    private static func foreignTags(in text: String) -> [String] {
        text.matches(of: /<\w+:[^>]+>/).map { String($0.output) }
    }

    /// At most so long that a line of it is still a line.
    private static func quoted(_ text: String) -> String {
        text.count <= 300 ? "\"\(text)\"" : "\"\(text.prefix(300))…\""
    }
}
