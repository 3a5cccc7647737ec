import Files
import Foundation
public import NN
public import RunRecord
public import Settings
public import Torch

/// The training loop of every method.
public final class Trainer {
    /// Steps in a row without finite gradients after which a run ends.
    public static let patience = 5

    /// The settings of the loop.
    public let configuration: TrainingConfiguration
    /// The steps of the whole run.
    public let stepCount: Int
    /// Moves the parameters, and owns their moments.
    public let optimizer: any Optimizer
    /// What everything random in the loop is drawn from.
    public let generator: Generator
    /// Steps done so far.
    public private(set) var step = 0
    /// Examples drawn so far, those of skipped steps too.
    public private(set) var exampleCount = 0
    /// The loss scale; 1 but in fp16.
    public private(set) var scale: GradientScale

    private let task: TrainingTask
    private let checkpoints: CheckpointFolder
    private let cancellation: Cancellation
    private let report: (TrainingEvent) -> Void
    private let processes: ProcessGroup?
    /// Where each process moves a part of the parameters.
    private let sharded: ShardedOptimizer?
    /// Whether any of several processes was asked to end.
    private var isOneCancelled = false
    private var savedStep: Int?
    /// What the next step begins with, while nothing has changed since the last one was done.
    private var beginning: (generator: Tensor, exampleCount: Int)?
    /// Whether the parameters are what is looked at, and not what is trained.
    private var isAveraged = false
    /// How often saving was begun: what is gathered for it has a name of its own each time.
    private var saveCount = 0
    /// What has been told once and is not told again.
    private var told: Set<String> = []

    /// - Parameters:
    ///   - configuration: validated by the caller, with a seed.
    ///   - checkpoints: where the state is saved, and what settings are saved with it.
    ///   - processes: those that train together, each with its rows of every batch; the first of
    ///     them alone writes. The task's observers and spectators have the same intervals in all.
    /// - Throws: `SettingError` when the optimizer cannot train what there is.
    public init(
        _ configuration: TrainingConfiguration, stepCount: Int, task: TrainingTask,
        checkpoints: CheckpointFolder, cancellation: Cancellation = Cancellation(),
        processes: ProcessGroup? = nil, report: @escaping (TrainingEvent) -> Void = { _ in }
    ) throws(SettingError) {
        try configuration.checkParallel(processCount: processes?.count ?? 1)
        self.configuration = configuration
        self.processes = processes
        self.stepCount = stepCount
        self.task = task
        self.checkpoints = checkpoints
        self.cancellation = cancellation
        self.report = report
        if let last = task.groups.map({ $0.lastStep ?? .max }).max(), last < stepCount {
            throw .option(
                name: "stop-text-encoder-training", value: String(last),
                problem: "leaves nothing to train after that step: nothing but the text encoder is "
                    + "trained here; use `max-train-steps` \(last).")
        }
        (optimizer, sharded) = try configuration.makeOptimizer(
            task.groups, processes: processes, weights: task.weights)
        generator = Generator(seed: configuration.seed ?? 0)
        scale = GradientScale(isDynamic: configuration.mixedPrecision == .fp16)
    }

    /// Goes on from where a checkpoint was written.
    ///
    /// - Throws: ``TrainingError`` or `CheckpointError` when it does not fit what is trained.
    public func resume(from checkpoint: TrainingCheckpoint) throws {
        try checkpoint.restore(
            optimizer: optimizer, generator: generator, isPart: sharded != nil)
        optimizer.useIterates()
        step = checkpoint.state.step
        exampleCount = checkpoint.state.exampleCount
        scale = checkpoint.state.scale
        // A checkpoint of elsewhere is none of this folder's.
        let isOwn =
            checkpoint.url.standardizedFileURL == checkpoints.url(step: step).standardizedFileURL
        savedStep = isOwn ? step : nil
    }

    /// Trains until `stepCount` steps are done, and has what was trained written.
    ///
    /// A step whose loss or gradients are not finite changes nothing, is told and not counted; in
    /// a fused backward what had finite gradients has moved by then.
    ///
    /// What is only for looking at ends no run: where it cannot be made, that is told, once.
    ///
    /// - Throws: ``TrainingError/interrupted(step:checkpoint:)`` after a cancellation,
    ///   ``TrainingError/notFinite(step:attempts:saved:cause:)`` after ``patience`` bad steps in a
    ///   row, both with the state saved where that can be;
    ///   ``TrainingError/notWritten(problem:checkpoint:)``; `ProcessError` where another process
    ///   has ended.
    public func run() throws {
        try processes?.requireSameWeights(
            optimizer.parameters.filter { !(task.weights?.has($0.tensor) ?? false) })
        let schedule = configuration.schedule(stepCount: stepCount)
        let gradients = StepGradients(
            optimizer, isFused: configuration.fusedBackwardPass,
            parallel: processes.map {
                ParallelGradients(
                    optimizer, $0, shards: sharded?.shards, stage: configuration.zeroStage,
                    weights: task.weights)
            })
        var watch = GroupWatch(task.groups)
        var freeze = GroupFreeze(task.groups)
        let clock = ContinuousClock()
        var failures = 0
        report(.started(first: step, total: stepCount))

        var isOver = step >= stepCount
        while !isOver {
            if isCancelled { try interrupt() }
            let start = clock.now
            // A fused backward moves weights before it is done.
            beginning = configuration.fusedBackwardPass ? nil : (generator.state, exampleCount)
            freeze.apply(before: step + 1).forEach { report(.notice($0)) }
            let stages = configuration.learningRateStages
            let rate = stages?.rate(at: step) ?? schedule.rate(at: step)
            let outcome = try gradients.collect(
                batches: configuration.gradientAccumulationSteps, scale: scale.factor,
                learningRate: rate, isCancelled: cancellation.isRequested, loss: nextLoss)
            isOneCancelled = outcome.isCancelled
            beginning = nil
            guard outcome.isFinite else {
                let reason = skipReason(outcome)
                // Overflow in fp16 is how the right scale is found, and no fault of the run.
                failures += outcome.loss.isFinite && scale.canBackOff ? 0 : 1
                scale.backOff()
                report(.stepSkipped(step: step + 1, reason: reason))
                if failures == Self.patience { try giveUp() }
                continue
            }
            failures = 0
            gradients.apply(
                outcome, scale: scale.factor, maxNorm: configuration.maxGradNorm,
                learningRate: rate)
            try spread()
            scale.succeed()
            step += 1
            beginning = (generator.state, exampleCount)

            let record = StepRecord(
                step: step, loss: outcome.loss, learningRate: rate, gradientNorm: outcome.norm,
                seconds: (clock.now - start).seconds)
            report(.step(record, progress))

            watch.observe(gradients, step: step, learningRate: rate).forEach { report(.notice($0)) }
            if step % configuration.checkpointingSteps == 0 { try saveIfPossible() }
            isOver = try observe() || step == stepCount
            if !isOver { try show() }
        }
        optimizer.clearGradients()
        // The weights first: what follows is only for looking at.
        try write()
        try show(isEnd: true)
    }

    /// Whether somebody asked to end; several processes agree on it after every step.
    var isCancelled: Bool {
        processes == nil ? cancellation.isRequested : isOneCancelled
    }

    /// Where each process has moved a part of the parameters, all get those of the others.
    private func spread() throws(ProcessError) {
        guard let sharded else { return }
        try sharded.spread()
        // What the network computes with may lie elsewhere.
        optimizer.parametersChanged()
    }

    /// Makes the parameters what is saved, in all processes; the run is over.
    func useAverages() throws {
        optimizer.useAverages()
        try spread()
    }

    /// Has the parameters be what would be saved, meanwhile.
    private func withAverages<Value>(_ body: () throws -> Value) throws -> Value {
        let changes = configuration.useEMA || configuration.optimizer.hasAverages
        // While weights and averages change places, neither is whole.
        let before = beginning
        beginning = nil
        optimizer.useAverages()
        if changes { try spread() }
        (beginning, isAveraged) = (before, true)
        let result = Result { try withWeights(body) }
        (beginning, isAveraged) = (nil, false)
        optimizer.useIterates()
        if changes { try spread() }
        beginning = before
        return try result.get()
    }

    /// Has process 0 see all weights, where it has a part of them.
    private func withWeights<Value>(_ body: () throws -> Value) throws -> Value {
        try task.weights.map { try $0.whileFirstLooks(body) } ?? body()
    }

    /// Saves the state, unless this step is saved already, and returns the folder's path.
    ///
    /// Steps skipped since that save need no other: the resumed run skips them again.
    public func save() throws -> String {
        let url = checkpoints.url(step: step)
        // Parts are gathered by all or by none: what the first could not write, none has saved.
        let parts = sharded == nil ? nil : processes
        if try parts?.any(savedStep != step) ?? (savedStep != step) {
            saveCount += 1
            let remembered =
                try sharded?.gatheredState("\(step)/\(saveCount)") ?? optimizer.state
            savedStep = processes?.isFirst ?? true ? nil : step
            try withWeights { if savedStep == nil { try write(remembered) } }
        }
        return url.path
    }

    private func write(_ remembered: [(name: String, tensor: Tensor)]) throws {
        let state = TrainingState(
            step: step, exampleCount: exampleCount, scale: scale, settings: checkpoints.settings)
        try checkpoints.write(
            state, parameters: optimizer.parameters, remembered: remembered, generator: generator,
            contents: task.weights?.contents ?? { $0 })
        savedStep = step
        report(.checkpointSaved(path: checkpoints.url(step: step).path, step: step))
    }

    /// Saves the state before the step that cannot be finished, as when memory has run out in it.
    ///
    /// - Returns: the newest state that is saved then, and the steps that were done by it; nil where
    ///   there is none.
    public func saveBeforeStep() -> (path: String, step: Int)? {
        if let beginning, step > 0, processes == nil {
            optimizer.clearGradients()
            if isAveraged { optimizer.useIterates() }
            generator.state = beginning.generator
            exampleCount = beginning.exampleCount
            if let path = try? save() { return (path, step) }
        }
        guard let newest = checkpoints.newest,
            let step = CheckpointFolder.step(ofName: newest.lastPathComponent)
        else { return nil }
        return (newest.path, step)
    }

    private func nextLoss() -> Tensor {
        let examples = exampleCount..<(exampleCount + configuration.trainBatchSize)
        exampleCount = examples.upperBound
        return task.loss(examples, generator)
    }

    /// Has those look at the weights whose time it is; true when it is enough for one of them.
    private func observe() throws -> Bool {
        let due = task.observers.filter { step == stepCount || step % $0.interval == 0 }
        guard !due.isEmpty else { return false }
        let isEnough = try withAverages {
            due.reduce(false) { isEnough, observer in observer.look(step) || isEnough }
        }
        return try processes?.any(isEnough) ?? isEnough
    }

    /// Has those look on whose time it is.
    private func show(isEnd: Bool = false) throws {
        let due = task.spectators.filter { isEnd || step % $0.interval == 0 }
        guard !due.isEmpty, !isCancelled else { return }
        optimizer.clearGradients()
        // What is seen is what would be saved.
        try withAverages {
            for spectator in due { spectator.look(step) }
        }
    }

    private var progress: RunProgress {
        let device = task.groups.first?.computed.first?.device
        return RunProgress(total: stepCount, memory: device.flatMap(MemoryUse.now))
    }

    /// Writes what was trained; where that cannot be, the state is kept if it can be.
    private func write() throws {
        if task.write == nil, processes == nil { return }
        let failure = try withAverages { Result { try task.write?(step) } }
        if case .failure(let error) = failure {
            // Of several processes the others wait at the end, and are told by this one's.
            let saved = sharded == nil ? try? save() : nil
            throw TrainingError.notWritten(
                problem: "\(error)", checkpoint: saved ?? checkpoints.newest?.path)
        }
    }

    /// Saves a state that is due. Where that cannot be, older ones are still there, and what was
    /// trained is written at the end.
    private func saveIfPossible() throws {
        do {
            _ = try save()
            told.remove("checkpoint")
        } catch CheckpointError.notFinite {
            try giveUp(isAlone: processes != nil)
        } catch let error as FileError {
            let newest = checkpoints.newest.map { "the newest saved state is \($0.path)" }
            tellOnce(
                "checkpoint",
                "The state after step \(step) is not saved, the run goes on: \(error) "
                    + "(\(newest ?? "no other is saved"))")
        }
    }

    private func tellOnce(_ topic: String, _ sentence: String) {
        if told.insert(topic).inserted { report(.notice(sentence)) }
    }

    private func interrupt() throws -> Never {
        guard step > 0 else { throw TrainingError.interrupted(step: 0, checkpoint: nil) }
        let saved: String
        do {
            saved = try save()
        } catch {
            throw TrainingError.interruptedUnsaved(
                step: step, problem: "\(error)", checkpoint: checkpoints.newest?.path)
        }
        throw TrainingError.interrupted(step: step, checkpoint: saved)
    }

    /// - Parameter isAlone: whether other processes know nothing of it yet.
    private func giveUp(isAlone: Bool = false) throws -> Never {
        let saved = step > 0 && !(isAlone && sharded != nil) ? try? save() : nil
        throw TrainingError.notFinite(
            step: step, attempts: Self.patience, saved: saved ?? checkpoints.newest?.path,
            cause: cause)
    }

    /// Why nothing is finite, where that can be seen.
    private var cause: String? {
        let damaged = optimizer.parameters.first {
            !$0.tensor.isPlaceholder && !$0.tensor.isAllFinite
        }
        guard let name = damaged?.name else { return task.diagnose?() }
        return step == 0
            ? "\(name) is not finite before anything is trained, so what the run starts from is "
                + "damaged"
            : "\(name) is not finite any more: the learning rate is too high, so start again with "
                + "a lower `learning-rate`"
    }

    private func skipReason(_ outcome: StepOutcome) -> String {
        if !outcome.loss.isFinite { return "the loss is \(outcome.loss)" }
        if let first = outcome.unmoved.first {
            let more = outcome.unmoved.count > 1 ? " and \(outcome.unmoved.count - 1) more" : ""
            return
                "the gradients of \(first)\(more) are not finite, so these did not move; all "
                + "others have moved, since the backward is fused"
        }
        guard scale.canBackOff else { return "the gradients are not finite" }
        return "the fp16 gradients overflowed at scale \(scale.factor), now half of it"
    }
}

extension Duration {
    fileprivate var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
