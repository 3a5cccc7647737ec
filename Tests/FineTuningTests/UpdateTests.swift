import Foundation
import NN
import RunRecord
import Settings
import StableDiffusion
import Testing
import TestSupport
import Torch
import Training

/// Averages of the weights.
@Suite struct AverageTests {
    @Test(arguments: [0.9999, 0.2]) func averagesMatchReference(decay: Double) throws {
        let file = try Fixture.file("losses/averages.safetensors")
        let weight = try file.require("start").copied()
        weight.requiresGradient = true
        let optimizer = AveragedOptimizer(AdamW([("weight", weight)]), decay: decay)
        for step in 0..<6 {
            weight.gradient = try file.require("gradient.\(step)")
            optimizer.step(learningRate: 1e-2)
            #expect(Distance(weight, try file.require("parameter.\(step)")).relative < 1e-6)
            let before = weight.rawBytes()
            optimizer.useAverages()
            let average = try file.require("average.\(decay).\(step)")
            #expect(Distance(weight, average).relative < 1e-6)
            optimizer.useIterates()
            #expect(weight.rawBytes() == before)
        }
    }

    @Test func decaysMatchReference() throws {
        let table = try JSONDecoder().decode(
            [String: [String: Double]].self,
            from: Data(contentsOf: Fixture.url("losses/decays.json")))
        for (limit, decays) in table {
            for (step, expected) in decays {
                let found = AveragedOptimizer.decay(
                    step: try #require(Int(step)), limit: try #require(Double(limit)))
                #expect(abs(found - expected) < 1e-12)
            }
        }
    }

    @Test(arguments: OptimizerKind.allCases.filter { !$0.hasAverages })
    func resumingIsExact(kind: OptimizerKind) throws {
        let folder = try TemporaryFolder()
        func run(_ output: String, steps: Int, resumes: Bool = false) throws {
            var run = ToyRun()
            run.configuration.optimizer = kind
            run.configuration.useEMA = true
            run.configuration.emaDecay = 0.3
            run.stepCount = steps
            let trainer = try run.trainer(in: folder(output))
            if resumes {
                try trainer.resume(
                    from: try #require(try CheckpointFolder.find("latest", in: folder(output))))
            }
            try trainer.run()
        }
        try run("straight", steps: 6)
        try run("halves", steps: 3)
        try run("halves", steps: 6, resumes: true)
        #expect(
            try contents(of: folder("halves/checkpoint-6"))
                == contents(of: folder("straight/checkpoint-6")))
    }

    /// Training goes on from the weights, and the averages are what is written.
    @Test func averagesAreWritten() throws {
        let folder = try TemporaryFolder()
        try makePhotos(in: folder("photos"))
        func run(_ output: String, usesEMA: Bool) throws {
            var configuration = tinyConfiguration(folder, output, steps: 3)
            configuration.training.useEMA = usesEMA
            configuration.training.emaDecay = 0.5
            try FineTuningRun(configuration).run()
        }
        try run("plain", usesEMA: false)
        try run("averaged", usesEMA: true)
        let parameters = "checkpoint-3/parameters.safetensors"
        let weights = "unet/diffusion_pytorch_model.safetensors"
        let plain = try contents(of: folder("plain"))
        let averaged = try contents(of: folder("averaged"))
        #expect(averaged[parameters] == plain[parameters])
        #expect(averaged[weights] != plain[weights])
        let file = try SafetensorsFile(folder("averaged/\(weights)"))
        let state = try SafetensorsFile(folder("averaged/checkpoint-3/optimizer.safetensors"))
        #expect(
            try file.require("conv_in.weight").floats()
                == state.require("unet.conv_in.weight.average").floats())
    }
}

/// Parameters that move while backward goes on.
@Suite struct FusedBackwardTests {
    /// On the whole tiny model, with the text encoder: every byte of what is saved.
    @Test(arguments: [false, true]) func fusedEqualsUnfused(checkpointsActivations: Bool) throws {
        let folder = try TemporaryFolder()
        try makePhotos(in: folder("photos"))
        func saved(isFused: Bool) throws -> [String: Data] {
            let output = isFused ? "fused" : "plain"
            var configuration = tinyConfiguration(folder, output, steps: 3)
            configuration.trainTextEncoder = true
            configuration.training.maxGradNorm = 0
            configuration.training.fusedBackwardPass = isFused
            configuration.training.useEMA = true
            configuration.training.gradientCheckpointing = checkpointsActivations
            configuration.data.enableBucket = false
            try FineTuningRun(configuration).run()
            return try contents(of: folder(output)).filter { $0.key.hasSuffix(".safetensors") }
        }
        let plain = try saved(isFused: false)
        #expect(plain.keys.contains("checkpoint-3/parameters.safetensors"))
        #expect(try saved(isFused: true) == plain)
    }

    /// Each method's layers, since what is saved for backward differs.
    @Test(arguments: MethodTests.methods.indices) func methodsEqualUnfused(index: Int) throws {
        let folder = try TemporaryFolder()
        try makePhotos(in: folder("photos"))
        func saved(isFused: Bool) throws -> [String: Data] {
            let output = isFused ? "fused" : "plain"
            var configuration = tinyConfiguration(folder, output, steps: 2)
            configuration.method = MethodTests.methods[index].method
            if case .lora(let method) = configuration.method, method.word != nil {
                configuration.instancePrompt = "a photo of <my-robot>"
            }
            configuration.training.maxGradNorm = 0
            configuration.training.fusedBackwardPass = isFused
            try FineTuningRun(configuration).run()
            return try contents(of: folder(output)).filter { $0.key.hasPrefix("checkpoint-2/p") }
        }
        let plain = try saved(isFused: false)
        #expect(plain.count == 1)
        #expect(try saved(isFused: true) == plain)
    }

    @Test func gradientsDoNotStay() throws {
        let folder = try TemporaryFolder()
        for isFused in [false, true] {
            let weight = Tensor([0.5, -1, 2] as [Float])
            var run = SmallRun([("weight", weight)]) { _ in weight.squared().sum() }
            run.configuration.maxGradNorm = 0
            run.configuration.fusedBackwardPass = isFused
            var kept = 0
            run.report = { if case .step = $0, weight.gradient != nil { kept += 1 } }
            try run.run(in: folder("\(isFused)"))
            #expect(kept == (isFused ? 0 : 4))
        }
    }

    /// What has a finite gradient moves, what has none does not; the step is told and not counted.
    @Test func badGradientsMoveNothingOfTheirOwn() throws {
        let folder = try TemporaryFolder()
        let (good, bad) = (Tensor([1, 2] as [Float]), Tensor([3, 4] as [Float]))
        var reasons: [String] = []
        var steps = 0
        // The root's slope at 0 is infinite, times 0 not a number; the loss itself is fine.
        var run = SmallRun([("good", good), ("bad", bad)]) { call in
            let second = call == 0 ? (bad * 0).squareRoot() : bad.squared()
            return (good.squared() + second).sum()
        }
        run.configuration.maxGradNorm = 0
        run.configuration.fusedBackwardPass = true
        run.stepCount = 1
        run.report = { event in
            if case .stepSkipped(let step, let reason) = event {
                #expect(step == 1)
                reasons.append(reason)
                #expect(bad.floats() == [3, 4])
                #expect(good.floats() != [1, 2])
            }
            if case .step = event { steps += 1 }
        }
        try run.run(in: folder("run"))
        #expect(reasons.count == 1 && steps == 1)
        #expect(reasons.first?.contains("bad are not finite") == true)
        #expect(bad.isAllFinite && bad.floats() != [3, 4])
    }

    @Test func aBadLossMovesNothing() throws {
        let folder = try TemporaryFolder()
        let weight = Tensor([1, 2] as [Float])
        var run = SmallRun([("weight", weight)]) { call in
            weight.squared().sum() * (call == 0 ? .nan : 1)
        }
        run.configuration.maxGradNorm = 0
        run.configuration.fusedBackwardPass = true
        run.stepCount = 1
        var skipped = 0
        run.report = { event in
            if case .stepSkipped = event {
                skipped += 1
                #expect(weight.floats() == [1, 2])
            }
        }
        try run.run(in: folder("run"))
        #expect(skipped == 1)
    }

    /// A weight in two segments gets its gradient in two parts: half a step would be taken.
    @Test func gradientsInPartsAreRefused() throws {
        let folder = try TemporaryFolder()
        let weight = Tensor([1, 2] as [Float])
        let input = Tensor([0.5, 0.25] as [Float])
        var run = SmallRun([("weight", weight)]) { _ in
            let parts = (0..<2).map { _ in checkpointed([input]) { $0[0] * weight } }
            return (parts[0] + parts[1]).sum()
        }
        run.configuration.maxGradNorm = 0
        run.configuration.fusedBackwardPass = true
        do {
            try run.run(in: folder("run"))
            Issue.record("took half a step")
        } catch let error as SettingError {
            #expect(error.description.contains("the gradient of weight comes in parts"))
        }
    }
}

/// Weights in bf16.
@Suite struct FullBF16Tests {
    private func configuration(_ folder: TemporaryFolder, _ output: String, steps: Int)
        -> FineTuningConfiguration
    {
        var configuration = tinyConfiguration(folder, output, steps: steps)
        configuration.training.mixedPrecision = .bf16
        configuration.training.fullBF16 = true
        configuration.training.learningRate = 1e-5
        configuration.training.checkpointingSteps = 2
        configuration.trainTextEncoder = true
        return configuration
    }

    @Test func weightsAreBF16AndResumeExactly() throws {
        let folder = try TemporaryFolder()
        try makePhotos(in: folder("photos"))
        var painted = configuration(folder, "straight", steps: 4)
        painted.training.validationPrompt = "a photo of sks robot"
        painted.training.numValidationImages = 1
        painted.training.validationSteps = 4
        try FineTuningRun(painted).run()
        try FineTuningRun(configuration(folder, "halves", steps: 2)).run()
        var rest = configuration(folder, "halves", steps: 4)
        rest.resumeFromCheckpoint = "latest"
        try FineTuningRun(rest).run()
        let saved = "checkpoint-4/parameters.safetensors"
        let straight = try contents(of: folder("straight"))
        #expect(try contents(of: folder("halves"))[saved] == straight[saved])

        let file = try SafetensorsFile(folder("straight/\(saved)"))
        let trained = try file.require("unet.conv_in.weight")
        #expect(trained.dtype == .bfloat16)
        // Steps far smaller than the distance of two bf16 numbers still move some of them.
        let before = try ModelSource(Fixture.url("models/tiny-sd1")).unet().parameters.entries
        let start = try #require(before.first { $0.name == "conv_in.weight" }).tensor
        let moved = zip(trained.floats(), start.cast(to: .bfloat16).floats()).count { $0 != $1 }
        #expect(moved > 0 && moved < trained.count / 2)

        var other = configuration(folder, "halves", steps: 6)
        other.training.fullBF16 = false
        other.resumeFromCheckpoint = "latest"
        #expect(throws: TrainingError.self) { try FineTuningRun(other).run() }
    }
}

/// Groups that learn nothing are named.
@Suite struct GroupWatchTests {
    private func notices(_ change: (inout SmallRun) -> Void) throws -> [String] {
        let folder = try TemporaryFolder()
        let (first, second) = (Tensor([1, 2] as [Float]), Tensor([3, 4] as [Float]))
        var result: [String] = []
        var run = SmallRun([("first", first), ("second", second)]) { _ in
            (first.squared() + second.squared()).sum()
        }
        run.report = { if case .notice(let sentence) = $0 { result.append(sentence) } }
        change(&run)
        try run.run(in: folder("run"))
        return result
    }

    @Test(arguments: [false, true]) func movingGroupsAreNotNamed(isFused: Bool) throws {
        let found = try notices {
            $0.configuration.maxGradNorm = isFused ? 0 : 1
            $0.configuration.fusedBackwardPass = isFused
        }
        #expect(found.isEmpty)
    }

    @Test func groupsThatStandStillAreNamed() throws {
        let found = try notices { $0.configuration.learningRate = 1e-12 }
        #expect(found.count == 2)
        #expect(found[0].hasPrefix("The parameters of first have gradients but did not move"))
    }

    /// The first step of a warm-up has a rate of 0: nothing is to be said of it.
    @Test func warmupIsWaitedFor() throws {
        let found = try notices {
            $0.configuration.lrScheduler = .constantWithWarmup
            $0.configuration.lrWarmupSteps = .steps(3)
        }
        #expect(found.isEmpty)
    }

    @Test(arguments: [false, true]) func groupsWithoutGradientsAreNamed(isFused: Bool) throws {
        let folder = try TemporaryFolder()
        let (used, idle) = (Tensor([1, 2] as [Float]), Tensor([3, 4] as [Float]))
        var result: [String] = []
        var run = SmallRun([("used", used), ("idle", idle)]) { _ in used.squared().sum() }
        run.configuration.maxGradNorm = 0
        run.configuration.fusedBackwardPass = isFused
        run.report = { if case .notice(let sentence) = $0 { result.append(sentence) } }
        try run.run(in: folder("run"))
        #expect(result.count == 1)
        #expect(result.first?.hasPrefix("The parameters of idle get no gradients") == true)
    }
}

/// A short DreamBooth run on the tiny model with the photos in `photos`.
func tinyConfiguration(
    _ folder: TemporaryFolder, _ output: String, steps: Int
) -> FineTuningConfiguration {
    var configuration = FineTuningConfiguration(
        instanceDataDir: folder("photos").path, instancePrompt: "a photo of sks robot")
    configuration.model = Fixture.url("models/tiny-sd1").path
    configuration.outputDir = folder(output).path
    configuration.training.seed = 7
    configuration.training.maxTrainSteps = steps
    configuration.training.trainBatchSize = 2
    configuration.training.learningRate = 1e-3
    configuration.training.checkpointingSteps = steps
    configuration.training.measuringSteps = 0
    return configuration
}
