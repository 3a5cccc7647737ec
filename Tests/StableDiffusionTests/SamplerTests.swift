import Foundation
import StableDiffusion
import TestSupport
import Testing
import Torch

/// Every sampler with every configuration of the fixtures, against diffusers.
@Suite struct SamplerTests {
    private struct Case: Decodable {
        let config: SchedulerConfiguration
        let steps: Int
        let eta: Double?
    }

    static let files: [(name: String, kind: SamplerKind)] = [
        ("ddpm", .ddpm), ("ddim", .ddim), ("pndm", .pndm), ("euler", .euler),
        ("euler-ancestral", .eulerAncestral), ("dpmpp-2m", .dpmPlusPlus2M),
    ]

    private func cases(_ name: String) throws -> [String: Case] {
        try JSONDecoder().decode(
            [String: Case].self, from: Data(contentsOf: Fixture.url("samplers/\(name).json")))
    }

    /// The made-up model of the fixtures.
    private func predict(_ input: Tensor, _ time: Double) -> Tensor {
        let channels = Tensor([1, 1.1, 1.2, 1.3] as [Float], shape: [1, 4, 1, 1])
        return (0.7 * input * channels + sin(time / 100)).tanh()
    }

    /// The latents after every step, `[calls, 4, 4, 4]`.
    private func run(_ sampler: any Sampler, from noise: Tensor) -> Tensor {
        let generator = Generator(seed: 7)
        var latents = noise * sampler.initialNoiseScale
        var trail: [Tensor] = []
        for (step, time) in sampler.timesteps.enumerated() {
            let output = predict(sampler.scaledInput(latents, step: step), time)
            latents = sampler.step(output, step: step, latents: latents) {
                Tensor.randn($0, generator: generator)
            }
            trail.append(latents)
        }
        return Tensor.concatenating(trail)
    }

    @Test(arguments: files.indices) func latentsMatchReference(file: Int) throws {
        let (name, kind) = SamplerTests.files[file]
        let fixture = try Fixture.file("samplers/\(name).safetensors")
        let noise = try fixture.require("noise")
        let all = try cases(name)
        #expect(all.count >= 15)
        for (label, entry) in all.sorted(by: { $0.key < $1.key }) {
            let sampler = try kind.makeSampler(
                entry.config, stepCount: entry.steps, eta: entry.eta ?? 0)
            let times = try fixture.require("\(label).timesteps")
            let found = Tensor(sampler.timesteps.map { Float($0) })
            #expect(found.shape == times.shape, "\(name) \(label)")
            #expect((found - times).abs().maximum().item() < 1e-3, "\(name) \(label)")
            let scale = try fixture.require("\(label).init_noise_sigma").item()
            #expect(abs(sampler.initialNoiseScale - scale) <= 1e-6 * scale, "\(name) \(label)")

            let latents = run(sampler, from: noise)
            let reference = try fixture.require("\(label).latents")
            // Latents of a zero-SNR schedule begin at a scale of 4096.
            let error = ((latents - reference).abs() / (reference.abs() + 1)).maximum().item()
            #expect(error < 1e-4, "\(name) \(label): \(error)")
            // A sampler can be used again: step 0 forgets.
            let again = run(sampler, from: noise)
            #expect(again.rawBytes() == latents.rawBytes(), "\(name) \(label)")
        }
    }

    @Test(arguments: SamplerKind.allCases) func rowsDoNotInfluenceEachOther(kind: SamplerKind)
        throws
    {
        var configuration = SchedulerConfiguration.stableDiffusion()
        configuration.usesThresholding = true
        configuration.sampleMaxValue = 2
        let first = Tensor.randn([1, 4, 4, 4], generator: Generator(seed: 1))
        let second = Tensor.randn([1, 4, 4, 4], generator: Generator(seed: 2))
        func result(_ noise: Tensor) throws -> Tensor {
            let sampler = try kind.makeSampler(configuration, stepCount: 6)
            var latents = noise * sampler.initialNoiseScale
            for (step, time) in sampler.timesteps.enumerated() {
                let output = predict(sampler.scaledInput(latents, step: step), time)
                latents = sampler.step(output, step: step, latents: latents) { .ones($0) }
            }
            return latents
        }
        let both = try result(Tensor.concatenating([first, second]))
        let alone = try result(second)
        #expect((both.narrowed(0, start: 1, length: 1) - alone).abs().maximum().item() < 1e-6)
        #expect(alone.isAllFinite)
    }

    @Test func noiseIsDrawnAsOftenAsTheReferenceDraws() throws {
        let configuration = SchedulerConfiguration.stableDiffusion()
        let zero = Tensor.zeros([1, 4, 2, 2])
        func draws(_ kind: SamplerKind, offset: Int = 1, eta: Double = 0) throws -> Int {
            var configuration = configuration
            configuration.stepsOffset = offset
            let sampler = try kind.makeSampler(configuration, stepCount: 5, eta: eta)
            var count = 0
            for step in sampler.timesteps.indices {
                _ = sampler.step(zero, step: step, latents: zero) {
                    count += 1
                    return .zeros($0)
                }
            }
            return count
        }
        #expect(try draws(.ddpm) == 5)
        #expect(try draws(.ddpm, offset: 0) == 4)
        #expect(try draws(.eulerAncestral) == 5)
        #expect(try draws(.ddim) == 0)
        #expect(try draws(.ddim, eta: 1) == 5)
        for kind in [SamplerKind.pndm, .euler, .eulerKarras, .dpmPlusPlus2M, .dpmPlusPlus2MKarras] {
            #expect(try draws(kind) == 0)
        }
    }

    @Test func halfPrecisionPredictionsKeepLatentsInFloat32() throws {
        for kind in SamplerKind.allCases {
            let sampler = try kind.makeSampler(.stableDiffusion(), stepCount: 3)
            let latents = sampler.step(
                .ones([1, 4, 2, 2], dtype: .bfloat16), step: 0, latents: .ones([1, 4, 2, 2])
            ) { .zeros($0) }
            #expect(latents.dtype == .float32)
        }
    }

    @Test func karrasByNameEqualsKarrasByConfiguration() throws {
        let plain = SchedulerConfiguration.stableDiffusion()
        var karras = plain
        karras.usesKarrasSigmas = true
        let byName = try SamplerKind.dpmPlusPlus2MKarras.makeSampler(plain, stepCount: 20)
        let byKey = try SamplerKind.dpmPlusPlus2M.makeSampler(karras, stepCount: 20)
        let without = try SamplerKind.dpmPlusPlus2M.makeSampler(plain, stepCount: 20)
        #expect(byName.timesteps == byKey.timesteps)
        #expect(byName.timesteps != without.timesteps)
        #expect(SamplerKind.dpmPlusPlus2M.settled(by: karras) == .dpmPlusPlus2MKarras)
        #expect(SamplerKind.ddim.settled(by: karras) == .ddim)
    }

    @Test func thresholdingFollowsTheQuantile() throws {
        var configuration = SchedulerConfiguration.stableDiffusion(predicting: .sample)
        configuration.usesThresholding = true
        configuration.dynamicThresholdingRatio = 0.75
        configuration.sampleMaxValue = 10
        configuration.setsAlphaToOne = true
        configuration.stepsOffset = 0
        let sampler = try SamplerKind.ddim.makeSampler(configuration, stepCount: 1)
        // The only step goes from training step 0 to the clean prediction; the quantile of
        // (0, 1, 2, 4, 8) at 0.75 is 4.
        let clean = Tensor([0, -1, 2, -4, 8] as [Float], shape: [1, 5, 1, 1])
        let result = sampler.step(clean, step: 0, latents: clean) { .zeros($0) }
        #expect(result.floats() == [0, -0.25, 0.5, -1, 1])
    }
}
