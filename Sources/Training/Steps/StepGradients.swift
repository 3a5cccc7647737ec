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

    /// Whether the step counts.
    var isFinite: Bool { loss.isFinite && norm.isFinite && unmoved.isEmpty }
}

/// The gradients of a step: collected over its batches and then applied together or, in a fused
/// backward, each applied as it arrives.
struct StepGradients {
    private let optimizer: any Optimizer
    private let fused: FusedBackward?

    init(_ optimizer: any Optimizer, isFused: Bool) {
        self.optimizer = optimizer
        fused = isFused ? FusedBackward(optimizer) : nil
    }

    /// Runs backward through the losses of all batches of a step.
    ///
    /// - Parameters:
    ///   - scale: what losses are multiplied by; 1 in a fused backward.
    ///   - loss: the loss of the next batch.
    /// - Throws: as ``FusedBackward/run(_:learningRate:)``.
    func collect(
        batches: Int, scale: Double, learningRate: Double, loss: () -> Tensor
    ) throws(SettingError) -> StepOutcome {
        optimizer.clearGradients()
        if let fused { return try fused.run(loss(), learningRate: learningRate) }
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
        if let fused { return range.allSatisfy { fused.norms[$0] == 0 } }
        let gradients = optimizer.parameters[range].compactMap(\.tensor.gradient)
        return gradients.isEmpty || Foreach.totalNorm(gradients).item() == 0
    }
}
