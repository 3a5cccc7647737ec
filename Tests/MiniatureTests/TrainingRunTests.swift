import Files
import Foundation
import Miniature
import Testing
import Torch

/// The loop that trains the embedded model: going on, ending early, disks that are full.
@Suite struct TrainingRunTests {
    private let folder = FileManager.default.temporaryDirectory
        .appending(path: "attune-miniature-\(UUID().uuidString)")

    private static var schedule: MiniatureConfiguration.Schedule {
        var result = MiniatureConfiguration(pictureSize: 64).contrastive
        result.stepCount = 6
        result.learningRate = 0.01
        return result
    }

    /// A weight that is drawn towards noise from both generators.
    private final class Toy {
        let weight = Tensor([0.5, -1, 2] as [Float], shape: [3])
        let noise = Generator(seed: 9)
        let run: TrainingRun

        init(in folder: URL) throws {
            run = try TrainingRun(
                "toy", copies: [[("weight", weight)]], schedule: TrainingRunTests.schedule,
                averageDecay: 0.9, seed: 5, noises: [noise], folder: folder)
        }

        func losses() -> [() -> Tensor] {
            let rows = Tensor.randn([3], generator: run.generator)
            let target = rows + Tensor.randn([3], generator: noise)
            return [{ [weight] in (weight - target).squared().mean() }]
        }
    }

    @Test func goingOnEqualsNeverHavingStopped() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let straight = try Toy(in: folder.appending(path: "straight"))
        try straight.run.run(log: { _ in }, step: straight.losses)
        let halves = folder.appending(path: "halves")
        let first = try Toy(in: halves)
        try first.run.run(
            isCancelled: { first.run.stepsDone == 2 }, log: { _ in }, step: first.losses)
        #expect(first.run.stepsDone == 2 && !first.run.isFinished)
        let second = try Toy(in: halves)
        #expect(second.run.stepsDone == 2)
        try second.run.run(log: { _ in }, step: second.losses)
        #expect(second.weight.rawBytes() == straight.weight.rawBytes())
    }

    /// What cannot be saved on the way is told once, and only at the end is it an error.
    @Test func aStateThatCannotBeSavedIsTold() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let toy = try Toy(in: folder)
        toy.run.saveInterval = 0
        let way = folder.appending(path: "toy.state.safetensors")
        try FileManager.default.createDirectory(at: way, withIntermediateDirectories: true)
        var lines: [String] = []
        #expect(throws: FileError.self) {
            try toy.run.run(log: { lines.append($0) }, step: toy.losses)
        }
        #expect(toy.run.isFinished)
        #expect(lines.count { $0.contains("not saved, the run goes on") } == 1)
    }

    @Test func weightsThatAreNotFiniteEndTheRun() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let toy = try Toy(in: folder)
        toy.run.saveInterval = 0
        #expect {
            try toy.run.run(log: { _ in }) { [{ toy.weight.sum() * .nan }] }
        } throws: {
            "\($0)".contains("toy: the loss or the weights are not finite at step 1")
        }
    }
}
