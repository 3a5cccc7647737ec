import Datasets
import Foundation
import StableDiffusion
import Testing
import TestSupport
import Torch
import Training

@Suite struct LossTests {
    @Test func minimumSNRMatchesReference() throws {
        let fixture = try Fixture.file("training/min-snr.safetensors")
        let ratios = try fixture.require("snr").floats().map(Double.init)
        for (key, prediction) in [
            ("gamma5.epsilon", PredictionType.epsilon), ("gamma5.v_prediction", .vPrediction),
        ] {
            let expected = try fixture.require(key).floats()
            for (ratio, weight) in zip(ratios, expected) {
                let found = MinimumSNR.weight(
                    signalToNoise: ratio, gamma: 5, prediction: prediction)
                #expect(abs(found - Double(weight)) <= 1e-5 * max(1, found))
            }
        }
    }

    @Test(arguments: PredictionType.allCases, [0, .infinity, 1e-300, 1e300])
    func minimumSNRIsFinite(prediction: PredictionType, ratio: Double) {
        let weight = MinimumSNR.weight(signalToNoise: ratio, gamma: 5, prediction: prediction)
        #expect(weight.isFinite && weight >= 0)
    }

    @Test func zeroTerminalSNRHasFiniteWeights() throws {
        let source = try ModelSource(Fixture.url("models/tiny-sd2"))
        var configuration = source.schedulerConfiguration
        configuration.rescalesBetasToZeroSNR = true
        let schedule = NoiseSchedule(configuration)
        let last = try #require(schedule.signalToNoise.last)
        #expect(last == 0)
        #expect(
            MinimumSNR.weight(signalToNoise: last, gamma: 5, prediction: .epsilon) == 1)
    }

    private struct Reference: Decodable {
        let rows: [Double]
        let plain: Double
        let prior: Double
        let min_snr_5_weights: [Double]
        let min_snr_5: Double
        let min_snr_5_prior: Double
    }

    /// Every row has the weight of its own timestep, with prior preservation too.
    @Test(arguments: ["epsilon", "v_prediction"])
    func weightedLossesMatchReference(name: String) throws {
        let data = try Data(contentsOf: Fixture.url("training/losses.json"))
        let reference = try #require(
            try JSONDecoder().decode([String: Reference].self, from: data)[name])
        let prediction = try #require(PredictionType(rawValue: name))
        let source = try ModelSource(
            Fixture.url("models/tiny-sd1"), predictionOverride: prediction)
        let unet = try source.unet()
        let step = try TrainingStep(0)

        func loss(isPrior: Bool, gamma: Double?) throws -> Double {
            let objective = DiffusionObjective(
                unet: unet, schedule: NoiseSchedule(source.schedulerConfiguration),
                priorLossWeight: 0.7, snrGamma: gamma)
            let batch = step.batch(areClass: (0..<4).map { isPrior && $0 >= 2 })
            return withoutGradients { objective(batch, context: step.context).item() }
        }
        let cases = [
            (try loss(isPrior: false, gamma: nil), reference.plain),
            (try loss(isPrior: true, gamma: nil), reference.prior),
            (try loss(isPrior: false, gamma: 5), reference.min_snr_5),
            (try loss(isPrior: true, gamma: 5), reference.min_snr_5_prior),
        ]
        for (found, expected) in cases {
            #expect(abs(found - expected) <= 1e-4 * expected, "\(found) \(expected)")
        }
    }
}

/// The inputs of one training step of the fixtures.
struct TrainingStep {
    let latents: Tensor
    let noise: Tensor
    let timesteps: [Int]
    let context: Tensor
    let ids: Tensor

    init(_ step: Int) throws {
        let file = try Fixture.file("training/dreambooth.safetensors")
        latents = try file.require("input.step\(step).latents")
        noise = try file.require("input.step\(step).noise")
        timesteps = try file.require("input.step\(step).timesteps").integers()
        context = try file.require("input.encoder_hidden_states")
        ids = try file.require("input.ids")
    }

    func batch(areClass: [Bool]) -> DiffusionBatch {
        DiffusionBatch(latents: latents, noise: noise, timesteps: timesteps, areClass: areClass)
    }
}
