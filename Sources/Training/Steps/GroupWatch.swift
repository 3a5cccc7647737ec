import NN
import Torch

/// Sees in the first steps of a run whether every trained group gets gradients and moves: what
/// does not learns nothing, however long the run is.
///
/// Movement is looked for in a corner of every parameter, so that nothing large is kept. A sum over
/// all elements would not do: steps that are small beside it are lost in its rounding.
struct GroupWatch {
    /// Steps with a learning rate above 0 after which the groups are looked at. In the first one
    /// the factors of LoRA get gradients on one side only.
    static let stepCount = 3
    /// What is compared of one parameter, at most: all of a small one.
    private static let cornerCount = 4096

    private let groups: [ParameterGroup]
    private let before: [Tensor?]
    private var stepsLeft = GroupWatch.stepCount

    /// Must be made before the first step, and after what a checkpoint holds is restored.
    init(_ groups: [ParameterGroup]) {
        let trained = groups.filter { !$0.parameters.isEmpty }
        self.groups = trained
        before = withoutGradients { trained.map(Self.corners) }
    }

    /// Takes note of a step that was made; what it finds when it is time, as sentences.
    ///
    /// - Parameter step: the steps that were made by now.
    mutating func observe(
        _ gradients: StepGradients, step: Int, learningRate: Double
    ) -> [String] {
        guard stepsLeft > 0, learningRate > 0 else { return [] }
        stepsLeft -= 1
        guard stepsLeft == 0 else { return [] }
        var start = 0
        var result: [String] = []
        for (group, before) in zip(groups, before) {
            let range = start..<(start + group.parameters.count)
            start = range.upperBound
            // What is not trained any more has no gradients and should have none.
            guard step <= group.lastStep ?? .max else { continue }
            if gradients.areZero(range) {
                result.append(
                    "The parameters of \(group.name) get no gradients and learn nothing: check "
                        + "which layers are trained, and `mixed-precision`.")
            } else if withoutGradients({ Self.areEqual(Self.corners(group), before) }) {
                result.append(
                    "The parameters of \(group.name) have gradients but did not move in "
                        + "\(Self.stepCount) steps, so nothing is learned: their learning rate is "
                        + "too low for the precision of the weights.")
            }
        }
        return result
    }

    private static func areEqual(_ now: Tensor?, _ before: Tensor?) -> Bool {
        guard let now, let before else { return false }
        return (now - before).abs().sum().item() == 0
    }

    /// Nil where all of a group lies in other processes.
    private static func corners(_ group: ParameterGroup) -> Tensor? {
        let here = group.parameters.filter { !$0.tensor.isPlaceholder }
        guard !here.isEmpty else { return nil }
        return Tensor.concatenating(
            here.map { parameter in
                var part = parameter.tensor.detached()
                if part.count > cornerCount {
                    for axis in 0..<part.rank {
                        let length = min(part.size(axis), axis < 2 ? 8 : 3)
                        part = part.narrowed(axis, start: 0, length: length)
                    }
                }
                // A copy, since the parameter itself moves.
                return part.converted(to: .float32, copies: true).reshaped(-1)
            })
    }
}
