import Evaluation
import RunRecord
import Settings
import Training
import Foundation
import StableDiffusion
import TestSupport
import Testing

/// Runs that go back to an older checkpoint, or on from one of elsewhere.
@Suite struct GoingBackTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try makePhotos(in: folder("photos"))
    }

    private func configuration(steps: Int, resuming name: String?) -> FineTuningConfiguration {
        var result = FineTuningConfiguration(
            instanceDataDir: folder("photos").path, instancePrompt: "a photo of sks robot")
        result.model = Fixture.url("models/tiny-sd1").path
        result.outputDir = folder("run").path
        result.method = .lora(RecordTests.small)
        result.resumeFromCheckpoint = name
        result.training.seed = 7
        result.training.maxTrainSteps = steps
        result.training.trainBatchSize = 1
        result.training.learningRate = 1e-2
        result.training.measuringSteps = 1
        result.training.checkpointingSteps = 1
        result.training.validationPrompt = "a robot"
        result.training.numValidationImages = 1
        result.training.validationSteps = 1
        return result
    }

    private func names(_ place: String) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: folder(place).path))
    }

    private func steps(ofLog place: String) throws -> [Int] {
        struct Line: Decodable {
            let step: Int
            let loss: Double?
        }
        return try String(contentsOf: folder(place), encoding: .utf8).split(separator: "\n")
            .map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
            .filter { $0.loss != nil }.map(\.step)
    }

    @Test func theAbandonedBranchIsPutAside() throws {
        try FineTuningRun(configuration(steps: 3, resuming: nil)).run()
        let (before, best) = (try contents(of: folder("run")), BestState(folder("run")).read())
        var back = configuration(steps: 2, resuming: "checkpoint-1")
        back.training.checkpointsTotalLimit = 1
        var notices: [String] = []
        try FineTuningRun(back) { if case .notice(let text) = $0 { notices.append(text) } }.run()

        #expect(notices.contains { $0.contains("checkpoint-2, checkpoint-3 of an earlier run") })
        #expect(CheckpointFolder.steps(in: folder("run")) == [2])
        #expect(try steps(ofLog: "run/training.jsonl") == [1, 2])
        #expect(try names("run/validation") == ["step-1-0.png", "step-2-0.png"])
        #expect(try CheckpointFolder.find("latest", in: folder("run"))?.state.step == 2)

        let aside = "run/abandoned-from-step-2"
        #expect(CheckpointFolder.steps(in: folder(aside)) == [2, 3])
        #expect(try steps(ofLog: "\(aside)/training.jsonl") == [1, 2, 3])
        #expect(try names("\(aside)/validation") == ["step-2-0.png", "step-3-0.png"])
        #expect(try names(aside).isSuperset(of: ["logs", "report.html"]))
        #expect(try names(aside).contains("best") == ((best?.step ?? 0) > 1))
        let kept = try contents(of: folder(aside))
        for (name, bytes) in before where name.hasPrefix("checkpoint-3/") {
            #expect(kept[name] == bytes)
        }
    }

    /// The branch that was left can be gone on with, and then the other one is put aside.
    @Test func anAbandonedCheckpointCanBeGoneOnFrom() throws {
        try FineTuningRun(configuration(steps: 3, resuming: nil)).run()
        let straight = try contents(of: folder("run")).filter { $0.key.hasPrefix("checkpoint-") }
        try FineTuningRun(configuration(steps: 2, resuming: "checkpoint-1")).run()
        let old = folder("run/abandoned-from-step-2/checkpoint-2").path
        try FineTuningRun(configuration(steps: 3, resuming: old)).run()
        #expect(CheckpointFolder.steps(in: folder("run")) == [3])
        #expect(CheckpointFolder.steps(in: folder("run/abandoned-from-step-1")) == [1, 2])
        #expect(try steps(ofLog: "run/training.jsonl") == [1, 2, 3])
        let now = try contents(of: folder("run"))
        for (name, bytes) in straight where name.hasPrefix("checkpoint-3/p") {
            #expect(now[name] == bytes)
        }
    }

    @Test func goingOnFromTheLatestPutsNothingAside() throws {
        try FineTuningRun(configuration(steps: 2, resuming: nil)).run()
        try FineTuningRun(configuration(steps: 3, resuming: "latest")).run()
        #expect(try !names("run").contains { $0.hasPrefix("abandoned") })
        #expect(try steps(ofLog: "run/training.jsonl") == [1, 2, 3])
    }

    /// Even where others of later steps stand beside it.
    @Test func theNewestIsNeverTakenAway() throws {
        try ToyRun().trainer(in: folder("toy")).run()
        var run = ToyRun()
        run.stepCount = 5
        run.configuration.checkpointingSteps = 1
        run.configuration.checkpointsTotalLimit = 1
        let trainer = try run.trainer(in: folder("toy"))
        try trainer.resume(from: TrainingCheckpoint(folder("toy/checkpoint-3")))
        try trainer.run()
        #expect(CheckpointFolder.steps(in: folder("toy")) == [5, 6])
    }

    @Test(arguments: [
        (["a": "1", "b": "2"], ["a": "1"], "`b` was 2 and is now not set; give it again"),
        (["a": "1"], ["a": "1", "b": "2"], "`b` was not set and is now 2; leave it away"),
        (["a": "1"], ["a": "3"], "`a` was 1 and is now 3; give the old one again"),
    ])
    func settingsAreComparedBothWays(
        before: [String: String], now: [String: String], sentence: String
    ) throws {
        var run = ToyRun()
        run.settings = before
        try run.trainer(in: folder("toy")).run()
        let checkpoint = try TrainingCheckpoint(folder("toy/checkpoint-6"))
        #expect { try checkpoint.require(now) } throws: { "\($0)".contains(sentence) }
        try checkpoint.require(now, exceptFor: ["a", "b"])
        try checkpoint.require(before.merging(["c": "not set", "d": "none"]) { $1 })
    }

    @Test func anOptionThatIsLeftAwayIsNoticed() throws {
        func configuration(_ rate: Double?, resuming name: String?) -> FineTuningConfiguration {
            var result = self.configuration(steps: 2, resuming: name)
            result.method = .dreamBooth
            result.trainTextEncoder = true
            result.training.measuringSteps = 0
            result.training.validationPrompt = nil
            result.training.textEncoderLearningRate = rate
            return result
        }
        try FineTuningRun(configuration(1e-3, resuming: nil)).run()
        #expect {
            try FineTuningRun(configuration(nil, resuming: "latest")).run()
        } throws: {
            "\($0)".contains("`text-encoder-lr` was 0.001 and is now not set")
        }
    }
}
