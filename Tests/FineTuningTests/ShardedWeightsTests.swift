import Foundation
import NN
import RunRecord
import Settings
import StableDiffusion
import Synchronization
import TestSupport
import Testing
import Torch
import Training

/// Weights in parts (`zero-stage` 3): the run is that of whole weights, bit for bit.
@Suite struct ShardedWeightsTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try makePhotos(in: folder("photos"))
    }

    private func configuration(_ output: String, stage: Int) -> FineTuningConfiguration {
        var configuration = FineTuningConfiguration(
            instanceDataDir: folder("photos").path, instancePrompt: "a photo of sks robot")
        configuration.model = Fixture.url("models/tiny-sd1").path
        configuration.outputDir = folder(output).path
        configuration.training.seed = 7
        configuration.training.maxTrainSteps = 2
        configuration.training.trainBatchSize = 1
        configuration.training.checkpointingSteps = 2
        configuration.training.zeroStage = stage
        configuration.training.gradientCheckpointing = true
        configuration.training.measuringSteps = 0
        return configuration
    }

    /// What the first process was told.
    @discardableResult private func run(
        _ configuration: FineTuningConfiguration, processes count: Int
    ) throws -> [String] {
        let told = Mutex<[String]>([])
        let results = try ProcessThreads.run(count) { group in
            try FineTuningRun(
                configuration, processes: group,
                report: { event in
                    if case .notice(let text) = event { told.withLock { $0.append(text) } }
                }
            ).run()
        }
        for result in results { try result.get() }
        return told.withLock { $0 }
    }

    /// All files of tensors and pictures.
    private func files(_ output: String) throws -> [String: Data] {
        try contents(of: folder(output)).filter { name, _ in
            name.hasSuffix(".safetensors") || name.hasSuffix(".png")
        }
    }

    private func expectTheSame(
        _ change: (inout FineTuningConfiguration) -> Void, processes count: Int,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        for stage in [2, 3] {
            var configuration = configuration("stage-\(stage)", stage: stage)
            change(&configuration)
            try run(configuration, processes: count)
        }
        let (whole, parts) = (try files("stage-2"), try files("stage-3"))
        #expect(whole.keys.sorted() == parts.keys.sorted(), sourceLocation: sourceLocation)
        #expect(whole.keys.contains { $0.hasPrefix("checkpoint-2/") })
        for (name, data) in whole {
            #expect(parts[name] == data, "\(name)", sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: [(2, 2), (4, 1)]) func theBitsAreThoseOfWholeWeights(
        count: Int, rows: Int
    ) throws {
        try expectTheSame({ $0.training.trainBatchSize = rows }, processes: count)
    }

    @Test func averagesAndClippingAndTheTextEncoder() throws {
        try expectTheSame(
            {
                $0.trainTextEncoder = true
                $0.training.useEMA = true
                $0.training.maxGradNorm = 0.1
                $0.training.gradientAccumulationSteps = 2
            }, processes: 3)
    }

    @Test(arguments: [OptimizerKind.adamW8bit, .adamWScheduleFree]) func otherOptimizers(
        kind: OptimizerKind
    ) throws {
        try expectTheSame({ $0.training.optimizer = kind }, processes: 2)
    }

    @Test func theFrozenModelIsWhole() throws {
        try expectTheSame(
            {
                $0.withPriorPreservation = true
                $0.selfDistillation = true
                $0.classPrompt = "a photo of a robot"
            }, processes: 2)
    }

    @Test func halfPrecision() throws {
        try expectTheSame({ $0.training.mixedPrecision = .bf16 }, processes: 2)
    }

    /// Readings, the best state and pictures are the first process's, which asks for what it needs.
    @Test func whatIsOnlyLookedAt() throws {
        try expectTheSame(
            {
                $0.training.maxTrainSteps = 3
                $0.training.measuringSteps = 1
                $0.training.record.keepBest = true
                $0.training.validationPrompt = "a robot"
                $0.training.validationSteps = 1
                $0.training.numValidationImages = 1
                $0.training.useEMA = true
            }, processes: 2)
        #expect(try files("stage-3").keys.contains { $0.hasSuffix(".png") })
    }

    @Test func whatItNeedsIsTold() throws {
        var configuration = configuration("run", stage: 3)
        configuration.training.gradientCheckpointing = false
        let told = try run(configuration, processes: 2)
        #expect(told.contains { $0.hasPrefix("`gradient-checkpointing` is on") })
    }

    /// A process with pictures of two sizes would compute one block more often than the others.
    @Test func picturesOfSeveralSizesHaveTheWeightsWhole() throws {
        var configuration = configuration("run", stage: 3)
        configuration.data.bucketResoSteps = 8
        configuration.training.trainBatchSize = 2
        let told = try run(configuration, processes: 2)
        #expect(told.contains { $0.contains("is 2 here: it needs pictures of one size") })
    }

    @Test func otherMethodsHaveTheModelWhole() throws {
        var configuration = configuration("run", stage: 3)
        var lora = LoRAConfiguration()
        lora.adapters.rank = 2
        configuration.method = .lora(lora)
        let told = try run(configuration, processes: 2)
        #expect(told.contains { $0.hasPrefix("`zero-stage` 3 is 2 here: what is trained") })
    }
}
