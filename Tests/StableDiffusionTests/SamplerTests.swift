import Foundation
import TestSupport
import Testing
import Torch

import StableDiffusion

/// Every sampler with every configuration of the fixtures, against diffusers.
@Suite struct SamplerTests {
    private struct Case: Decodable {
        let config: SchedulerConfiguration
        let steps: Int
        let eta: Double?
        let schedule: SamplingSchedule?
        let sampler: String?
    }

    static let files: [(name: String, kind: SamplerKind)] = [
        ("ddpm", .ddpm), ("ddim", .ddim), ("pndm", .pndm), ("euler", .euler),
        ("euler-ancestral", .eulerAncestral), ("dpmpp-2m", .dpmPlusPlus2M), ("heun", .heun),
        ("lms", .lms), ("dpm2", .dpm2), ("dpm2-ancestral", .dpm2Ancestral),
        ("dpmpp-2s-ancestral", .dpmPlusPlus2SAncestral), ("dpmpp-sde", .dpmPlusPlusSDE),
        ("dpmpp-2m-sde", .dpmPlusPlus2MSDE), ("dpmpp-3m-sde", .dpmPlusPlus3MSDE),
        ("unipc", .uniPC), ("deis", .deis), ("lcm", .lcm), ("restart", .restart),
    ]

    /// k-diffusion shows the latents of every step, and not of every call.
    static let showsStepsAlone: Set<SamplerKind> = [
        .dpmPlusPlus2SAncestral, .dpmPlusPlusSDE, .restart,
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
    private func run(
        _ sampler: any Sampler, from noise: Tensor, isBrownian: Bool = true
    ) -> Tensor {
        let generator = Generator(seed: 7)
        let path = sampler.brownianRange.map {
            BrownianTree(
                seed: 7, shape: noise.shape, over: Double($0.lowerBound)...Double($0.upperBound))
        }
        var latents = noise * sampler.initialNoiseScale
        var trail: [Tensor] = []
        for (step, time) in sampler.timesteps.enumerated() {
            let output = predict(sampler.scaledInput(latents, step: step), time)
            latents = sampler.step(output, step: step, latents: latents) {
                if isBrownian, let path, let piece = sampler.brownianPiece(step: step) {
                    return path.noise(piece)
                }
                return Tensor.randn($0, generator: generator)
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
        #expect(all.count >= 10)
        for (label, entry) in all.sorted(by: { $0.key < $1.key }) {
            let sampler = try kind.makeSampler(
                entry.config, stepCount: entry.steps, eta: entry.eta ?? 0)
            let times = try fixture.require("\(label).timesteps")
            let found = Tensor(sampler.timesteps.map { Float($0) })
            #expect(found.shape == times.shape, "\(name) \(label)")
            #expect((found - times).abs().maximum().item() < 1e-3, "\(name) \(label)")
            let scale = try fixture.require("\(label).init_noise_sigma").item()
            #expect(abs(sampler.initialNoiseScale - scale) <= 1e-6 * scale, "\(name) \(label)")

            // diffusers' own draws from the generator, in the same places.
            let isBrownian = name != "dpmpp-2m-sde"
            func latents() -> Tensor {
                let all = run(sampler, from: noise, isBrownian: isBrownian)
                return SamplerTests.showsStepsAlone.contains(kind)
                    ? all.endsOfSteps(SamplerKind.endingCalls(of: sampler)) : all
            }
            let result = latents()
            let reference = try fixture.require("\(label).latents")
            // fp32 rounds by 6e-8 of what latents begin with: 4096 on a schedule of zero terminal
            // SNR, which is 2.4e-4 where their rows are large and less relative to them, else 15 to
            // 160. Nothing magnifies it: where a step calls twice, it is not there.
            let isSteep = entry.config.rescalesBetasToZeroSNR
            let error = ((result - reference).abs() / (reference.abs() + 1)).maximum().item()
            #expect(error < (isSteep ? 1e-4 : 2e-5), "\(name) \(label): \(error)")
            // A sampler can be used again: step 0 forgets.
            #expect(latents().rawBytes() == result.rawBytes(), "\(name) \(label)")
        }
    }

    @Test func schedulesMatchReference() throws {
        let fixture = try Fixture.file("samplers/schedules.safetensors")
        let noise = try fixture.require("noise")
        for (label, entry) in try cases("schedules").sorted(by: { $0.key < $1.key }) {
            let kind: SamplerKind = entry.sampler == "euler" ? .euler : .dpmPlusPlus2M
            let sampler = try kind.makeSampler(
                entry.config.scheduled(entry.schedule), stepCount: entry.steps)
            let found = Tensor(sampler.timesteps.map { Float($0) })
            let times = try fixture.require("\(label).timesteps")
            #expect((found - times).abs().maximum().item() < 1e-3, "\(label)")
            let reference = try fixture.require("\(label).latents")
            let difference = (run(sampler, from: noise) - reference).abs()
            let error = (difference / (reference.abs() + 1)).maximum().item()
            #expect(error < 1e-4, "\(label): \(error)")
        }
    }

    @Test(arguments: SamplerKind.allCases.filter(\.hasSchedules))
    func everySamplerOfSigmasTakesEverySchedule(kind: SamplerKind) throws {
        for schedule in SamplingSchedule.allCases {
            for steps in [1, 2, 9] {
                let choice = try SamplerChoice(
                    kind, schedule: schedule, for: .stableDiffusion(predicting: .vPrediction))
                let sampler = try choice.sampler(stepCount: steps)
                let latents = run(sampler, from: Tensor.ones([1, 4, 4, 4]))
                #expect(latents.isAllFinite, "\(kind) \(schedule) \(steps)")
                // One step of even spacing is the cleanest, in diffusers too.
                #expect(steps == 1 || 998...999 ~= sampler.timesteps[0])
                #expect(choice.schedule == (schedule == .automatic ? .uniform : schedule))
            }
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
        func draws(
            _ kind: SamplerKind, offset: Int = 1, eta: Double = 0, steps: Int = 5
        ) throws -> Int {
            var configuration = configuration
            configuration.stepsOffset = offset
            let sampler = try kind.makeSampler(configuration, stepCount: steps, eta: eta)
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
        #expect(try draws(.dpmPlusPlus2MSDE) == 5)
        #expect(try draws(.dpmPlusPlusSDE) == 8)
        for kind in [SamplerKind.dpm2Ancestral, .dpmPlusPlus2SAncestral, .dpmPlusPlus3MSDE, .lcm] {
            #expect(try draws(kind) == 4)
        }
        #expect(try draws(.restart, steps: 36) == 2)
        for kind in [
            SamplerKind.pndm, .euler, .restart, .dpmPlusPlus2M, .heun, .lms, .dpm2, .uniPC, .deis,
        ] {
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
        let (kind, schedule) = try SamplerKind.withSchedule(named: "DPM++ 2M Karras")
        let byName = try SamplerChoice(kind, schedule: schedule, for: plain)
            .sampler(stepCount: 20)
        let byKey = try SamplerKind.dpmPlusPlus2M.makeSampler(karras, stepCount: 20)
        let without = try SamplerKind.dpmPlusPlus2M.makeSampler(plain, stepCount: 20)
        #expect(byName.timesteps == byKey.timesteps)
        #expect(byName.timesteps != without.timesteps)
        #expect(try SamplerChoice(.dpmPlusPlus2M, for: karras).schedule == .karras)
        #expect(try SamplerChoice(.ddim, for: karras).schedule == .uniform)
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

extension Tensor {
    /// Of latents after every call of a sampler that calls twice in every step but the last, or those
    /// of these calls.
    fileprivate func endsOfSteps(_ calls: [Int]?) -> Tensor {
        let count = size(0)
        let ends = calls ?? (0..<count).filter { $0 % 2 == 1 || $0 == count - 1 }
        return Tensor.concatenating(ends.map { narrowed(0, start: $0, length: 1) })
    }
}
