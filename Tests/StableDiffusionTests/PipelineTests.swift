import Foundation
import StableDiffusion
import TestSupport
import Testing
import Torch

/// The pictures of the Python reference, from the same seeds.
@Suite struct PipelineTests {
    static let models = ["tiny-sd1", "tiny-sd2"]

    private func pipeline(_ model: String, scheduler: String? = nil) throws -> Pipeline {
        try Pipeline(ModelSource(Fixture.url("models/\(model)")))
    }

    private func settings() -> GenerationSettings {
        var settings = GenerationSettings(prompt: "a photo of a red robot on the beach")
        settings.negativePrompt = "ugly, the house"
        settings.stepCount = 8
        return settings
    }

    private func check(
        _ pipeline: Pipeline, _ settings: GenerationSettings, seeds: [UInt64] = [7],
        model: String, name: String
    ) throws {
        let fixture = try Fixture.file("pipeline/\(model).safetensors")
        let latents = try pipeline.latents(settings, seeds: seeds)
        let distance = Distance(latents, try fixture.require("\(name).latents"))
        #expect(distance.isWithin(absolute: 1e-3, relative: 1e-3), "latents: \(distance)")
        let pictures = Tensor.stacking(try pipeline.generate(settings, seeds: seeds))
        let expected = try fixture.require("\(name).picture").cast(to: .float32)
        let difference = (pictures.cast(to: .float32) - expected.reshaped(pictures.shape)).abs()
        let near = difference.isLess(than: 1.5).cast(to: .float32).mean().item()
        #expect(near >= 0.999, "only \(near) of the values are within 1/255")
    }

    @Test(arguments: models)
    func ownSampler(model: String) throws {
        try check(try pipeline(model), settings(), model: model, name: "own")
    }

    @Test(
        arguments: models,
        [
            (SamplerKind.ddpm, "ddpm"), (.ddim, "ddim"), (.pndm, "pndm"), (.euler, "euler"),
            (.eulerAncestral, "euler-ancestral"), (.dpmPlusPlus2M, "dpmpp-2m"),
        ])
    func everySampler(model: String, sampler: (kind: SamplerKind, name: String)) throws {
        var settings = settings()
        settings.sampler = sampler.kind
        try check(try pipeline(model), settings, model: model, name: sampler.name)
    }

    @Test(arguments: models)
    func variations(model: String) throws {
        let pipeline = try pipeline(model)
        var plain = settings()
        plain.negativePrompt = ""
        try check(pipeline, plain, model: model, name: "no_negative")
        var unguided = settings()
        unguided.guidanceScale = 1
        try check(pipeline, unguided, model: model, name: "no_guidance")
        var skipping = settings()
        skipping.clipSkip = 2
        try check(pipeline, skipping, model: model, name: "clip_skip_2")
        var wide = settings()
        (wide.width, wide.height) = (96, 64)
        try check(pipeline, wide, model: model, name: "wide_96x64")
        var odd = settings()
        (odd.width, odd.height) = (72, 56)
        try check(pipeline, odd, model: model, name: "odd_72x56")
        var long = settings()
        long.prompt += String(repeating: " and the house in the snow, highly detailed", count: 12)
        try check(pipeline, long, model: model, name: "long_prompt")
    }

    /// Neighbours in a batch change a picture by rounding at most.
    @Test func batchesChangeNothing() throws {
        let pipeline = try pipeline("tiny-sd1")
        var settings = settings()
        settings.sampler = .eulerAncestral
        let together = try pipeline.latents(settings, seeds: [3, 4, 5])
        for (row, seed) in [UInt64(3), 4, 5].enumerated() {
            let alone = try pipeline.latents(settings, seeds: [seed])
            let distance = Distance(together.narrowed(0, start: row, length: 1), alone)
            #expect(distance.relative < 1e-4, "\(distance)")
        }
    }

    @Test func wishesThatDoNotFitAreNamed() throws {
        let source = try ModelSource(Fixture.url("models/tiny-sd1"))
        func message(_ change: (inout GenerationSettings) -> Void) -> String {
            var settings = settings()
            change(&settings)
            do {
                try settings.validate(for: source)
                return "nothing"
            } catch {
                return "\(error)"
            }
        }
        let width = message { $0.width = 100 }
        #expect(width.contains("width 100: must be a positive multiple of 8"), "\(width)")
        #expect(message { $0.height = -8 }.contains("height -8"))
        #expect(message { $0.stepCount = 0 }.contains("steps 0"))
        #expect(message { $0.clipSkip = 4 }.contains("clip-skip 4: must be 1 to 3"))
        #expect(message { $0.guidanceScale = .nan }.contains("guidance-scale"))
        #expect(message { _ in } == "nothing")
    }
}
