/// The texts that a prompt goes through, as its edits say.
enum PromptSchedule {
    /// A text and the last step that it counts in; steps are counted from 1.
    typealias Entry = (until: Int, text: String)

    /// The texts in their order, the last up to the last step.
    ///
    /// - Throws: ``PromptError``.
    static func entries(of text: String, stepCount: Int) throws(PromptError) -> [Entry] {
        guard let edits = try PromptEdits(text) else { return [(stepCount, text)] }
        var ends: Set<Int> = [stepCount]
        collect(edits.nodes, stepCount: stepCount, into: &ends)
        return ends.sorted().map { end in
            var result = String.UnicodeScalarView()
            append(edits.nodes, at: end, stepCount: stepCount, to: &result)
            return (end, String(result))
        }
    }

    private static func collect(
        _ nodes: [PromptEdits.Node], stepCount: Int, into ends: inout Set<Int>
    ) {
        for node in nodes {
            switch node {
            case .text: break
            case .edit(let before, let after, let when):
                let step = when.step(of: stepCount)
                if step >= 1 { ends.insert(step) }
                collect(before, stepCount: stepCount, into: &ends)
                collect(after, stepCount: stepCount, into: &ends)
            case .turns(let choices):
                ends.formUnion(1...max(1, stepCount))
                for choice in choices { collect(choice, stepCount: stepCount, into: &ends) }
            }
        }
    }

    private static func append(
        _ nodes: [PromptEdits.Node], at step: Int, stepCount: Int,
        to result: inout String.UnicodeScalarView
    ) {
        for node in nodes {
            switch node {
            case .text(let text): result.append(contentsOf: text)
            case .edit(let before, let after, let when):
                let isBefore = step <= when.step(of: stepCount)
                append(
                    isBefore ? before : after, at: step, stepCount: stepCount, to: &result)
            case .turns(let choices):
                append(
                    choices[(step - 1) % choices.count], at: step, stepCount: stepCount,
                    to: &result)
            }
        }
    }
}
