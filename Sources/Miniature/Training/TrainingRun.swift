import Foundation
import NN
import Torch

extension Device {
    /// What small networks train fastest in: on a processor neither bf16 nor the channels-last
    /// format pays for its conversions at these sizes.
    var trainingDType: DType { self == .cpu ? .float32 : .bfloat16 }
    var trainingFormat: MemoryFormat { self == .cpu ? .contiguous : .channelsLast }
}

/// One part's training: optimizer, averaged weights, and a file from which it goes on.
///
/// A run that was interrupted goes on from its last save with the same random numbers.
final class TrainingRun {
    let name: String
    let generator: Generator
    private let schedule: LearningRateSchedule
    private let optimizer: AdamW
    private let averages: [(name: String, tensor: Tensor)]
    private let averageWeight: Double
    private let file: URL
    private(set) var stepsDone = 0

    /// - Parameters:
    ///   - folder: where `NAME.state.safetensors` is kept.
    ///   - averageDecay: of the exponential average of the weights.
    init(
        _ name: String, parameters: [(name: String, tensor: Tensor)],
        schedule: MiniatureConfiguration.Schedule, averageDecay: Double, seed: UInt64, folder: URL
    ) throws {
        self.name = name
        for parameter in parameters { parameter.tensor.requiresGradient = true }
        var settings = AdamW.Settings()
        settings.beta2 = 0.99
        optimizer = AdamW(parameters, settings: settings)
        averages = withoutGradients {
            parameters.map { ($0.name, $0.tensor.detached().copied()) }
        }
        averageWeight = 1 - averageDecay
        generator = Generator(seed: seed)
        self.schedule = LearningRateSchedule(
            .cosine, base: schedule.learningRate,
            warmupStepCount: min(300, schedule.stepCount / 10),
            stepCount: schedule.stepCount)
        file = folder.appending(path: "\(name).state.safetensors")
        try restore()
    }

    var isFinished: Bool { stepsDone >= schedule.stepCount }

    /// - Parameters:
    ///   - seconds: ends the run early, with its state saved.
    ///   - step: computes the loss of a step.
    func run(seconds: Double?, log: (String) -> Void, step: () -> Tensor) throws {
        let begin = Date()
        var (lastLog, lastSave, lastStep) = (begin, begin, stepsDone)
        while !isFinished {
            let loss = step()
            loss.backward()
            let gradients = optimizer.gradients
            let norm = Foreach.totalNorm(gradients)
            Foreach.scale(gradients, by: (1 / (norm + 1e-6)).clamped(0, 1))
            optimizer.step(learningRate: schedule.rate(at: stepsDone))
            optimizer.clearGradients()
            // The average follows fast at first: it must not remember the random beginning.
            let weight = max(averageWeight, 1 / Double(stepsDone + 10) * 9)
            Foreach.interpolate(
                averages.map(\.tensor), towards: optimizer.parameters.map(\.tensor),
                weight: min(1, weight))
            stepsDone += 1
            let now = Date()
            if now.timeIntervalSince(lastLog) > 10 || isFinished {
                let value = loss.item()
                guard value.isFinite else {
                    throw SceneError(
                        "\(name): the loss is not finite at step \(stepsDone); lower its "
                            + "learning rate and start again.")
                }
                let rate = Double(stepsDone - lastStep) / now.timeIntervalSince(lastLog)
                log(
                    "\(name) \(stepsDone)/\(schedule.stepCount) loss "
                        + "\(String(format: "%.4f", value)) "
                        + "\(String(format: "%.2f", rate)) steps/s")
                (lastLog, lastStep) = (now, stepsDone)
            }
            if now.timeIntervalSince(lastSave) > 120 {
                try save()
                lastSave = now
            }
            if let seconds, now.timeIntervalSince(begin) > seconds { break }
        }
        try save()
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

    private func save() throws {
        try SafetensorsWriter.write(
            state + [("generator", generator.state)], to: file,
            metadata: ["step": String(stepsDone)])
    }

    private func restore() throws {
        guard FileManager.default.fileExists(atPath: file.path) else { return }
        let saved = try SafetensorsFile(file)
        for (name, tensor) in state {
            guard let value = saved.tensor(name), value.shape == tensor.shape else {
                throw SceneError(
                    "\(file.path) was written by another configuration: delete it to begin anew.")
            }
            tensor.copy(from: value)
        }
        if let value = saved.tensor("generator") { generator.state = value }
        stepsDone = Int(saved.header.metadata["step"] ?? "") ?? 0
    }
}
