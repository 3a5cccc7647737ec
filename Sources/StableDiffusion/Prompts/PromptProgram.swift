/// A prompt, compiled: which texts count in which step, and how much.
public struct PromptProgram: Sendable {
    /// What a prompt is for.
    public enum Role: Sendable {
        /// It says what to paint.
        case prompt
        /// It says what to keep away from; `AND` is a word in it.
        case negativePrompt
    }

    /// A text as the text encoder reads it.
    public struct Text: Sendable, Equatable {
        /// The text, with brackets.
        public let text: String
        /// The text in pieces, with their emphasis.
        public let segments: [PromptSegment]
        /// Its tokens.
        public let chunks: [PromptChunk]
        /// How many of its brackets count to its end, since nothing closes them.
        public let openBracketCount: Int

        /// How many tokens it has, those that fill up all chunks but the last included: what web
        /// UIs count.
        public var tokenCount: Int {
            guard let last = chunks.last else { return 0 }
            return (chunks.count - 1) * (last.ids.count - 2) + last.count
        }
    }

    /// One of the texts that `AND` joins, and what becomes of it.
    public struct Part: Sendable {
        /// How much it counts.
        public let weight: Double
        /// All that it goes through, each once.
        public let texts: [Text]
        /// The number of the text that counts up to a step; steps are counted from 1.
        public let entries: [(until: Int, text: Int)]

        /// The number of the text that counts in a step.
        func text(at step: Int) -> Int {
            (entries.first { step <= $0.until } ?? entries[entries.count - 1]).text
        }
    }

    /// How the prompt was read.
    public let syntax: PromptSyntax
    /// Steps that it was compiled for.
    public let stepCount: Int
    /// What `AND` joins, at least one.
    public let parts: [Part]
    /// The files that it asks for.
    public let networks: [NetworkTag]

    /// Compiles a prompt.
    ///
    /// - Parameters:
    ///   - stepCount: how many steps there will be, at least 1.
    ///   - encoder: knows the tokens, and the embeddings that may be used.
    /// - Throws: ``PromptError``.
    public init(
        _ prompt: String, role: Role = .prompt, syntax: PromptSyntax, stepCount: Int,
        encoder: PromptEncoder
    ) throws(PromptError) {
        precondition(stepCount > 0, "a prompt for \(stepCount) steps")
        self.syntax = syntax
        self.stepCount = stepCount
        guard syntax == .a1111 else {
            networks = []
            let segment = PromptSegment(text: prompt, emphasis: 1)
            let text = Text(
                text: prompt, segments: [segment], chunks: [PromptChunk(plain: prompt, encoder)],
                openBracketCount: 0)
            parts = [Part(weight: 1, texts: [text], entries: [(stepCount, 0)])]
            return
        }
        let (rest, networks) = try NetworkTag.separate(prompt)
        self.networks = networks
        let joined = role == .prompt ? PromptComposition.parts(of: rest) : [(rest, 1)]
        let chunks = PromptChunks(encoder)
        var parts: [Part] = []
        for (text, weight) in joined {
            var numbers: [String: Int] = [:]
            var texts: [Text] = []
            var entries: [(until: Int, text: Int)] = []
            for entry in try PromptSchedule.entries(of: text, stepCount: stepCount) {
                if numbers[entry.text] == nil {
                    numbers[entry.text] = texts.count
                    let emphasis = try PromptEmphasis(entry.text)
                    texts.append(
                        Text(
                            text: entry.text, segments: emphasis.segments,
                            chunks: chunks.chunks(of: emphasis.segments),
                            openBracketCount: emphasis.openCount))
                }
                entries.append((entry.until, numbers[entry.text] ?? 0))
            }
            parts.append(Part(weight: weight, texts: texts, entries: entries))
        }
        self.parts = parts
    }

    /// Whether more than one prediction with the weight 1 is asked for, which only a prediction
    /// for the negative prompt gives a meaning.
    public var isComposed: Bool { parts.count > 1 || parts[0].weight != 1 }

    /// What counts up to which step, with the weights of `AND`.
    public var schedule: [(until: Int, texts: [(weight: Double, text: Text)])] {
        Set(parts.flatMap { $0.entries.map(\.until) }).sorted().map { end in
            (end, parts.map { ($0.weight, $0.texts[$0.text(at: end)]) })
        }
    }

    /// The numbers of the embeddings that it uses, in the order of the encoder's.
    func embeddingNumbers(_ encoder: PromptEncoder) -> [Int] {
        let rows = Set(parts.flatMap(\.texts).flatMap(\.chunks).flatMap(\.rows))
        return encoder.embeddings.indices.filter { !rows.isDisjoint(with: encoder.rows(of: $0)) }
    }
}

extension PromptChunk {
    /// The one chunk of a text that is read as it stands, cut at its end.
    fileprivate init(plain text: String, _ encoder: PromptEncoder) {
        let prompt = encoder.encode(text)
        self.init(
            ids: prompt.ids, rows: prompt.rows,
            emphasis: Array(repeating: 1, count: prompt.ids.count),
            count: min(encoder.tokenizer.maximumLength - 2, encoder.placeCount(of: text)))
    }
}
