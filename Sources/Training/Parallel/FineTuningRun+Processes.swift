import Datasets
import Foundation
import NN
import RunRecord
import Settings
import StableDiffusion
import Torch

/// What a run does otherwise where several processes train: the first alone writes, tells and takes
/// readings, and the others wait for it.
extension FineTuningRun {
    /// Whether this process writes.
    var isWriter: Bool { processes?.isFirst ?? true }

    /// Makes the batch what all processes have together: whatever is derived from it, such as the
    /// order of photos, the steps of an epoch and what a resumed run is compared with, is that of
    /// one process with as many rows.
    func settleProcesses() throws {
        guard let processes else {
            if configuration.training.zeroStage > 0 {
                report(
                    .notice(
                        "`zero-stage` \(configuration.training.zeroStage) has no effect: one "
                            + "process has all of it."))
            }
            return
        }
        try configuration.training.checkParallel(processCount: processes.count)
        let own = configuration.training.trainBatchSize
        configuration.training.trainBatchSize *= processes.count
        report(
            .notice(
                "\(processes.count) processes train together, \(own) example(s) each: "
                    + "\(configuration.training.trainBatchSize) in a batch."))
        // Asked of all, since they choose together, and one of them may compute elsewhere.
        let obstacle = try processes.useGPU(device)
        if device != .cpu {
            report(
                .notice(
                    obstacle.map {
                        "Gradients of GPUs are summed by Gloo through main memory, not by NCCL: "
                            + "\($0). See docs/scale.md for what that costs."
                    } ?? "Gradients of GPUs are summed by NCCL."))
        }
        if dropsOut {
            report(
                .notice(
                    "What dropout leaves out depends on the number of processes; all else that is "
                        + "drawn does not."))
        }
    }

    /// Weights in parts are those of a U-Net that is trained where it is computed, in blocks that
    /// backward computes again: else backward would keep them.
    func settleStage() {
        guard processes != nil, configuration.training.zeroStage == 3 else { return }
        let reason: String? =
            if configuration.method != .dreamBooth {
                "what is trained is small, and the model beside it is whole in every process"
            } else if configuration.training.offloadOptimizer != .none {
                "`offload-optimizer-device` has the weights whole in main memory"
            } else {
                nil
            }
        if let reason {
            configuration.training.zeroStage = 2
            report(.notice("`zero-stage` 3 is 2 here: \(reason)."))
        } else if !configuration.training.gradientCheckpointing {
            configuration.training.gradientCheckpointing = true
            report(
                .notice(
                    "`gradient-checkpointing` is on, as `zero-stage` 3 needs it: weights that "
                        + "backward keeps would stay in every process."))
        }
    }

    /// Weights in parts come in the same order in all processes, so each computes as many forward
    /// passes: one for each size that its pictures have.
    func settleStage(sizeCount: Int) {
        guard processes != nil, configuration.training.zeroStage == 3, sizeCount > 1,
            ownBatchSize > 1 || configuration.withPriorPreservation
        else { return }
        configuration.training.zeroStage = 2
        report(
            .notice(
                "`zero-stage` 3 is 2 here: it needs pictures of one size where a process has several "
                    + "in a step, and these have \(sizeCount); see `no-enable-bucket`."))
    }

    private var dropsOut: Bool {
        switch configuration.method {
        case .lora(let lora): lora.adapters.dropout > 0
        case .hypernetwork(let hypernetwork):
            hypernetwork.network.dropoutStructure?.contains { $0 > 0 } ?? false
        default: false
        }
    }

    /// Ends with the other processes: those that agreed to end wait for each other, and else they
    /// are told why.
    func endTogether(_ error: any Error) {
        guard let processes else { return }
        switch error as? TrainingError {
        case .interrupted(let step, _) where step > 0: _ = try? processes.leave()
        case .interruptedUnsaved, .interruptedAtEnd: _ = try? processes.leave()
        default: processes.fail("\(error)")
        }
    }

    /// A seed that nobody has given, the same for all.
    func drawnSeed() throws -> UInt64 {
        // Small enough to be typed again.
        let drawn = UInt64.random(in: 0..<(1 << 32))
        guard let processes else { return drawn }
        return UInt64(try processes.shared("seed") { String(drawn) }) ?? drawn
    }

    /// Examples in a forward pass of this process.
    var ownBatchSize: Int { configuration.training.trainBatchSize / (processes?.count ?? 1) }

    /// Those of a batch that this process computes.
    func ownExamples(_ examples: Range<Int>) -> Range<Int> {
        guard let processes else { return examples }
        let start = examples.lowerBound + processes.rank * ownBatchSize
        return start..<start + ownBatchSize
    }

    /// What dropout is drawn from: with several processes, each has numbers of its own, that nothing
    /// else depends on.
    func dropoutGenerator(_ examples: Range<Int>, _ common: Generator) -> Generator {
        guard processes != nil else { return common }
        let position = UInt64(ownExamples(examples).lowerBound)
        return Generator(
            seed: Seeds.derived(from: configuration.training.seed ?? 0, .dropout, position),
            device: common.device)
    }

    /// Sees that all processes were told the same, and have the same photos and model.
    ///
    /// - Parameter settings: what a resumed run is compared with.
    func compare(_ settings: [String: String], _ plan: RunPlan) throws {
        guard let processes else { return }
        var facts = settings
        for setting in SettingTable.of(configuration.method.kind).settings
        where setting.kind != .file && setting.kind != .folder && setting.name != "device" {
            facts[setting.name] = facts[setting.name] ?? setting.text(in: configuration)
        }
        facts["max-train-steps"] = String(plan.stepCount)
        facts["train-batch-size"] = String(ownBatchSize)
        facts["resume-from-checkpoint"] = plan.checkpoint.map { "step \($0.state.step)" } ?? "none"
        try processes.requireSame(facts, "settings")
    }

    /// Lets the first process do something that the others need done, such as files.
    func first<Value>(_ body: () throws -> Value) throws -> Value? {
        let value = isWriter ? try body() : nil
        try processes?.barrier()
        return value
    }

    /// Lets those who train along look at nothing when the first process looks.
    func waitingObservers(stepCount: Int) -> [TrainingObserver] {
        configuration.training.measuringInterval(stepCount: stepCount).map {
            [TrainingObserver(interval: $0, look: { _ in false })]
        } ?? []
    }

    /// The same for those who only look on.
    func waitingSpectators() -> [TrainingSpectator] {
        configuration.training.validationPrompt == nil
            ? []
            : [TrainingSpectator(interval: configuration.training.validationSteps, look: { _ in })]
    }
}
