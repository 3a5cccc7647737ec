/// A text that stands for many prompts: `a {red|blue} robot in __places__`, in the grammar of
/// sd-dynamic-prompts (its docs/SYNTAX.md).
///
/// Choices `{a|b}` with weights `{3::a|b}`, several of them `{2$$ and $$a|b|c}`, `{1-2$$a|b}`;
/// wildcards `__name__` from files; variables `${x={a|b}}`, `${x=!{a|b}}` (chosen once) and
/// `${x:otherwise}`. A backslash takes the meaning from `{`, `}` and `|`.
public struct PromptTemplate: Sendable, Equatable {
    /// A part of it.
    indirect enum Part: Sendable, Equatable {
        case text(String)
        case choice(Choice)
        case wildcard([Part])
        case assignment(Assignment)
        case variable(String, otherwise: [Part]?)
    }

    /// `{2$$ and $$3::a|b|c}`
    struct Choice: Sendable, Equatable {
        struct Option: Sendable, Equatable {
            var parts: [Part]
            var weight = 1.0
        }

        var options: [Option]
        /// How many are taken, as far as there are so many.
        var counts = 1...1
        var separator = ","

        /// The name of the wildcard whose lines are the options, where one stands alone.
        var wildcard: [Part]? {
            guard options.count == 1, options[0].parts.count == 1,
                case .wildcard(let name) = options[0].parts[0]
            else { return nil }
            return name
        }
    }

    /// `${x=…}`
    struct Assignment: Sendable, Equatable {
        var name: String
        var value: [Part]
        /// Whether it is chosen once, and not wherever it stands.
        var isChosenOnce: Bool
        /// Whether a variable that has a value keeps it.
        var keepsValue: Bool
    }

    /// As it was written.
    public let text: String
    let parts: [Part]

    /// - Throws: ``PromptTemplateError`` where brackets or bounds make no sense.
    public init(_ text: String) throws(PromptTemplateError) {
        self.text = text
        var parser = PromptTemplateParser(text)
        parts = try parser.all()
    }

    /// The most characters that a prompt may come to: lines that stand for lines grow fast.
    static let lengthLimit = 100_000

    /// Lines that stand for lines may not do so without end.
    static func check(depth: Int) throws(PromptTemplateError) {
        guard depth < PromptTemplateParser.depthLimit else {
            throw .tooDeep(limit: PromptTemplateParser.depthLimit)
        }
    }

    /// The template that a text is, or nil where it is none: nothing in it is chosen, and braces,
    /// which other programs have for emphasis, stand as they are.
    ///
    /// - Throws: ``PromptTemplateError`` where choices were meant and cannot be read.
    public static func meant(by text: String) throws(PromptTemplateError) -> PromptTemplate? {
        do {
            let template = try PromptTemplate(text)
            return template.hasChoices ? template : nil
        } catch {
            // A lone brace is a word like others, as in a smile.
            guard text.contains("|") || text.contains("${") || text.contains("$$") else {
                return nil
            }
            throw error
        }
    }

    /// Whether anything in it is chosen.
    public var hasChoices: Bool { Self.hasChoices(parts) }

    private static func hasChoices(_ parts: [Part]) -> Bool {
        parts.contains { part in
            switch part {
            case .text: false
            case .choice(let choice):
                choice.options.count > 1 || choice.counts != 1...1
                    || choice.options.contains { hasChoices($0.parts) }
            case .wildcard, .assignment, .variable: true
            }
        }
    }
}
