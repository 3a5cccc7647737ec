import Foundation
import NN
import Settings
import StableDiffusion
import Testing
import TestSupport
import Torch
import Training

/// Prior preservation by the untrained model's own predictions.
@Suite struct DistillationTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try makePhotos(in: folder("photos"))
    }

    private func lines(
        _ output: String, _ method: FineTuningMethod, steps: Int = 12,
        _ change: (inout FineTuningConfiguration) -> Void
    ) throws -> [[String: Any]] {
        var configuration = FineTuningConfiguration(
            instanceDataDir: folder("photos").path, instancePrompt: "a photo of sks robot")
        configuration.method = method
        configuration.classPrompt = "a photo of a robot"
        configuration.model = Fixture.url("models/tiny-sd1").path
        configuration.outputDir = folder(output).path
        configuration.training.seed = 7
        configuration.training.maxTrainSteps = steps
        configuration.training.trainBatchSize = 2
        configuration.training.learningRate = method == .dreamBooth ? 3e-3 : 3e-2
        configuration.training.measuringSteps = steps
        change(&configuration)
        try FineTuningRun(configuration).run()
        let log = try String(contentsOf: folder("\(output)/training.jsonl"), encoding: .utf8)
        return try log.split(separator: "\n").compactMap {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
    }

    private static func distilled(_ weight: Double) -> (inout FineTuningConfiguration) -> Void {
        {
            $0.withPriorPreservation = true
            $0.selfDistillation = true
            $0.priorLossWeight = weight
        }
    }

    static let methods: [(String, FineTuningMethod)] = {
        var lora = LoRAConfiguration()
        lora.adapters.rank = 4
        return [
            ("dreambooth", .dreamBooth), ("lora", .lora(lora)),
            ("hypernetwork", .hypernetwork(HypernetworkTraining())),
        ]
    }()

    /// Before anything is trained the target is the network's own prediction, whatever it weighs.
    @Test(arguments: methods.indices) func itCostsNothingAtFirst(index: Int) throws {
        let (name, method) = Self.methods[index]
        let light = try lines("\(name)-light", method, steps: 1, Self.distilled(0))
        let heavy = try lines("\(name)-heavy", method, steps: 1, Self.distilled(1000))
        let losses = [light, heavy].map { $0.lazy.compactMap { $0["loss"] as? Double }.first ?? 0 }
        #expect(losses[0] > 0.01)
        // A hypernetwork begins a little beside the identity, as A1111's does.
        let bound = name == "hypernetwork" ? 0.5 : 1e-4
        #expect(abs(losses[1] - losses[0]) < bound * losses[0], "\(losses)")
    }

    @Test(arguments: methods.indices) func theClassStaysNearer(index: Int) throws {
        let (name, method) = Self.methods[index]
        func drift(_ lines: [[String: Any]]) -> Double {
            lines.compactMap { $0["drift"] as? Double }.last ?? .nan
        }
        let plain = drift(try lines("\(name)-plain", method) { _ in })
        let kept = drift(try lines("\(name)-kept", method, Self.distilled(2)))
        #expect(plain > 0.01 && kept < plain * 0.9, "\(kept) with, \(plain) without")
    }

    @Test func itIsRefusedWhereItCannotBe() {
        func message(_ change: (inout FineTuningConfiguration) -> Void) -> String {
            var configuration = FineTuningConfiguration(
                instanceDataDir: "photos", instancePrompt: "a photo of sks robot")
            change(&configuration)
            do {
                try configuration.validate()
                return "valid"
            } catch { return "\(error)" }
        }
        #expect(message { $0.selfDistillation = true }.contains("`with-prior-preservation`"))
        #expect(message(Self.distilled(1)).contains("needs `class-prompt`"))
        #expect(
            message {
                Self.distilled(1)(&$0)
                $0.classPrompt = "a robot"
                $0.method = .textualInversion(
                    TextualInversionConfiguration(
                        placeholderToken: "<x>", initializerToken: "robot"))
            }.contains("does not go with textual-inversion"))
        #expect(
            message {
                Self.distilled(1)(&$0)
                $0.classPrompt = "a robot"
            } == "valid")
    }
}
