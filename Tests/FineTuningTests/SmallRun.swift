import Foundation
import NN
import RunRecord
import Settings
import Torch
import Training

/// A trainer of a few named tensors with a loss of one's own, to look at the loop.
struct SmallRun {
    let tensors: [(name: String, tensor: Tensor)]
    var configuration = TrainingConfiguration()
    var stepCount = 4
    var report: (TrainingEvent) -> Void = { _ in }
    /// The loss, given how often it was asked for before.
    let loss: (_ call: Int) -> Tensor

    /// Each tensor is a group of its own.
    init(_ tensors: [(name: String, tensor: Tensor)], loss: @escaping (Int) -> Tensor) {
        self.tensors = tensors
        self.loss = loss
        configuration.seed = 3
        configuration.learningRate = 0.01
        for (_, tensor) in tensors { tensor.requiresGradient = true }
    }

    func run(in output: URL) throws {
        try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
        var calls = 0
        let task = TrainingTask(
            groups: tensors.map { ParameterGroup(name: $0.name, parameters: [$0]) },
            loss: { [loss] _, _ in
                calls += 1
                return loss(calls - 1)
            })
        let checkpoints = try CheckpointFolder(
            output, settings: [:], totalLimit: nil, configuration: configuration)
        try Trainer(
            configuration, stepCount: stepCount, task: task, checkpoints: checkpoints,
            report: report
        ).run()
    }
}
