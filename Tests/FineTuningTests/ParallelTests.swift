import Foundation
import NN
import RunRecord
import Settings
import Synchronization
import TestSupport
import Testing
import Torch
import Training

/// Several processes that train together, here as threads: they give what one gives with as many
/// rows.
@Suite struct ParallelTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try makePhotos(in: folder("photos"))
    }

    private func configuration(_ output: String, steps: Int = 3) -> FineTuningConfiguration {
        var configuration = FineTuningConfiguration(
            instanceDataDir: folder("photos").path, instancePrompt: "a photo of sks robot")
        configuration.model = Fixture.url("models/tiny-sd1").path
        configuration.outputDir = folder(output).path
        configuration.training.seed = 7
        configuration.training.maxTrainSteps = steps
        configuration.training.trainBatchSize = 4
        // Steps of Adam are as large where a gradient is nothing but rounding.
        configuration.training.optimizer = .sgd
        configuration.training.learningRate = 1e-2
        configuration.training.checkpointingSteps = 3
        return configuration
    }

    /// Everything that weighs or draws rows, and a text encoder.
    private func manifold(_ output: String) -> FineTuningConfiguration {
        var configuration = configuration(output)
        configuration.trainTextEncoder = true
        configuration.withPriorPreservation = true
        configuration.classDataDir = folder("class").path
        configuration.classPrompt = "a photo of a robot"
        configuration.numClassImages = 3
        configuration.classImageSteps = 2
        configuration.sampleBatchSize = 2
        configuration.training.snrGamma = 5
        configuration.training.offsetNoise = 0.1
        configuration.training.gradientAccumulationSteps = 2
        configuration.training.gradientCheckpointing = true
        configuration.training.maxGradNorm = 0.1
        configuration.training.useEMA = true
        return configuration
    }

    /// Trains with so many processes, each with its part of the batch.
    private func run(
        _ configuration: FineTuningConfiguration, processes count: Int,
        change: @escaping @Sendable (Int, inout FineTuningConfiguration) -> Void = { _, _ in },
        cancelled: Int? = nil
    ) throws -> [(any Error)?] {
        var part = configuration
        part.training.trainBatchSize /= count
        let own = part
        return try ProcessThreads.run(count) { group in
            var configuration = own
            change(group.rank, &configuration)
            let cancellation = Cancellation()
            do {
                try FineTuningRun(
                    configuration, cancellation: cancellation, processes: group,
                    report: { event in
                        if case .step = event, cancelled != nil { cancellation.request() }
                    }
                ).run()
            } catch {
                throw error
            }
        }.map { result in
            guard case .failure(let error) = result else { return nil }
            return error
        }
    }

    private func weights(_ output: String) throws -> [Float] {
        let file = try SafetensorsFile(
            folder("\(output)/unet/diffusion_pytorch_model.safetensors"))
        return try file.keys.sorted().flatMap { try file.require($0).floats() }
    }

    /// How far two results are apart, as a part of how far one has moved.
    private func distance(_ output: String, _ other: String) throws -> Double {
        let start = try SafetensorsFile(
            Fixture.url("models/tiny-sd1/unet/diffusion_pytorch_model.safetensors"))
        let before = try start.keys.sorted().flatMap { try start.require($0).floats() }
        let (first, second) = (try weights(output), try weights(other))
        func norm(_ a: [Float], _ b: [Float]) -> Double {
            zip(a, b).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }.squareRoot()
        }
        let moved = norm(first, before)
        #expect(moved > 0)
        return norm(first, second) / moved
    }

    private func expectNoErrors(
        _ errors: [(any Error)?], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for error in errors { #expect(error == nil, sourceLocation: sourceLocation) }
    }

    @Test(arguments: [2, 4]) func severalGiveWhatOneGives(count: Int) throws {
        try FineTuningRun(manifold("one")).run()
        expectNoErrors(try run(manifold("several"), processes: count))
        #expect(try distance("one", "several") < 2e-4)
    }

    @Test(arguments: [1, 2, 3]) func partsOfTheOptimizerGiveWhatOneGives(stage: Int) throws {
        try FineTuningRun(manifold("one")).run()
        var configuration = manifold("several")
        configuration.training.zeroStage = stage
        expectNoErrors(try run(configuration, processes: 2))
        #expect(try distance("one", "several") < 2e-4)
        // The saved state is whole, as that of one process is.
        func names(_ output: String) throws -> [String] {
            try SafetensorsFile(folder("\(output)/checkpoint-3/optimizer.safetensors")).keys
                .sorted()
        }
        #expect(try names("one") == names("several"))
    }

    /// Only the first writes, and what one process would.
    @Test func theFilesAreThoseOfOneProcess() throws {
        try FineTuningRun(configuration("one")).run()
        expectNoErrors(try run(configuration("several"), processes: 2))
        func names(_ output: String) throws -> [String] {
            try contents(of: folder(output)).keys.filter { !$0.contains("tfevents") }.sorted()
        }
        #expect(try names("one") == names("several"))
    }

    /// Three steps of two processes, then three of one, or of four: as six of two.
    @Test(arguments: [1, 4], [0, 1, 3]) func aRunGoesOnWithAnotherNumber(
        count: Int, stage: Int
    ) throws {
        func settings(_ output: String, _ steps: Int) -> FineTuningConfiguration {
            var result = configuration(output, steps: steps)
            result.training.optimizer = .adamW
            result.training.learningRate = 1e-4
            result.training.zeroStage = stage
            return result
        }
        expectNoErrors(try run(settings("straight", 6), processes: 2))
        expectNoErrors(try run(settings("parts", 3), processes: 2))
        var rest = settings("parts", 6)
        rest.resumeFromCheckpoint = "latest"
        if count == 1 {
            try FineTuningRun(rest).run()
        } else {
            expectNoErrors(try run(rest, processes: count))
        }
        #expect(try distance("straight", "parts") < 1e-3)
    }

    @Test func whoWasToldSomethingElseIsNamed() throws {
        let errors = try run(configuration("run"), processes: 2) { rank, configuration in
            if rank == 1 { configuration.training.learningRate = 0.5 }
        }
        for error in errors {
            let text = "\(try #require(error))"
            #expect(text.contains("`learning-rate` is 0.5 for process 1 on "), "\(text)")
            #expect(text.contains("0.01 for process 0"), "\(text)")
        }
    }

    @Test func otherPhotosAreNamed() throws {
        try makePhotos(in: folder("others"), count: 2)
        let others = folder("others").path
        let errors = try run(configuration("run"), processes: 2) { rank, configuration in
            if rank == 1 { configuration.subjects[0].instanceDataDir = others }
        }
        for error in errors { #expect("\(try #require(error))".contains("for process 1 on ")) }
    }

    /// What one of them cannot do ends all, with its reason.
    @Test func theReasonOfOneIsThatOfAll() throws {
        let errors = try run(configuration("run"), processes: 3) { rank, configuration in
            if rank == 2 { configuration.subjects[0].instanceDataDir += "-missing" }
        }
        for rank in [0, 1] {
            let text = "\(try #require(errors[rank]))"
            #expect(text.hasPrefix("process 2 on ") && text.contains("photos-missing"), "\(text)")
        }
    }

    /// Asked of one process, all end after the same step, and the first saves.
    @Test func oneThatIsAskedToEndEndsAll() throws {
        let errors = try run(
            configuration("run", steps: 50), processes: 2, cancelled: 0)
        let steps = errors.map { error in
            guard case .interrupted(let step, _) = error as? TrainingError else {
                Issue.record("\(String(describing: error))")
                return 0
            }
            return step
        }
        #expect(steps[0] == steps[1] && steps[0] < 50)
        #expect(try #require(CheckpointFolder.steps(in: folder("run")).last) == steps[0])
    }

    @Test func whatSeveralCannotDoIsRefused() throws {
        let errors = try run(configuration("run"), processes: 2) { _, configuration in
            configuration.training.fusedBackwardPass = true
            configuration.training.maxGradNorm = 0
        }
        for error in errors {
            #expect("\(try #require(error))".contains("`fused-backward-pass`"))
        }
    }
}
