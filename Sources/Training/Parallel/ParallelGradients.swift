import NN
import Torch

/// The gradients of a step that several processes compute, each of its rows.
///
/// Losses are sums of rows that are weighed by all rows of the step, so that they and their
/// gradients add up to those of one process with all rows.
struct ParallelGradients {
    /// What is kept by whom (Rajbhandari et al. 2020, "ZeRO", arXiv 1910.02054).
    private let stage: Int
    private let optimizer: any Optimizer
    private let group: ProcessGroup
    private let buckets: GradientBuckets
    private let weights: ShardedBlocks?

    /// Whether each process has the gradients of some parameters alone.
    let isSharded: Bool

    /// - Parameters:
    ///   - shards: which gradients each process wants; nil: all.
    ///   - stage: from 2 on, no process keeps gradients of others from batch to batch.
    ///   - weights: those that come from other processes while they are computed with.
    init(
        _ optimizer: any Optimizer, _ group: ProcessGroup, shards: ParameterShards?, stage: Int,
        weights: ShardedBlocks? = nil
    ) {
        self.weights = weights
        self.optimizer = optimizer
        self.group = group
        self.stage = stage
        isSharded = shards != nil
        buckets = GradientBuckets(optimizer, group, shards: shards)
    }

    /// As ``StepGradients/collect(batches:scale:learningRate:isCancelled:loss:)``; all processes
    /// have the same outcome.
    func collect(
        batches: Int, scale: Double, isCancelled: Bool, loss: () -> Tensor
    ) throws(ProcessError) -> StepOutcome {
        var mean = 0.0
        var totals = [0.0, 0.0]
        for batch in 0..<batches {
            let batchLoss = loss()
            let isLast = batch == batches - 1
            let isSent = isLast || stage >= 2
            if isSent { buckets.arm() }
            (batchLoss * (scale / Double(batches))).backward()
            try weights?.check()
            mean += batchLoss.item() / Double(batches)
            if isSent {
                totals = try buckets.finish([mean, isCancelled ? 1 : 0], isLast: isLast)
            }
        }
        let gradients = optimizer.gradients
        var norm = gradients.isEmpty ? 0 : Foreach.totalNorm(gradients).item()
        if isSharded { norm = try group.sum([norm * norm])[0].squareRoot() }
        return StepOutcome(loss: totals[0], norm: norm / scale, isCancelled: totals[1] > 0)
    }
}
