import NN
import Settings
import Torch

/// Moves each parameter as soon as backward has its gradient, which is then freed: all gradients
/// never exist together (Lv et al. 2023, arXiv 2306.09782).
///
/// A step then cannot be undone. A loss that is not finite moves nothing, since it is looked at
/// before; but where a gradient on the way is not finite, only the parameters whose own gradients
/// are not finite stay as they are, and those that came before and after have moved.
final class FusedBackward {
    /// The norm of each parameter's gradient in the last step; 0 where there was none.
    private(set) var norms: [Double]
    private let optimizer: any Optimizer
    private var learningRate = 0.0
    /// Parameters with a gradient that has not been looked at.
    private var waiting: [(index: Int, norm: Tensor)] = []
    private var waitingBytes = 0
    /// A GPU stops when a number is read from it: so many gradients, in bytes, are looked at
    /// together there. A processor looks at each.
    private static let waitingLimit = 128 << 20
    private var hasArrived: [Bool]
    private var unmoved: [Int] = []
    private var repeated: Int?

    /// - Parameter optimizer: one that steps partially.
    init(_ optimizer: any Optimizer) {
        precondition(optimizer.stepsPartially, "this optimizer needs all gradients at once")
        self.optimizer = optimizer
        norms = optimizer.parameters.map { _ in 0 }
        hasArrived = optimizer.parameters.map { _ in false }
        for index in optimizer.parameters.indices {
            optimizer.onGradient(of: index) { [weak self] in self?.arrive(index) }
        }
    }

    deinit {
        for index in optimizer.parameters.indices { optimizer.onGradient(of: index, nil) }
    }

    /// Runs backward and the step at once.
    ///
    /// - Throws: ``SettingError/option(name:value:problem:)`` where a parameter got its gradient
    ///   in parts, of which only the first was seen.
    func run(_ loss: Tensor, learningRate: Double) throws(SettingError) -> StepOutcome {
        self.learningRate = learningRate
        unmoved = []
        for index in norms.indices {
            norms[index] = 0
            hasArrived[index] = false
        }
        let value = loss.item()
        guard value.isFinite else { return StepOutcome(loss: value, norm: 0) }
        loss.backward()
        moveWaiting()
        if let repeated { throw Self.refusal(optimizer.parameters[repeated].name) }
        // What got no gradient stays as it is, but may have an average to be kept.
        for index in hasArrived.indices where !hasArrived[index] {
            optimizer.step(index..<(index + 1), learningRate: learningRate)
        }
        let sum = norms.reduce(0) { $0 + $1 * $1 }
        return StepOutcome(
            loss: value, norm: sum.squareRoot(),
            unmoved: unmoved.map { optimizer.parameters[$0].name })
    }

    /// Called by backward, on the thread that computes it.
    private func arrive(_ index: Int) {
        let tensor = optimizer.parameters[index].tensor
        guard let gradient = tensor.gradient else { return }
        guard !hasArrived[index] else {
            tensor.gradient = nil
            repeated = repeated ?? index
            return
        }
        hasArrived[index] = true
        waiting.append((index, withoutGradients { gradient.cast(to: .float32).norm() }))
        waitingBytes += gradient.count * gradient.dtype.byteCount
        if gradient.device.isProcessor || waitingBytes >= Self.waitingLimit { moveWaiting() }
    }

    /// Moves the parameters whose gradients have arrived and are finite.
    private func moveWaiting() {
        guard !waiting.isEmpty else { return }
        let found = Tensor.stacking(waiting.map(\.norm)).floats()
        for ((index, _), norm) in zip(waiting, found) {
            defer { optimizer.parameters[index].tensor.gradient = nil }
            norms[index] = Double(norm)
            guard norm.isFinite else {
                unmoved.append(index)
                continue
            }
            optimizer.step(index..<(index + 1), learningRate: learningRate)
        }
        waiting = []
        waitingBytes = 0
    }

    private static func refusal(_ name: String) -> SettingError {
        .option(
            name: "fused-backward-pass", value: nil,
            problem: "the gradient of \(name) comes in parts, as it does with "
                + "`gradient-checkpointing` where one step has pictures of several sizes; leave "
                + "one of the two away.")
    }
}
