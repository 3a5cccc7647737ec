/// A prompt with choices, each of which is taken or not: `a robot|in the rain|at night` stands for
/// four prompts.
///
/// Source: `scripts/prompt_matrix.py` of the A1111 web UI.
struct PromptMatrix {
    /// What all have, and what some have.
    private let base: String
    private let choices: [String]
    static let limit = 10

    /// - Throws: ``PictureListError``.
    init(_ prompt: String) throws(PictureListError) {
        let parts = prompt.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        guard parts.count > 1 else { throw .noMatrix }
        guard parts.count - 1 <= Self.limit else {
            throw .matrix(count: parts.count - 1, limit: Self.limit)
        }
        base = parts[0]
        choices = parts.dropFirst().map { part in
            part.trimmed { $0.isWhitespace }.trimmed { $0 == "," }
        }
    }

    /// All of them, the first choice changing first.
    var prompts: [String] {
        (0..<(1 << choices.count)).map { number in
            ([base] + taken(number)).joined(separator: ", ")
        }
    }

    /// How many stand in a row, so that the first half of the choices goes from left to right.
    var columns: Int { 1 << ((choices.count + 1) / 2) }

    /// What is taken in each column.
    var columnLabels: [String] { (0..<columns).map { label(taken($0)) } }

    /// What is taken in each row.
    var rowLabels: [String] {
        (0..<((1 << choices.count) / columns)).map { label(taken($0 * columns)) }
    }

    private func taken(_ number: Int) -> [String] {
        choices.enumerated().filter { number & (1 << $0.offset) != 0 }.map(\.element)
    }

    private func label(_ choices: [String]) -> String {
        choices.isEmpty ? "–" : choices.joined(separator: ", ")
    }
}

extension String {
    fileprivate func trimmed(_ isTrimmed: (Character) -> Bool) -> String {
        var text = self[...]
        while let first = text.first, isTrimmed(first) { text.removeFirst() }
        while let last = text.last, isTrimmed(last) { text.removeLast() }
        return String(text)
    }
}
