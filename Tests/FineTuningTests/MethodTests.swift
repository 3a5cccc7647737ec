import Foundation
import Imaging
import NN
import Settings
import StableDiffusion
import Testing
import TestSupport
import Torch
import Training

/// Whole runs of the methods that leave the model as it is, on the tiny model.
@Suite struct MethodTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try makePhotos(in: folder("photos"))
    }

    static let methods: [(name: String, method: FineTuningMethod)] = {
        var lora = LoRAConfiguration()
        lora.adapters.rank = 2
        lora.adapters.dropout = 0.1
        lora.loraPlusRatio = 4
        var loha = LoRAConfiguration()
        loha.adapters.kind = .loha
        loha.adapters.rank = 2
        loha.adapters.preset = .all
        var dora = LoRAConfiguration()
        dora.adapters.rank = 2
        dora.adapters.usesMagnitudes = true
        var pivotal = LoRAConfiguration()
        pivotal.adapters.rank = 2
        pivotal.word = TextualInversionConfiguration(
            placeholderToken: "<my-robot>", initializerToken: "robot")
        pivotal.wordLearningRate = 5e-3
        var inversion = TextualInversionConfiguration(
            placeholderToken: "<my-robot>", initializerToken: "robot")
        inversion.vectorCount = 2
        var network = HypernetworkConfiguration()
        network.layerStructure = [1, 1.5, 1]
        network.dropoutStructure = [0, 0.2, 0]
        network.usesDropout = true
        return [
            ("lora", .lora(lora)), ("loha", .lora(loha)), ("dora", .lora(dora)),
            ("inversion", .textualInversion(inversion)),
            ("hypernetwork", .hypernetwork(HypernetworkTraining(network))),
            ("pivotal", .lora(pivotal)),
        ]
    }()

    private func configuration(_ index: Int, _ output: String, steps: Int)
        -> FineTuningConfiguration
    {
        var configuration = FineTuningConfiguration(
            instanceDataDir: folder("photos").path, instancePrompt: "a photo of sks robot")
        configuration.method = Self.methods[index].method
        if case .lora(let method) = configuration.method {
            // A word alone, with the text encoder as it is, and layers over it without a word.
            configuration.trainTextEncoder = method.word == nil
            if method.word != nil { configuration.instancePrompt = "a photo of <my-robot>" }
        }
        configuration.model = Fixture.url("models/tiny-sd1").path
        configuration.outputDir = folder(output).path
        configuration.training.seed = 7
        configuration.training.maxTrainSteps = steps
        configuration.training.trainBatchSize = 2
        configuration.training.learningRate = 1e-3
        configuration.training.checkpointingSteps = 3
        return configuration
    }

    private func weights(_ output: String) throws -> [String: Data] {
        try contents(of: folder(output)).filter {
            // Of which reading the best state is depends on where a run ended.
            !$0.key.hasPrefix("best/")
                && ($0.key.hasSuffix(".safetensors") || $0.key.hasSuffix(".pt"))
        }
    }

    /// Three steps, a stop, three more: all bytes as after six in one go.
    @Test(arguments: methods.indices) func resumingEqualsNeverHavingStopped(index: Int) throws {
        try FineTuningRun(configuration(index, "straight/robot", steps: 6)).run()
        try FineTuningRun(configuration(index, "halves/robot", steps: 3)).run()
        var rest = configuration(index, "halves/robot", steps: 6)
        rest.resumeFromCheckpoint = "latest"
        try FineTuningRun(rest).run()
        let straight = try weights("straight/robot")
        #expect(straight.keys.contains("checkpoint-6/optimizer.safetensors"))
        #expect(straight.keys.contains { !$0.contains("/") })
        #expect(try weights("halves/robot") == straight)
    }

    /// What was trained changes pictures, and does so from the file as it did in training.
    @Test(arguments: methods.indices) func filesPaintWhatWasTrained(index: Int) throws {
        var configuration = configuration(index, "robot", steps: 4)
        configuration.training.learningRate = 3e-2
        configuration.training.validationPrompt = "a photo of <my-robot> robot"
        configuration.training.numValidationImages = 1
        configuration.training.validationSteps = 4
        if case .lora(var method) = configuration.method {
            method.savePrecision = .fp32
            configuration.method = .lora(method)
        }
        try FineTuningRun(configuration).run()

        let source = try ModelSource(Fixture.url("models/tiny-sd1"))
        func pixels(_ lay: (Pipeline) throws -> Void) throws -> [UInt8] {
            let pipeline = try Pipeline(source)
            try lay(pipeline)
            var settings = GenerationSettings(prompt: "a photo of <my-robot> robot")
            settings.width = 64
            settings.height = 64
            return try pipeline.generate(settings, seeds: [7])[0].unsignedBytes()
        }
        let output = folder("robot")
        let painted = try pixels { pipeline in
            switch configuration.method {
            case .dreamBooth: break
            case .lora:
                let file = try AdapterFile(output.appending(path: "robot.safetensors"))
                pipeline.embeddings = try file.embeddings()
                try file.adapters(
                    for: AdaptedLayer.all(unet: pipeline.unet, textEncoder: pipeline.textEncoder),
                    model: "tiny-sd1"
                ).attach()
            case .textualInversion:
                let file = output.appending(path: "learned_embeds.safetensors")
                pipeline.embeddings = [try TextualInversionFile(file).embedding]
            case .hypernetwork:
                try HypernetworkFile.read(output.appending(path: "robot.pt"))
                    .attach(to: pipeline.unet)
            }
        }
        let picture = output.appending(path: "validation/step-4-0.png")
        let inTraining = try PhotoReader.read(picture).pixels
        // Nearly always equal: sums differ in their last digits with the number of threads that a
        // product is given, and then a value may be rounded the other way.
        let apart = zip(painted, inTraining).map { abs(Int($0) - Int($1)) }
        #expect(painted.count == inTraining.count && apart.allSatisfy { $0 <= 1 })
        #expect(apart.count { $0 > 0 } * 1000 <= apart.count)
        #expect(painted != (try pixels { _ in }))
    }

    /// Nothing of the model is written: only the small files.
    @Test(arguments: methods.indices) func onlySmallFilesAreWritten(index: Int) throws {
        try FineTuningRun(configuration(index, "robot", steps: 1)).run()
        let names = try contents(of: folder("robot")).keys.filter { !$0.hasPrefix("checkpoint-") }
        #expect(!names.contains { $0.hasPrefix("unet/") || $0.hasPrefix("text_encoder/") })
        #expect(names.count >= 2)
    }

    @Test func impossibleCombinationsAreRefused() throws {
        func refusal(_ index: Int, _ change: (inout FineTuningConfiguration) -> Void) -> String {
            var configuration = configuration(index, "robot", steps: 1)
            change(&configuration)
            do {
                try configuration.validate()
                return ""
            } catch { return "\(error)" }
        }
        #expect(refusal(3) { $0.trainTextEncoder = true }.contains("`train-text-encoder`"))
        #expect(refusal(0) { $0.training.gradientCheckpointing = true }.contains("dropout"))
        #expect(refusal(4) { $0.training.gradientCheckpointing = true }.contains("dropout"))
        #expect(
            refusal(3) { $0.training.textEncoderLearningRate = 1e-4 }.contains("`text-encoder-lr`"))
        #expect(
            refusal(5) { $0.instancePrompt = "a photo of sks" }.contains("`placeholder-token`"))
        #expect(
            refusal(0) {
                guard case .lora(var method) = $0.method else { return }
                method.wordLearningRate = 1
                $0.method = .lora(method)
            }.contains("`embedding-lr`"))
        #expect(
            refusal(1) {
                guard case .lora(var method) = $0.method else { return }
                method.adapters.dropout = 0.5
                $0.method = .lora(method)
            }.contains("`lora-dropout`"))
    }
}

/// Every optimizer in the loop: what it does to numbers is tested where it lives.
@Suite struct OptimizerRunTests {
    @Test(arguments: OptimizerKind.allCases) func resumingIsExact(kind: OptimizerKind) throws {
        let folder = try TemporaryFolder()
        var run = ToyRun()
        run.configuration.optimizer = kind
        let straight = try run.trainer(in: folder("straight"))
        try straight.run()

        var first = ToyRun()
        first.configuration.optimizer = kind
        first.stepCount = 3
        try first.trainer(in: folder("halves")).run()
        var second = ToyRun()
        second.configuration.optimizer = kind
        let resumed = try second.trainer(in: folder("halves"))
        try resumed.resume(
            from: try #require(try CheckpointFolder.find("latest", in: folder("halves"))))
        try resumed.run()
        #expect(resumed.step == 6)
        #expect(second.weight.floats() == run.weight.floats())
        #expect(run.weight.floats() != ToyRun().weight.floats())
    }
}
