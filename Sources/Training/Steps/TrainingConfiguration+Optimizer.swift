import NN
import Settings
import Torch

extension TrainingConfiguration {
    /// What moves the parameters: the optimizer that was chosen, with averages and with parameters
    /// in main memory where these are wanted.
    ///
    /// - Throws: `SettingError` when it cannot train what there is.
    func makeOptimizer(_ groups: [ParameterGroup]) throws(SettingError) -> any Optimizer {
        try makeOptimizer(groups, processes: nil).optimizer
    }

    /// The same of one of several processes, each of which may move a part of the parameters.
    func makeOptimizer(
        _ groups: [ParameterGroup], processes: ProcessGroup?, weights: ShardedBlocks? = nil
    ) throws(SettingError) -> (optimizer: any Optimizer, sharded: ShardedOptimizer?) {
        do throws(OptimizerError) {
            var sharded: ShardedOptimizer?
            if let processes, zeroStage > 0 {
                sharded = try ShardedOptimizer(
                    groups, processes, weights: weights, make: averaged)
            }
            let moved: any Optimizer = if let sharded { sharded } else { try averaged(groups) }
            var result = moved
            if groups.contains(where: { $0.copies != nil }) {
                result = OffloadedOptimizer(
                    moved, copies: groups.flatMap(\.computed), disks: groups.disks)
            }
            if groups.contains(where: { $0.disk != nil }) { result = DiskOptimizer(result) }
            return (result, sharded)
        } catch {
            throw .optimizer(error)
        }
    }

    private func averaged(_ groups: [ParameterGroup]) throws(OptimizerError) -> any Optimizer {
        let plain = try optimizer.makeOptimizer(
            groups, settings: optimizerSettings, roundingSeed: seed ?? 0)
        return useEMA
            ? AveragedOptimizer(plain, decay: emaDecay, disks: groups.disks) : plain
    }
}

extension [ParameterGroup] {
    /// Where each parameter and what belongs to it lies; nil: in memory.
    fileprivate var disks: [DiskMemory?] {
        flatMap { group in group.parameters.map { _ in group.disk } }
    }
}
