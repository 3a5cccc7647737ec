/// What to paint and what to keep away from, both compiled.
public struct CompiledPrompts: Sendable {
    /// What to paint.
    public let prompt: PromptProgram
    /// What to keep away from; nil where it does not count.
    public let negative: PromptProgram?
    private let isPlain: Bool

    /// Compiles the prompts of a wish.
    ///
    /// - Throws: ``PromptError``.
    public init(_ settings: GenerationSettings, encoder: PromptEncoder) throws(PromptError) {
        let syntax = settings.promptSyntax
        isPlain = syntax == .plain
        prompt = try PromptProgram(
            settings.prompt, syntax: syntax, stepCount: settings.stepCount, encoder: encoder)
        // A composition is measured from the negative prompt, however little guidance there is.
        guard settings.isGuided || prompt.isComposed else {
            negative = nil
            return
        }
        negative = try PromptProgram(
            settings.negativePrompt, role: .negativePrompt, syntax: syntax,
            stepCount: settings.stepCount, encoder: encoder)
    }

    /// The negative prompt where it counts, then the prompt.
    public var programs: [PromptProgram] { (negative.map { [$0] } ?? []) + [prompt] }

    /// The words of embeddings that they use, each once, in the order of the encoder's; where a
    /// text is cut, those that stand behind its end are among them.
    public func words(_ encoder: PromptEncoder) -> [String] {
        let texts = isPlain ? programs.flatMap(\.parts).flatMap(\.texts).map(\.text) : []
        let words = Set(texts.flatMap(encoder.tokens))
        let numbers = Set(programs.flatMap { $0.embeddingNumbers(encoder) })
        return encoder.embeddings.enumerated()
            .filter { numbers.contains($0.offset) || words.contains($0.element.token) }
            .map(\.element.token)
    }
}
