import Datasets
import Foundation
import Settings
import StableDiffusion
import Testing
import TestSupport
import Torch
import Training

/// What errors cost and what timesteps weigh, against kohya's arithmetic and diffusers' schedules.
@Suite struct LossFunctionTests {
    private func json<Value: Decodable>(_ name: String) throws -> Value {
        try JSONDecoder().decode(
            Value.self, from: Data(contentsOf: Fixture.url("losses/\(name).json")))
    }

    /// The schedule of the tiny model, with what the fixtures change in it.
    private func schedule(
        _ prediction: PredictionType = .epsilon, rescales: Bool = false
    ) throws -> NoiseSchedule {
        NoiseSchedule(
            try ModelSource(
                Fixture.url("models/tiny-sd1"), predictionOverride: prediction,
                rescalesBetas: rescales
            ).schedulerConfiguration)
    }

    @Test(arguments: LossFunction.Schedule.allCases, [false, true])
    func thresholdsMatchReference(by: LossFunction.Schedule, rescales: Bool) throws {
        let table: [String: [Double]] = try json("thresholds")
        let timesteps = try #require(table["timesteps"]).map { Int($0) }
        let noise = try schedule(.vPrediction, rescales: rescales)
        for threshold in [0.1, 0.5] {
            let key = "\(rescales ? "zero" : "plain").\(by.rawValue).\(threshold)"
            let expected = try #require(table[key])
            let function = LossFunction(.huber, threshold: threshold, schedule: by)
            for (timestep, value) in zip(timesteps, expected) {
                let found = function.threshold(at: timestep, of: noise)
                #expect(abs(found - value) <= 2e-6, "\(key) at \(timestep): \(found) \(value)")
            }
        }
    }

    @Test(arguments: LossFunction.Kind.allCases, LossFunction.Schedule.allCases)
    func costsAndGradientsMatchReference(
        kind: LossFunction.Kind, by: LossFunction.Schedule
    ) throws {
        let file = try Fixture.file("losses/rows.safetensors")
        let key = "\(kind.rawValue).\(kind == .l2 ? "constant" : by.rawValue)"
        let output = try file.require("output")
        output.requiresGradient = true
        let costs = LossFunction(kind, threshold: 0.1, schedule: by)(
            output, try file.require("target"),
            timesteps: try file.require("timesteps").integers(), of: try schedule())
        let rows = Losses.rowMeans(costs)
        rows.sum().backward()
        #expect(Distance(rows.detached(), try file.require("\(key).rows")).relative < 1e-5)
        let gradient = try #require(output.gradient)
        #expect(Distance(gradient, try file.require("\(key).gradient")).relative < 1e-5)
    }

    /// The weights are of the schedule that is trained on: after the rescale, not before.
    @Test func weightsOfTimestepsMatchReference() throws {
        let file = try Fixture.file("losses/weights.safetensors")
        let cases: [(String, PredictionType, (Double, PredictionType) -> Double)] = [
            ("plain.debiased.epsilon", .epsilon, DebiasedEstimation.weight),
            ("plain.debiased.v_prediction", .vPrediction, DebiasedEstimation.weight),
            ("zero.debiased.v_prediction", .vPrediction, DebiasedEstimation.weight),
            (
                "zero.min_snr_5.v_prediction", .vPrediction,
                { MinimumSNR.weight(signalToNoise: $0, gamma: 5, prediction: $1) }
            ),
        ]
        for (key, prediction, weight) in cases {
            let noise = try schedule(prediction, rescales: key.hasPrefix("zero"))
            let expected = try file.require(key).floats().map(Double.init)
            for (timestep, ratio) in noise.signalToNoise.enumerated() {
                let found = weight(ratio, prediction)
                #expect(
                    abs(found - expected[timestep]) <= 3e-5 * max(found, 1e-3),
                    "\(key) at \(timestep): \(found) \(expected[timestep])")
            }
        }
        let last = try #require(try schedule(.vPrediction, rescales: true).signalToNoise.last)
        #expect(last == 0)
    }

    /// Every combination of prediction, schedule, perturbation, cost and weights, with prior
    /// preservation, on the tiny model.
    @Test(arguments: ["epsilon.False", "v_prediction.False", "v_prediction.True"])
    func wholeLossesMatchReference(name: String) throws {
        let table: [String: Double] = try json("objective")
        let rescales = name.hasSuffix("True")
        let prediction = try #require(
            PredictionType(rawValue: String(name.prefix { $0 != "." })))
        let unet = try ModelSource(Fixture.url("models/tiny-sd1")).unet()
        let step = try TrainingStep(0)
        let more = try Fixture.file("losses/perturbation.safetensors").require("noise")
        let noise = try schedule(prediction, rescales: rescales)
        for (key, expected) in table where key.hasPrefix(name + ".") {
            // As `0.1.smooth_l1.min_snr_5`.
            let parts = key.dropFirst(name.count + 1).split(separator: ".")
            let isPerturbed = parts[1] == "1"
            let weights = parts[3]
            let objective = DiffusionObjective(
                unet: unet, schedule: noise, priorLossWeight: 0.7,
                snrGamma: weights == "min_snr_5" ? 5 : nil, isDebiased: weights == "debiased",
                loss: LossFunction(try #require(LossFunction.Kind(rawValue: String(parts[2])))))
            let batch = DiffusionBatch(
                latents: step.latents, noise: step.noise, timesteps: step.timesteps,
                areClass: [false, false, true, true],
                addedNoise: isPerturbed ? step.noise + more * 0.1 : nil)
            let found = withoutGradients { objective(batch, context: step.context).item() }
            #expect(abs(found - expected) <= 1e-4 * expected, "\(key): \(found) \(expected)")
        }
    }

    @Test func noiseAtZeroSNRIsRefused() throws {
        var training = TrainingConfiguration()
        training.rescaleBetasZeroSNR = true
        training.predictionType = .epsilon
        #expect(throws: SettingError.self) { try training.validate() }
        training.predictionType = .vPrediction
        try training.validate()

        // The model itself predicts noise: known once it is open.
        let folder = try TemporaryFolder()
        try makePhotos(in: folder("photos"))
        var configuration = FineTuningConfiguration(
            instanceDataDir: folder("photos").path, instancePrompt: "a photo of sks robot")
        configuration.model = Fixture.url("models/tiny-sd1").path
        configuration.outputDir = folder("out").path
        configuration.training.rescaleBetasZeroSNR = true
        do {
            try FineTuningRun(configuration).run()
            Issue.record("trained on nothing")
        } catch let error as SettingError {
            #expect(error.description.hasPrefix("`rescale-betas-zero-snr`: does not go with"))
        }
        #expect(!FileManager.default.fileExists(atPath: configuration.outputDir))
    }

    /// What is written paints with the schedule that it was trained with.
    @Test func aRescaledModelSaysSo() throws {
        let folder = try TemporaryFolder()
        let source = try ModelSource(
            Fixture.url("models/tiny-sd1"), predictionOverride: .vPrediction, rescalesBetas: true)
        try ModelWriter.write(to: folder("model"), source: source)
        let written = try ModelSource(folder("model")).schedulerConfiguration
        #expect(written.predictionType == .vPrediction && written.rescalesBetasToZeroSNR)
        #expect(written.timestepSpacing == .trailing)
        #expect(written.className != "PNDMScheduler")
    }
}
