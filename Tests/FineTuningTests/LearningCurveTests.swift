import Evaluation
import Foundation
import RunRecord
import Settings
import StableDiffusion
import Testing
import TestSupport
import Torch
import Training

/// What the readings of a run mean.
@Suite struct LearningCurveTests {
    private func curve(_ errors: [Double], drifts: [Double]? = nil) -> LearningCurve {
        LearningCurve(
            errors.indices.map {
                LearningReading(
                    step: $0 * 10, error: errors[$0], drift: drifts?[$0] ?? Double($0) * 0.01)
            })
    }

    @Test func verdictsSayWhatHappened() throws {
        func starts(_ errors: [Double], _ text: String) {
            let verdict = curve(errors).verdict ?? "none"
            #expect(verdict.hasPrefix(text), "\(verdict)")
        }
        starts([0.2, 0.199, 0.2, 0.2], "Nothing was learned")
        starts([0.2, 0.19, 0.18, 0.17, 0.16], "Still learning")
        starts([1.176, 1.1505, 1.1309, 1.1094, 1.0904], "Still learning")
        starts([0.2, 0.15, 0.14, 0.139, 0.139, 0.139], "Learned: ")
        starts([0.2, 0.15, 0.12, 0.13, 0.15], "Learned until step 20")
        starts([0.2, 0.21, 0.25, 0.3], "Nothing was learned: the error on the photos has risen")
        #expect(curve([0.2]).verdict == nil)
        #expect(curve([]).verdict == nil)
    }

    /// Photos that are held out tell learning from learning by heart.
    @Test func learningByHeartIsNamed() throws {
        func verdict(_ errors: [Double], _ trained: [Double]) -> String {
            LearningCurve(
                errors.indices.map {
                    LearningReading(
                        step: $0 * 10, error: errors[$0], drift: 0.1, trainError: trained[$0])
                }
            ).verdict ?? "none"
        }
        let memorized = verdict([0.08, 0.09, 0.12], [0.11, 0.07, 0.03])
        #expect(memorized.hasPrefix("Overfitted from the beginning"), "\(memorized)")
        #expect(memorized.contains("fell by 72.7 %") && memorized.contains("by heart"))
        #expect(
            verdict([0.08, 0.09, 0.12], [0.11, 0.12, 0.2]).contains("rate is probably too high"))
        #expect(
            verdict([0.08, 0.08, 0.08], [0.11, 0.11, 0.11]).contains("rate is probably too low"))
        #expect(verdict([0.1, 0.08, 0.09], [0.1, 0.08, 0.07]).contains("which is overfitting"))
        // Both fall, only too slowly.
        #expect(
            verdict([0.2, 0.198, 0.1964], [0.2, 0.198, 0.1958])
                .contains("rate is probably too low"))
        // Without such photos it cannot be told, and that is said.
        let doubt = curve([0.2, 0.19, 0.18, 0.17, 0.16]).verdict ?? ""
        #expect(doubt.contains("the pictures must show"), "\(doubt)")
        let sure = verdict([0.2, 0.19, 0.18, 0.17, 0.16], [0.2, 0.19, 0.18, 0.17, 0.16])
        #expect(sure.hasPrefix("Still learning") && !sure.contains("must show"), "\(sure)")
    }

    @Test func runsStallOnlyWhenNothingIsGainedAndTheClassMoves() {
        let flat = [0.2, 0.15, 0.15, 0.15, 0.15]
        #expect(curve(flat).hasStalled)
        #expect(!curve(flat, drifts: [0, 0.1, 0.1, 0.1, 0.1]).hasStalled)
        #expect(!curve([0.2, 0.15, 0.15, 0.15]).hasStalled)
        #expect(!curve([0.2, 0.15, 0.149, 0.147, 0.14]).hasStalled)
    }

    @Test func aReadingTakesThePlaceOfLaterOnes() {
        var curve = curve([0.2, 0.19, 0.18])
        curve.append(LearningReading(step: 10, error: 0.1, drift: 0))
        #expect(curve.readings.map(\.step) == [0, 10])
        #expect(curve.best?.error == 0.1)
    }

    /// Readings change nothing of a run, and its log holds them.
    @Test func readingsChangeNothing() throws {
        let folder = try TemporaryFolder()
        try makePhotos(in: folder("photos"))
        func train(_ output: String, measuring: Int) throws -> [TrainingEvent] {
            var configuration = FineTuningConfiguration(
                instanceDataDir: folder("photos").path, instancePrompt: "a photo of sks robot")
            configuration.model = Fixture.url("models/tiny-sd1").path
            configuration.outputDir = folder(output).path
            configuration.training.seed = 7
            configuration.training.maxTrainSteps = 6
            configuration.training.trainBatchSize = 3
            configuration.training.learningRate = 1e-3
            configuration.training.measuringSteps = measuring
            var events: [TrainingEvent] = []
            try FineTuningRun(configuration, report: { events.append($0) }).run()
            return events
        }
        let without = try train("without", measuring: 0)
        let with = try train("with", measuring: 2)
        func readings(_ events: [TrainingEvent]) -> [LearningReading] {
            events.compactMap { event in
                guard case .measured(let reading, _) = event else { return nil }
                return reading
            }
        }
        #expect(readings(without).isEmpty)
        let found = readings(with)
        #expect(found.map(\.step) == [0, 2, 4, 6])
        #expect(found[0].drift == 0)
        #expect(found[3].drift > 0)
        #expect(found[3].error != found[0].error)
        #expect(with.contains { if case .verdict = $0 { true } else { false } })
        let unet = "unet/diffusion_pytorch_model.safetensors"
        #expect(
            try Data(contentsOf: folder("with/\(unet)"))
                == Data(contentsOf: folder("without/\(unet)")))
        let log = try String(contentsOf: folder("with/training.jsonl"), encoding: .utf8)
        #expect(log.split(separator: "\n").count { $0.contains("photo_error") } == 4)
    }
}
