internal import Torch

/// Puts predictions for several texts together: what the negative prompt gives, and the way from
/// there to each of the others.
///
/// Source: Ho and Salimans 2022, arXiv 2207.12598; with several texts, Liu et al. 2022, arXiv
/// 2206.01714: negative + Σ weight · scale · (text − negative).
struct Guidance {
    private let prompt: PromptConditioning
    private let negative: PromptConditioning?
    private let scale: Double
    private var now: Contexts?

    private struct Contexts {
        let numbers: [[Int]]
        let rowCount: Int
        /// What to attend to in one call each, with how many texts.
        let calls: [(context: Tensor, repeats: Int)]
        let weights: [Double]
    }

    /// - Parameter conditionings: the negative prompt's where it counts, and the prompt's.
    init(_ conditionings: [PromptConditioning], scale: Double) {
        prompt = conditionings[conditionings.count - 1]
        negative = conditionings.count > 1 ? conditionings[0] : nil
        self.scale = max(scale, 1)
    }

    /// The prediction of one step.
    ///
    /// - Parameters:
    ///   - rowCount: how many pictures there are.
    ///   - predict: given contexts of several texts, for all pictures each, and how many texts.
    mutating func prediction(
        step: Int, rowCount: Int, predict: (_ context: Tensor, _ repeats: Int) -> Tensor
    ) -> Tensor {
        let contexts = contexts(at: step, rowCount: rowCount)
        let outputs = contexts.calls.flatMap { context, repeats in
            predict(context, repeats).split(0, into: repeats)
        }
        guard negative != nil else { return outputs[0] }
        return zip(outputs.dropFirst(), contexts.weights).reduce(outputs[0]) { sum, text in
            sum + (text.0 - outputs[0]) * text.1
        }
    }

    private mutating func contexts(at step: Int, rowCount: Int) -> Contexts {
        let numbers =
            (negative.map { [$0] } ?? []).map { $0.numbers(at: step) }
            + [prompt.numbers(at: step)]
        if let now, now.numbers == numbers, now.rowCount == rowCount { return now }
        let texts = prompt.contexts(at: step)
        let base = negative?.contexts(at: step).map(\.states) ?? []
        let states = texts.map(\.states)
        // Texts of different lengths are no batch.
        let isBatch = base.allSatisfy { $0.size(1) == states[0].size(1) }
        let groups = isBatch ? [base + states] : [base, states]
        let new = Contexts(
            numbers: numbers, rowCount: rowCount,
            calls: groups.map { group in
                let rows = group.map { $0.expanded([rowCount, -1, -1]) }
                return (Tensor.concatenating(rows), group.count)
            },
            weights: texts.map { $0.weight * scale })
        now = new
        return new
    }
}
