import StableDiffusion

/// What textual inversion is told besides what all methods are told.
public struct TextualInversionConfiguration: Codable, Sendable, Equatable {
    /// What the photos have in common.
    public enum Property: String, Codable, Sendable, CaseIterable {
        case object
        case style
    }

    /// The word that will stand for the subject in prompts: `<my-robot>`.
    public var placeholderToken: String
    /// A word or a phrase that comes near to it: `robot`; nil or `*`: random numbers.
    public var initializerToken: String?
    /// How many vectors the word stands for.
    public var vectorCount = 1
    /// Which sentences are used.
    public var learnableProperty = Property.object
    /// A file with other sentences, one a line, `{}` for the word.
    public var templates: String?

    /// One vector for a thing.
    public init(placeholderToken: String, initializerToken: String? = nil) {
        self.placeholderToken = placeholderToken
        self.initializerToken = initializerToken
    }

    func validate() throws(SettingError) {
        guard !placeholderToken.allSatisfy(\.isWhitespace) else {
            throw .option(
                name: "placeholder-token", value: "\"\(placeholderToken)\"",
                problem: "is empty; give a new word such as <my-robot>.")
        }
    }

    /// The sentences of the run.
    package func texts() throws -> [String] {
        PromptTemplates.filled(try sentences(), with: placeholderToken)
    }

    /// The same with `{}` for the word.
    package func sentences() throws -> [String] {
        try templates.map { try PromptTemplates.read($0) }
            ?? (learnableProperty == .object ? PromptTemplates.object : PromptTemplates.style)
    }
}
