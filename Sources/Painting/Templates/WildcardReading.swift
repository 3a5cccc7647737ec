/// What is read of wildcards for one prompt, or for all that a template stands for.
final class WildcardReading {
    private let wildcards: Wildcards
    private var known: [String: [PromptTemplate.Choice.Option]] = [:]
    private var left = limit
    private static let limit = 500_000

    init(_ wildcards: Wildcards) { self.wildcards = wildcards }

    /// Begins with another prompt, for which as much may be gone through.
    func restart() { left = Self.limit }

    /// Counts a part of a template that is gone through: lines that stand for lines may be without
    /// end even where they come to no text.
    func count() throws(PromptTemplateError) {
        left -= 1
        guard left > 0 else { throw .tooLong(limit: PromptTemplate.lengthLimit) }
    }

    /// The lines of a wildcard, as what a choice chooses from.
    func options(_ name: String) throws(PromptTemplateError) -> [PromptTemplate.Choice.Option] {
        if let options = known[name] { return options }
        var options: [PromptTemplate.Choice.Option] = []
        for line in try wildcards.lines(name) {
            options.append(
                PromptTemplate.Choice.Option(
                    parts: try PromptTemplate(line.text).parts, weight: line.weight))
        }
        known[name] = options
        return options
    }
}
