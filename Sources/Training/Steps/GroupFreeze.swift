import NN
import Torch

/// Stops the training of groups that have had their steps, such as a text encoder that would
/// begin to overfit before the U-Net has learned.
///
/// What needs no gradient costs no backward either, and what has none is not moved.
struct GroupFreeze {
    private var waiting: [ParameterGroup]

    init(_ groups: [ParameterGroup]) {
        waiting = groups.filter { $0.lastStep != nil }
    }

    /// Called before each step, so that a run that goes on does as one that never stopped; the
    /// groups that have just been stopped, as sentences.
    mutating func apply(before step: Int) -> [String] {
        let done = waiting.filter { step > $0.lastStep ?? .max }
        guard !done.isEmpty else { return [] }
        waiting.removeAll { step > $0.lastStep ?? .max }
        return done.map { group in
            for tensor in group.parameters.map(\.tensor) + group.computed {
                tensor.gradient = nil
                tensor.requiresGradient = false
            }
            return "From step \(step) on, \(group.name) stays as it is."
        }
    }
}
