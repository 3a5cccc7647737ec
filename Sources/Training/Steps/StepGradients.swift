import NN
import Settings
import Torch

/// What backward through the batches of one step gave.
struct StepOutcome {
    /// The mean over the batches.
    let loss: Double
    /// Of all gradients together, without the loss scale.
    let norm: Double
    /// What a fused backward left as it was, since its gradients were not finite, by name.
    var unmoved: [String] = []

    /// Whether any of several processes was asked to end.
    var isCancelled = false

    /// Whether the step counts.
    var isFinite: Bool { loss.isFinite && norm.isFinite && unmoved.isEmpty }
}

/// The gradients of a step: collected over its batches and then applied together or, in a fused
/// backward, each applied as it arrives.
struct StepGradients {
    private let optimizer: any Optimizer
    private let fused: FusedBackward?
    private let parallel: ParallelGradients?

    /// - Parameter parallel: sums what several processes have; nil: there is one.
    init(_ optimizer: any Optimizer, isFused: Bool, parallel: ParallelGradients? = nil) {
        self.optimizer = optimizer
        self.parallel = parallel
        fused = isFused ? FusedBackward(optimizer) : nil
    }

    /// Runs backward through the losses of all batches of a step.
    ///
    /// - Parameters:
    ///   - scale: what losses are multiplied by; 1 in a fused backward.
    ///   - isCancelled: whether somebody asked this process to end.
    ///   - loss: the loss of the next batch; of several processes, the part of this one in it.
    /// - Throws: as ``FusedBackward/run(_:learningRate:)``, or `ProcessError`.
    func collect(
        batches: Int, scale: Double, learningRate: Double, isCancelled: Bool = false,
        loss: () -> Tensor
    ) throws -> StepOutcome {
        optimizer.clearGradients()
        if let fused { return try fused.run(loss(), learningRate: learningRate) }
        if let parallel {
            return try parallel.collect(
                batches: batches, scale: scale, isCancelled: isCancelled, loss: loss)
        }
        // Every batch is full, so the mean over batches is the mean over examples.
        var mean = 0.0
        for _ in 0..<batches {
            let batchLoss = loss()
            (batchLoss * (scale / Double(batches))).backward()
            mean += batchLoss.item() / Double(batches)
        }
        let norm = Foreach.totalNorm(optimizer.gradients).item() / scale
        return StepOutcome(loss: mean, norm: norm)
    }

    /// Moves the parameters, with gradients clipped; a fused backward has done so already.
    ///
    /// - Parameter maxNorm: 0: no clipping.
    func apply(
        _ outcome: StepOutcome, scale: Double, maxNorm: Double, learningRate: Double
    ) {
        guard fused == nil else { return }
        // torch.nn.utils.clip_grad_norm_, and the division by the scale, in one.
        let clipping = maxNorm > 0 ? min(1, maxNorm / (outcome.norm + 1e-6)) : 1
        let factor = clipping / scale
        let gradients = optimizer.gradients
        if factor != 1 {
            let device = gradients.first?.device ?? .cpu
            Foreach.scale(gradients, by: Tensor.full([], factor, device: device))
        }
        optimizer.step(learningRate: learningRate)
    }

    /// Whether none of some parameters had a gradient other than 0 in the last step.
    ///
    /// - Parameter range: positions in the optimizer's parameters.
    func areZero(_ range: Range<Int>) -> Bool {
        // Others have the rest, and are not to be asked here: a group that learns is left at that.
        if let parallel, parallel.isSharded { return false }
        if let fused { return range.allSatisfy { fused.norms[$0] == 0 } }
        let gradients = optimizer.parameters[range].compactMap(\.tensor.gradient)
        return gradients.isEmpty || Foreach.totalNorm(gradients).item() == 0
    }
}
