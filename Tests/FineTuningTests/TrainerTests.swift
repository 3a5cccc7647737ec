import Foundation
import NN
import RunRecord
import Settings
import Testing
import TestSupport
import Torch
import Training

@Suite struct TrainerTests {
    @Test func resumingEqualsNeverHavingStopped() throws {
        let folder = try TemporaryFolder()
        let straight = ToyRun()
        try straight.trainer(in: folder("straight")).run()

        var first = ToyRun()
        first.stepCount = 3
        try first.trainer(in: folder("halves")).run()
        let second = ToyRun()
        let trainer = try second.trainer(in: folder("halves"))
        let checkpoint = try #require(
            try CheckpointFolder.find("latest", in: folder("halves")))
        try trainer.resume(from: checkpoint)
        try trainer.run()

        #expect(second.weight.rawBytes() == straight.weight.rawBytes())
        #expect(
            try contents(of: folder("halves/checkpoint-6"))
                == contents(of: folder("straight/checkpoint-6")))
    }

    @Test func accumulationEqualsLargerBatch() throws {
        let folder = try TemporaryFolder()
        var whole = ToyRun()
        whole.configuration.trainBatchSize = 4
        try whole.trainer(in: folder("whole")).run()
        var parts = ToyRun()
        parts.configuration.trainBatchSize = 1
        parts.configuration.gradientAccumulationSteps = 4
        try parts.trainer(in: folder("parts")).run()
        #expect(Distance(parts.weight, whole.weight).relative < 1e-5)
    }

    @Test func badStepsAreSkippedAndTold() throws {
        let folder = try TemporaryFolder()
        var skipped: [Int] = []
        var run = ToyRun()
        run.tamper = { call, loss in call == 1 || call == 2 ? loss * .nan : loss }
        run.report = { if case .stepSkipped(let step, _) = $0 { skipped.append(step) } }
        let trainer = try run.trainer(in: folder("run"))
        try trainer.run()
        #expect(skipped == [2, 2])
        #expect(trainer.step == 6)
        #expect(run.weight.isAllFinite)
        let log = try String(contentsOf: folder("run/training.jsonl"), encoding: .utf8)
        #expect(log.split(separator: "\n").count == 8)
    }

    @Test func finiteLossWithBadGradientsIsSkippedToo() throws {
        let folder = try TemporaryFolder()
        var run = ToyRun()
        // The root's slope at 0 is infinite, times 0 not a number; the loss itself is fine.
        run.tamper = { call, loss in call == 0 ? (loss * 0).squareRoot() : loss }
        let before = run.weight.copied()
        run.stepCount = 1
        var skipped = 0
        run.report = { event in
            if case .stepSkipped = event {
                skipped += 1
            }
        }
        try run.trainer(in: folder("run")).run()
        #expect(skipped == 1)
        #expect(run.weight.isAllFinite && run.weight.floats() != before.floats())
    }

    @Test func manyBadStepsEndTheRunWithTheLastGoodState() throws {
        let folder = try TemporaryFolder()
        var good = ToyRun()
        good.stepCount = 2
        try good.trainer(in: folder("good")).run()

        var run = ToyRun()
        run.tamper = { call, loss in call < 2 ? loss : loss * .infinity }
        let trainer = try run.trainer(in: folder("run"))
        let saved = folder("run/checkpoint-2")
        #expect(throws: TrainingError.notFinite(step: 2, attempts: 5, saved: saved.path)) {
            try trainer.run()
        }
        let parameters = try SafetensorsFile(saved.appending(path: "parameters.safetensors"))
        #expect(try parameters.require("weight").rawBytes() == good.weight.rawBytes())
    }

    @Test func cancellationFinishesTheStepAndSaves() throws {
        let folder = try TemporaryFolder()
        var run = ToyRun()
        let cancellation = run.cancellation
        run.report = {
            if case .step(let record, _) = $0, record.step == 2 { cancellation.request() }
        }
        let trainer = try run.trainer(in: folder("run"))
        let saved = folder("run/checkpoint-2")
        #expect(throws: TrainingError.interrupted(step: 2, checkpoint: saved.path)) {
            try trainer.run()
        }
        #expect(try TrainingCheckpoint(saved).state.step == 2)
    }

    @Test func oldCheckpointsAreTakenAway() throws {
        let folder = try TemporaryFolder()
        var run = ToyRun()
        run.configuration.checkpointingSteps = 1
        run.configuration.checkpointsTotalLimit = 2
        try run.trainer(in: folder("run")).run()
        #expect(CheckpointFolder.steps(in: folder("run")) == [5, 6])
        let names = try FileManager.default.contentsOfDirectory(atPath: folder("run").path)
        #expect(Set(names) == ["checkpoint-5", "checkpoint-6", "training.jsonl"])
    }

    @Test func leftoversOfAKilledProcessArePutAway() throws {
        let folder = try TemporaryFolder()
        try ToyRun().trainer(in: folder("run")).run()
        let manager = FileManager.default
        // Whole, but not yet renamed; half written; half removed.
        try manager.moveItem(
            at: folder("run/checkpoint-6"), to: folder("run/.checkpoint-6.writing.tmp"))
        try manager.createDirectory(
            at: folder("run/.checkpoint-9.writing.tmp"), withIntermediateDirectories: false)
        try manager.copyItem(
            at: folder("run/checkpoint-3"), to: folder("run/.checkpoint-1.removing.tmp"))
        CheckpointFolder.recover(in: folder("run"))
        let names = try manager.contentsOfDirectory(atPath: folder("run").path)
        #expect(Set(names) == ["checkpoint-3", "checkpoint-6", "training.jsonl"])
    }

    @Test func nonFiniteWeightsAreNeverWritten() throws {
        let folder = try TemporaryFolder()
        let run = ToyRun()
        withoutGradients { run.weight.fill(with: .infinity) }
        let trainer = try run.trainer(in: folder("run"))
        #expect {
            try trainer.run()
        } throws: { error in
            "\(error)".contains(
                "from the first step on; there is no good state. Weight is not finite")
        }
        #expect(CheckpointFolder.steps(in: folder("run")).isEmpty)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder("run").path)
        #expect(names == ["training.jsonl"])
    }

    @Test func checkpointsOfOtherParametersAreRefused() throws {
        let folder = try TemporaryFolder()
        try ToyRun().trainer(in: folder("run")).run()
        let checkpoint = try TrainingCheckpoint(folder("run/checkpoint-6"))
        let other = Tensor.zeros([2, 2])
        other.requiresGradient = true
        #expect(throws: CheckpointError.self) {
            try checkpoint.restore(
                optimizer: AdamW([("weight", other)]), generator: Generator(seed: 0))
        }
    }

    @Test func fp16ScaleBacksOffAndGrows() {
        var scale = GradientScale(isDynamic: true)
        #expect(scale.factor == 65536)
        scale.backOff()
        #expect(scale.factor == 32768)
        for _ in 0..<2000 { scale.succeed() }
        #expect(scale.factor == 65536)
        var none = GradientScale(isDynamic: false)
        none.backOff()
        #expect(none.factor == 1)
    }

    @Test func lossScaleCancelsOut() throws {
        let folder = try TemporaryFolder()
        let plain = ToyRun()
        try plain.trainer(in: folder("plain")).run()
        var scaled = ToyRun()
        scaled.configuration.mixedPrecision = .fp16
        try scaled.trainer(in: folder("scaled")).run()
        #expect(Distance(scaled.weight, plain.weight).relative < 1e-6)
    }
}
