import StableDiffusion
import TestSupport
import Testing
import Torch

/// Sampling that leaves out some of the work.
@Suite struct SamplingSpeedTests {
    private func settings() -> GenerationSettings {
        var settings = GenerationSettings(prompt: "a photo of a red robot on the beach")
        settings.negativePrompt = "ugly, the house"
        settings.stepCount = 8
        settings.sampler = .euler
        return settings
    }

    @Test(arguments: ["tiny-sd1", "tiny-sd2"]) func matchesReference(model: String) throws {
        let fixture = try Fixture.file("speed/speed.safetensors")
        let pipeline = try Pipeline(ModelSource(Fixture.url("models/\(model)")))
        let whole = try pipeline.latents(settings(), seeds: [7])
        func check(_ name: String, _ change: (inout SamplingSpeed) -> Void) throws {
            var settings = settings()
            change(&settings.speed)
            let latents = try pipeline.latents(settings, seeds: [7])
            let distance = Distance(latents, try fixture.require("\(model).\(name)"))
            #expect(distance.isWithin(absolute: 1e-3, relative: 1e-3), "\(name): \(distance)")
            #expect(!Distance(latents, whole).isWithin(absolute: 1e-3, relative: 1e-3))
        }
        try check("cache.2") { $0.cacheInterval = 2 }
        try check("cache.3") { $0.cacheInterval = 3 }
        try check("guidance") { $0.guidanceEnd = 0.625 }
    }

    /// Several pictures at once, with prompts of different lengths for guidance, and guidance that
    /// ends while deep layers are kept.
    @Test func batches() throws {
        let pipeline = try Pipeline(ModelSource(Fixture.url("models/tiny-sd1")))
        var settings = settings()
        settings.promptSyntax = .a1111
        settings.prompt = String(repeating: "a red robot, ", count: 30)
        settings.speed.cacheInterval = 3
        settings.speed.guidanceStart = 0.25
        settings.speed.guidanceEnd = 0.8
        let together = try pipeline.latents(settings, seeds: [1, 2])
        let alone = try pipeline.latents(settings, seeds: [2])
        let distance = Distance(together.narrowed(0, start: 1, length: 1), alone)
        #expect(distance.isWithin(absolute: 1e-4, relative: 1e-4), "\(distance)")
    }

    /// Where guidance ends, what was kept of the negative prompt is no use for the prompt.
    @Test func whatIsKeptIsOfTheSameText() throws {
        let pipeline = try Pipeline(ModelSource(Fixture.url("models/tiny-sd1")))
        func latents(_ interval: Int, end: Double, steps: Int) throws -> Tensor {
            var settings = settings()
            settings.stepCount = steps
            settings.promptSyntax = .a1111
            // Two chunks beside one: a call each.
            settings.prompt = String(repeating: "a red robot, ", count: 30)
            settings.speed.cacheInterval = interval
            settings.speed.guidanceEnd = end
            return try pipeline.latents(settings, seeds: [1])
        }
        // Of two steps the second is unguided, and so computed whole.
        let (kept, whole) = (
            try latents(2, end: 0.5, steps: 2), try latents(1, end: 0.5, steps: 2)
        )
        let distance = Distance(kept, whole)
        #expect(distance.isWithin(absolute: 1e-6, relative: 1e-6), "\(distance)")
    }

    @Test(arguments: [(0.5, 0.5, 1), (-0.1, 1, 1), (0, 1.5, 1), (0, 1, 0), (.nan, 1, 1)])
    func badSpeeds(start: Double, end: Double, interval: Int) throws {
        var settings = settings()
        settings.speed.guidanceStart = start
        settings.speed.guidanceEnd = end
        settings.speed.cacheInterval = interval
        let source = try ModelSource(Fixture.url("models/tiny-sd1"))
        #expect(throws: GenerationError.self) { try settings.validate(for: source) }
    }
}
