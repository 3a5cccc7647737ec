import Foundation
import StableDiffusion
import TestSupport
import Testing
import Torch

@Suite struct NoiseScheduleTests {
    private static func configuration(
        _ prediction: PredictionType = .epsilon, zeroSNR: Bool = false
    ) -> SchedulerConfiguration {
        var configuration = SchedulerConfiguration.stableDiffusion(predicting: prediction)
        configuration.rescalesBetasToZeroSNR = zeroSNR
        return configuration
    }

    /// The root of what is left of the signal at the last step of the plain schedule.
    private static let lastRoot: Float = 0.0683

    @Test(arguments: [("", false), (".ztsnr", true)])
    func signalMatchesReference(suffix: String, zeroSNR: Bool) throws {
        let fixture = try Fixture.file("samplers/ddpm.safetensors")
        let reference = try fixture.require("schedule.alphas_cumprod\(suffix)").floats()
        let found = NoiseSchedule(Self.configuration(zeroSNR: zeroSNR)).alphasCumulative
        #expect(found.count == reference.count)
        // Bit for bit on the kind of CPU that made the fixture; other vector widths round the
        // betas otherwise. The rescale takes the last root from every root, so that the roots of
        // what is left, however small, carry the rounding of that one.
        let lastRoot = zeroSNR ? Self.lastRoot : 0
        for (one, other) in zip(found, reference) {
            #expect(abs(one - other) <= 2e-6 * (other + other.squareRoot() * lastRoot))
        }
    }

    @Test func noiseAndVelocityMatchReference() throws {
        let fixture = try Fixture.file("samplers/ddpm.safetensors")
        let latents = try fixture.require("add_noise.latents")
        let noise = try fixture.require("add_noise.noise")
        let steps = try fixture.require("add_noise.timesteps").integers()
        let schedule = NoiseSchedule(Self.configuration(.vPrediction))
        let noisy = Distance(
            schedule.noisy(latents, noise: noise, timesteps: steps),
            try fixture.require("add_noise.output"))
        #expect(noisy.isWithin(absolute: 1e-6, relative: 1e-6), "\(noisy)")
        let velocity = Distance(
            schedule.target(latents: latents, noise: noise, timesteps: steps),
            try fixture.require("add_noise.velocity"))
        #expect(velocity.isWithin(absolute: 1e-6, relative: 1e-6), "\(velocity)")
    }

    @Test func rescalingLeavesNothingAtTheEndAndTheStartAsItWas() {
        let plain = NoiseSchedule(Self.configuration())
        let rescaled = NoiseSchedule(Self.configuration(zeroSNR: true))
        #expect(rescaled.alphasCumulative.last == 0)
        #expect(rescaled.signalToNoise.last == 0)
        #expect(abs(rescaled.alphasCumulative[0] - plain.alphasCumulative[0]) < 1e-6)
        for (before, after) in zip(plain.signalToNoise, rescaled.signalToNoise).dropFirst() {
            #expect(after < before)
        }
        #expect(plain.signalToNoise.allSatisfy { $0 > 0 && $0.isFinite })
    }

    @Test func targetsAreWhatTheirNamesSay() {
        let latents = Tensor.randn([3, 4, 2, 2], generator: Generator(seed: 1))
        let noise = Tensor.randn([3, 4, 2, 2], generator: Generator(seed: 2))
        let steps = [0, 400, 999]
        let schedule = NoiseSchedule(Self.configuration(.vPrediction))
        #expect(
            NoiseSchedule(Self.configuration()).target(
                latents: latents, noise: noise, timesteps: steps
            ).rawBytes() == noise.rawBytes())
        #expect(
            NoiseSchedule(Self.configuration(.sample)).target(
                latents: latents, noise: noise, timesteps: steps
            ).rawBytes() == latents.rawBytes())
        // Noisy latents and velocity are a rotation of clean latents and noise.
        let noisy = schedule.noisy(latents, noise: noise, timesteps: steps)
        let velocity = schedule.target(latents: latents, noise: noise, timesteps: steps)
        for (row, step) in steps.enumerated() {
            let signal = Double(schedule.alphasCumulative[step])
            let (a, b) = (signal.squareRoot(), (1 - signal).squareRoot())
            func part(_ tensor: Tensor) -> Tensor { tensor.selected(0, row) }
            let clean = a * part(noisy) - b * part(velocity)
            let drawn = b * part(noisy) + a * part(velocity)
            #expect((clean - part(latents)).abs().maximum().item() < 1e-5)
            #expect((drawn - part(noise)).abs().maximum().item() < 1e-5)
        }
    }

    @Test func noiseKeepsTheDtypeOfTheLatents() {
        let latents = Tensor.ones([2, 4, 2, 2], dtype: .bfloat16)
        let schedule = NoiseSchedule(Self.configuration())
        let noisy = schedule.noisy(latents, noise: latents, timesteps: [1, 2])
        #expect(noisy.dtype == .bfloat16)
    }

    @Test(arguments: BetaSchedule.allCases) func everyScheduleFalls(schedule: BetaSchedule) {
        var configuration = Self.configuration()
        configuration.betaSchedule = schedule
        let signal = NoiseSchedule(configuration).alphasCumulative
        #expect(signal.count == 1000)
        #expect(zip(signal, signal.dropFirst()).allSatisfy { $0 > $1 && $1 > 0 })
    }

    @Test func trainedBetasReplaceTheSchedule() {
        var configuration = Self.configuration()
        configuration.trainingStepCount = 3
        configuration.trainedBetas = [0.5, 0.5, 0.75]
        #expect(NoiseSchedule(configuration).alphasCumulative == [0.5, 0.25, 0.0625])
    }
}
