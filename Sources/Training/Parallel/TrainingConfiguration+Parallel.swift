import NN
import Settings
import Torch

extension TrainingConfiguration {
    /// Sees whether several processes can train so.
    func checkParallel(processCount: Int) throws(SettingError) {
        guard processCount > 1 else { return }
        if offloadOptimizer == .nvme {
            throw .option(
                name: "offload-optimizer-device", value: offloadOptimizer.rawValue,
                problem: "is for one process: sums of gradients are made in main memory; use cpu, "
                    + "of which `zero-stage` 2 has a part in each.")
        }
        if fusedBackwardPass {
            throw .option(
                name: "fused-backward-pass", value: nil,
                problem: "moves weights before the gradients of \(processCount) processes are "
                    + "summed; leave it away, or train with one process.")
        }
        if zeroStage > 0, !optimizer.stepsPartially {
            throw .option(
                name: "zero-stage", value: String(zeroStage),
                problem: "the optimizer \(optimizer.rawValue) looks at all weights together; use "
                    + "0, or another `optimizer`.")
        }
        if zeroStage > 0, fullBF16 {
            throw .option(
                name: "zero-stage", value: String(zeroStage),
                problem: "does not go with `full-bf16`, whose rounding is drawn for all weights "
                    + "together; leave one of the two away.")
        }
    }
}

extension ProcessGroup {
    /// Sees that what is trained is the same in all processes before the first step.
    ///
    /// - Throws: `ProcessError` where it is not.
    func requireSameWeights(_ parameters: [(name: String, tensor: Tensor)]) throws(ProcessError) {
        let count = parameters.reduce(0) { $0 + $1.tensor.count }
        let norm = withoutGradients {
            Foreach.totalNorm(parameters.map { $0.tensor.detached() }).item()
        }
        // Machines of several kinds may round otherwise.
        let text = try shared("weights") { "\(count) \(norm)" }.split(separator: " ")
        let first = Double(text.last ?? "") ?? .nan
        let isSame =
            text.first == "\(count)"
            && (abs(norm - first) <= 1e-4 * max(abs(norm), abs(first)) || norm.isNaN)
        guard isSame else {
            throw .disagreement(
                what: "the weights that are trained", rank: rank, host: hosts[rank],
                value: "\(count) numbers of norm \(norm)", firstHost: hosts[0],
                firstValue: text.joined(separator: " numbers of norm "))
        }
    }
}
