import Foundation
import Imaging
import NN
import RunRecord
import Settings
import TestSupport
import Torch
import Training

/// A folder for one test, removed when the test is over.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory
            .appending(path: "attune-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func callAsFunction(_ name: String) -> URL { url.appending(path: name) }
}

/// Photos of random dots, one of them not square.
func makePhotos(in folder: URL, count: Int = 3) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for index in 0..<count {
        let (width, height) = index == 0 ? (80, 64) : (64, 64)
        let generator = Generator(seed: UInt64(index))
        let dots = Tensor.randint(0..<256, [height, width, 3], generator: generator)
        let picture = PixelImage(
            width: width, height: height, pixels: dots.cast(to: .uint8).unsignedBytes())
        try PNGWriter.write(picture, to: folder.appending(path: "\(index).png"))
    }
}

/// The bytes of all files below a folder, by their paths in it.
func contents(of folder: URL) throws -> [String: Data] {
    var result: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
        let file = folder.appending(path: name)
        var isDirectory: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: file.path, isDirectory: &isDirectory)
        if !isDirectory.boolValue { result[name] = try Data(contentsOf: file) }
    }
    return result
}

/// A trainer of one small matrix, to look at the loop without a network.
struct ToyRun {
    let weight = Tensor([0.5, -1, 2, 0.25, 1.5, -0.75] as [Float], shape: [2, 3])
    var configuration = TrainingConfiguration()
    var stepCount = 6
    var settings = ["learning-rate": "0.01"]
    /// Changes a batch's loss, given how often it was asked for before.
    var tamper: (_ call: Int, _ loss: Tensor) -> Tensor = { $1 }
    var report: (TrainingEvent) -> Void = { _ in }
    var cancellation = Cancellation()
    var paint: ((_ step: Int) throws -> [URL])?
    var measure: ((_ step: Int) -> Bool)?
    var write: ((_ step: Int) throws -> Void)?
    var diagnose: (() -> String?)?

    init() {
        configuration.seed = 3
        configuration.learningRate = 0.01
        configuration.trainBatchSize = 2
        configuration.checkpointingSteps = 3
        weight.requiresGradient = true
    }

    func trainer(in output: URL) throws -> Trainer {
        try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
        let (weight, tamper) = (weight, tamper)
        var calls = 0
        let group = ParameterGroup(name: "weight", parameters: [("weight", weight)])
        let task = TrainingTask(
            groups: [group],
            loss: { examples, generator in
                // Draws row by row, as a method should.
                let rows = examples.map { _ in Tensor.randn([3], generator: generator) }
                let input = Tensor.stacking(rows)
                let loss = Losses.squaredErrors(
                    input.linear(weight: weight, bias: nil),
                    input.sum([1], keepsAxes: true).expanded([-1, 2]))
                calls += 1
                return tamper(calls - 1, loss.mean())
            },
            observers: measure.map {
                [TrainingObserver(interval: configuration.measuringSteps ?? 1, look: $0)]
            } ?? [],
            spectators: paint.map {
                [
                    .painting(
                        every: configuration.validationSteps, cancellation: cancellation,
                        report: report, $0)
                ]
            } ?? [],
            write: write, diagnose: diagnose)
        let checkpoints = try CheckpointFolder(
            output, settings: settings, totalLimit: configuration.checkpointsTotalLimit,
            configuration: configuration)
        let log = try TrainingLog(output.appending(path: "training.jsonl"), keepingSteps: 0)
        return try Trainer(
            configuration, stepCount: stepCount, task: task, checkpoints: checkpoints,
            cancellation: cancellation,
            report: { [report] event in
                log.add(event)
                report(event)
            })
    }
}
