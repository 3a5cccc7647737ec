import Files
package import Foundation
import NN
package import Torch

extension Device {
    /// What small networks train fastest in: bf16 where it is multiplied directly.
    var trainingDType: DType {
        self != .cpu || Compute.hasFastBFloat16 ? .bfloat16 : .float32
    }
    /// On a processor the channels-last format does not pay for its conversions at these sizes.
    var trainingFormat: MemoryFormat { self == .cpu ? .contiguous : .channelsLast }
    /// Into how many shares a step's batch is divided: a copy of the network for each.
    var shareCount: Int { self == .cpu ? 2 : 1 }
}

/// One part's training: optimizer, averaged weights, and a file from which it goes on.
///
/// On a processor each half of a batch has its own copy of the network and half of the cores, and
/// the halves meet once a step. Sharing every small operation among the cores instead would lose
/// a quarter of the time in waiting, and far more beside any other program.
///
/// A run that was interrupted goes on from its last save with the same random numbers.
package final class TrainingRun {
    let name: String
    /// Decides which rows a step has; on a processor.
    package let generator: Generator
    private let noises: [Generator]
    private let schedule: LearningRateSchedule
    private let optimizer: AdamW
    /// The parameters of the further copies.
    private let copies: [[Tensor]]
    private let averages: [(name: String, tensor: Tensor)]
    private let averageWeight: Double
    private let file: URL
    package private(set) var stepsDone = 0
    /// Seconds between saves.
    package var saveInterval = 120.0

    /// - Parameters:
    ///   - copies: the parameters of each copy of the network; the first are what is trained.
    ///   - folder: where `NAME.state.safetensors` is kept.
    ///   - averageDecay: of the exponential average of the weights.
    ///   - noises: what else is drawn from, so that a run that goes on draws the same.
    package init(
        _ name: String, copies: [[(name: String, tensor: Tensor)]],
        schedule: MiniatureConfiguration.Schedule, averageDecay: Double, seed: UInt64,
        noises: [Generator] = [], folder: URL
    ) throws {
        self.name = name
        for copy in copies { for parameter in copy { parameter.tensor.requiresGradient = true } }
        let parameters = copies[0]
        self.copies = copies.dropFirst().map { $0.map(\.tensor) }
        var settings = AdamW.Settings()
        settings.beta2 = 0.99
        optimizer = AdamW(parameters, settings: settings)
        averages = withoutGradients {
            parameters.map { ($0.name, $0.tensor.detached().copied()) }
        }
        averageWeight = 1 - averageDecay
        generator = Generator(seed: seed)
        self.noises = noises
        self.schedule = LearningRateSchedule(
            .cosine, base: schedule.learningRate,
            warmupStepCount: min(300, schedule.stepCount / 10),
            stepCount: schedule.stepCount)
        file = folder.appending(path: "\(name).state.safetensors")
        TemporaryName.removeLeftovers(in: folder)
        try restore()
        renewCopies()
    }

    package var isFinished: Bool { stepsDone >= schedule.stepCount }

    /// - Parameters:
    ///   - seconds: ends the run early, with its state saved.
    ///   - isCancelled: looked at after each step; ends the run likewise.
    ///   - step: draws what a step is made of, and gives for each copy of the network a function
    ///     that computes the loss of its share.
    /// - Throws: `FileError` where the state cannot be saved at the end; what was saved before is
    ///   still there then. In between that is only told.
    package func run(
        seconds: Double? = nil, isCancelled: () -> Bool = { false }, log: (String) -> Void,
        step: () -> [() -> Tensor]
    ) throws {
        let begin = Date()
        var (lastLog, lastSave, lastStep) = (begin, begin, stepsDone)
        var hasTold = false
        while !isFinished {
            let loss = backward(step())
            let gradients = optimizer.gradients
            let norm = Foreach.totalNorm(gradients)
            Foreach.scale(gradients, by: (1 / (norm + 1e-6)).clamped(0, 1))
            optimizer.step(learningRate: schedule.rate(at: stepsDone))
            optimizer.clearGradients()
            renewCopies()
            // The average follows fast at first: it must not remember the random beginning.
            let weight = max(averageWeight, 1 / Double(stepsDone + 10) * 9)
            Foreach.interpolate(
                averages.map(\.tensor), towards: optimizer.parameters.map(\.tensor),
                weight: min(1, weight))
            stepsDone += 1
            let now = Date()
            if now.timeIntervalSince(lastLog) > 10 || isFinished {
                let value = loss.item()
                guard value.isFinite else { throw notFinite }
                let rate = Double(stepsDone - lastStep) / now.timeIntervalSince(lastLog)
                log(
                    "\(name) \(stepsDone)/\(schedule.stepCount) loss "
                        + "\(String(format: "%.4f", value)) "
                        + "\(String(format: "%.2f", rate)) steps/s")
                (lastLog, lastStep) = (now, stepsDone)
            }
            if now.timeIntervalSince(lastSave) >= saveInterval {
                do {
                    try save()
                    hasTold = false
                } catch let error as FileError {
                    if !hasTold { log("\(name): not saved, the run goes on: \(error)") }
                    hasTold = true
                }
                lastSave = now
            }
            if isCancelled() { break }
            if let seconds, now.timeIntervalSince(begin) > seconds { break }
        }
        try save()
    }

    private var notFinite: SceneError {
        SceneError(
            "\(name): the loss or the weights are not finite at step \(stepsDone); lower its learning "
                + "rate and start again.")
    }

    /// Computes the losses and their gradients side by side; the gradients are added to the first
    /// copy's. Returns the mean of the losses.
    private func backward(_ losses: [() -> Tensor]) -> Tensor {
        precondition(losses.count == copies.count + 1, "a loss for every copy")
        let threadCount = max(1, Self.threadCount / losses.count)
        var values = [Tensor](repeating: .zeros([]), count: losses.count)
        values.withUnsafeMutableBufferPointer { values in
            // Every share writes its own value and its own copy's gradients, and nothing else.
            nonisolated(unsafe) let (values, losses) = (values, losses)
            DispatchQueue.concurrentPerform(iterations: losses.count) { share in
                Compute.threadCount = threadCount
                let loss = losses[share]() / Double(losses.count)
                loss.backward()
                values[share] = loss.detached()
            }
        }
        Compute.threadCount = Self.threadCount
        withoutGradients {
            for copy in copies {
                for ((_, parameter), other) in zip(optimizer.parameters, copy) {
                    guard let gradient = other.gradient else { continue }
                    parameter.gradient = parameter.gradient.map { $0 + gradient } ?? gradient
                    other.gradient = nil
                }
            }
        }
        return values.reduce(.zeros([], device: values[0].device)) { $0 + $1 }
    }

    private static let threadCount = Compute.threadCount

    private func renewCopies() {
        withoutGradients {
            for copy in copies {
                for (parameter, other) in zip(optimizer.parameters, copy) {
                    other.copy(from: parameter.tensor)
                }
            }
        }
    }

    /// Puts the averaged weights in the place of the trained ones.
    func adoptAverages() {
        for (parameter, average) in zip(optimizer.parameters, averages) {
            parameter.tensor.copy(from: average.tensor)
            parameter.tensor.requiresGradient = false
        }
    }

    private var state: [(name: String, tensor: Tensor)] {
        optimizer.parameters.map { ("parameter.\($0.name)", $0.tensor.detached()) }
            + averages.map { ("average.\($0.name)", $0.tensor) }
            + optimizer.state.map { ("optimizer.\($0.name)", $0.tensor) }
    }

    private var generators: [(name: String, generator: Generator)] {
        [("generator", generator)] + noises.enumerated().map { ("noise.\($0)", $1) }
    }

    private func save() throws {
        try Folder.create(file.deletingLastPathComponent())
        do {
            try SafetensorsWriter.write(
                state + generators.map { ($0.name, $0.generator.state) }, to: file,
                metadata: ["step": String(stepsDone)])
        } catch CheckpointError.notFinite {
            throw notFinite
        }
    }

    private func restore() throws {
        guard FileManager.default.fileExists(atPath: file.path) else { return }
        let saved = try SafetensorsFile(file)
        let other = SceneError(
            "\(file.path) was written by another configuration or version: delete it to begin anew."
        )
        guard let step = Int(saved.header.metadata["step"] ?? ""), step >= 0 else { throw other }
        for (name, tensor) in state {
            guard let value = saved.tensor(name), value.shape == tensor.shape else { throw other }
            tensor.copy(from: value)
        }
        for (name, generator) in generators {
            guard let value = saved.tensor(name), value.dtype == .uint8,
                value.shape == generator.state.shape
            else { throw other }
            generator.state = value
        }
        stepsDone = step
    }
}
