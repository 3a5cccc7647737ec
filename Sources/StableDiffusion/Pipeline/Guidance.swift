internal import Torch

/// Puts predictions for several texts together: what the negative prompt gives, and the way from
/// there to each of the others.
///
/// Source: Ho and Salimans 2022, arXiv 2207.12598; with several texts, Liu et al. 2022, arXiv
/// 2206.01714: negative + Σ weight · scale · (text − negative).
struct Guidance {
    private let rows: [ConditionedPrompts]
    private let scale: Double
    private let isGuided: (Int) -> Bool
    private var now: Contexts?
    /// How often what is attended to has changed: what was computed for a call before is of no use
    /// for it then.
    private var changeCount = 0

    private struct Contexts {
        let numbers: [[[Int]]]
        let isGuided: Bool
        /// What to attend to in one call each, with how many texts.
        let calls: [(context: Tensor, repeats: Int)]
        let weights: [Double]
    }

    /// - Parameters:
    ///   - rows: of each picture; their ``CompiledPrompts/batchShape`` is the same.
    ///   - isGuided: whether guidance counts in a step; else the prompt does as it is.
    init(_ rows: [ConditionedPrompts], scale: Double, isGuided: @escaping (Int) -> Bool) {
        self.rows = rows
        self.scale = max(scale, 1)
        self.isGuided = isGuided
    }

    /// One of the calls of the network in a step.
    struct Call: Hashable {
        let number: Int
        /// The same as long as the same is attended to.
        let change: Int
    }

    /// The prediction of one step.
    ///
    /// - Parameter predict: given contexts of several texts, for all pictures each, how many texts,
    ///   and which call of the step it is.
    mutating func prediction(
        step: Int, predict: (_ context: Tensor, _ repeats: Int, _ call: Call) -> Tensor
    ) -> Tensor {
        let contexts = contexts(at: step)
        let change = changeCount
        let outputs = contexts.calls.enumerated().flatMap { number, call in
            predict(call.context, call.repeats, Call(number: number, change: change))
                .split(0, into: call.repeats)
        }
        guard outputs.count > contexts.weights.count else { return outputs[0] }
        return zip(outputs.dropFirst(), contexts.weights).reduce(outputs[0]) { sum, text in
            sum + (text.0 - outputs[0]) * text.1
        }
    }

    private mutating func contexts(at step: Int) -> Contexts {
        let isShared = rows.allSatisfy { $0 === rows[0] }
        let distinct = isShared ? [rows[0]] : rows
        let numbers = distinct.map { $0.all.map { $0.numbers(at: step) } }
        // Several texts are put together from the negative prompt's prediction.
        let isGuided = isGuided(step) || rows[0].prompt.contexts(at: step).count > 1
        if let now, now.numbers == numbers, now.isGuided == isGuided { return now }
        // Of every text, what all the pictures attend to.
        func joined(_ states: [[Tensor]]) -> [Tensor] {
            states[0].indices.map { text in
                isShared
                    ? states[0][text].expanded([rows.count, -1, -1])
                    : Tensor.concatenating(states.map { $0[text] })
            }
        }
        let texts = distinct.map { $0.prompt.contexts(at: step) }
        let states = joined(texts.map { $0.map(\.states) })
        let base = joined(
            distinct.map { row in
                isGuided ? row.negative?.contexts(at: step).map(\.states) ?? [] : []
            })
        // Texts of different lengths are no batch.
        let isBatch = base.allSatisfy { $0.size(1) == states[0].size(1) }
        let groups = isBatch ? [base + states] : [base, states]
        let new = Contexts(
            numbers: numbers, isGuided: isGuided,
            calls: groups.map { (Tensor.concatenating($0), $0.count) },
            weights: texts[0].map { $0.weight * scale })
        now = new
        changeCount += 1
        return new
    }
}
