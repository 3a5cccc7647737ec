import NN
import Settings

extension TrainingConfiguration {
    /// What moves the parameters: the optimizer that was chosen, with averages and with parameters
    /// in main memory where these are wanted.
    ///
    /// - Throws: `SettingError` when it cannot train what there is.
    func makeOptimizer(_ groups: [ParameterGroup]) throws(SettingError) -> any Optimizer {
        do throws(OptimizerError) {
            let plain = try optimizer.makeOptimizer(
                groups, settings: optimizerSettings, roundingSeed: seed ?? 0)
            let averaged: any Optimizer =
                useEMA ? AveragedOptimizer(plain, decay: emaDecay) : plain
            guard groups.contains(where: { $0.copies != nil }) else { return averaged }
            return OffloadedOptimizer(averaged, copies: groups.flatMap(\.computed))
        } catch {
            throw .optimizer(error)
        }
    }
}
