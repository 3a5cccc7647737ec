/// The prompts of a picture, run through the text encoder.
///
/// An object, so that pictures of the same prompts are known by having the same one.
package final class ConditionedPrompts {
    /// For each of ``CompiledPrompts/programs``.
    package let all: [PromptConditioning]
    /// What to paint.
    var prompt: PromptConditioning { all[all.count - 1] }
    /// What to keep away from, where it counts.
    var negative: PromptConditioning? { all.count > 1 ? all[0] : nil }

    init(_ all: [PromptConditioning]) { self.all = all }
}

extension CompiledPrompts {
    /// What the prompts of pictures that are painted at once have in common.
    package struct BatchShape: Hashable {
        let weights: [Double]
        let chunkCounts: [[Int]]
    }

    /// Only pictures of one such shape are painted at once.
    package var batchShape: BatchShape {
        BatchShape(
            weights: prompt.parts.map(\.weight),
            chunkCounts: programs.map { $0.parts.map { $0.texts.map(\.chunks.count).max() ?? 0 } })
    }
}
