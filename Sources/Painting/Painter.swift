import Foundation
public import StableDiffusion

/// Paints pictures of one prompt, and hands over one at a time.
///
/// Whoever wants pictures takes them from here: files, class pictures, previews and measurements
/// differ only in where the pictures go.
public final class Painter {
    /// How far the painting is.
    public struct Progress: Sendable, Equatable {
        /// Calls of the network that are done.
        public let done: Int
        /// Calls of the network in all.
        public let total: Int
        /// Pictures that were handed over.
        public let pictureCount: Int
    }

    /// What paints.
    public let pipeline: Pipeline
    /// What to paint, the same for every picture.
    public let settings: GenerationSettings
    /// What of the prompts counts in which step.
    public let prompts: CompiledPrompts
    /// What was laid over the model.
    public var overlays: [Overlay] { context.overlays }
    /// How often the network is called for a picture.
    let callCount: Int
    let context: PaintingContext
    /// Made once, when first a picture is painted.
    private(set) lazy var conditioned = pipeline.conditioned(
        prompts, clipSkip: settings.clipSkip)

    /// A painter; nothing is painted yet.
    ///
    /// - Parameters:
    ///   - modelHash: A1111's name of the model: ten digits of its SHA-256; nil leaves it out.
    ///   - overlays: what was laid over the model, for the texts in the pictures.
    /// - Throws: `GenerationError`, `SamplerError` or `PromptError` for settings that do not fit
    ///   the model.
    public init(
        _ pipeline: Pipeline, _ settings: GenerationSettings, modelHash: String? = nil,
        overlays: [Overlay] = []
    ) throws {
        try settings.validate(for: pipeline.source)
        self.pipeline = pipeline
        self.settings = settings
        let encoder = pipeline.promptEncoder
        prompts = try CompiledPrompts(settings, encoder: encoder)
        callCount = try settings.callCount(for: pipeline.source)
        context = try PaintingContext(
            pipeline: pipeline, settings: settings, words: prompts.words(encoder),
            modelHash: modelHash, overlays: overlays)
    }

    /// Paints one picture for every seed.
    ///
    /// A picture that does not become finite is left out, and the others are painted; where all of
    /// the first batch are so, no more is tried.
    /// - Parameters:
    ///   - batchSize: how many are painted at once; the pictures do not depend on it.
    ///   - progress: called after every step, and after the last one when its pictures were handed
    ///     over; what it throws ends the painting.
    ///   - deliver: given the pictures in the order of their seeds; what it throws ends the
    ///     painting.
    /// - Throws: ``PaintingError`` at the end, where pictures had to be left out.
    public func paint(
        seeds: some RandomAccessCollection<UInt64>, batchSize: Int = 1,
        progress: (Progress) throws -> Void = { _ in },
        deliver: (PaintedPicture) throws -> Void
    ) throws {
        var batches = PaintingBatches(
            size: batchSize, pictureCount: seeds.count, callCount: seeds.count * callCount)
        try batches.paint(
            places: 0..<seeds.count,
            row: { index in
                let seed = seeds[seeds.index(seeds.startIndex, offsetBy: index)]
                return PaintingBatches.Row(
                    painter: self, request: PictureRequest(settings, seed: seed))
            },
            progress: progress, deliver: deliver)
        if let error = batches.error { throw error }
    }
}

extension GenerationSettings {
    /// How often the network is called for a picture: some samplers call it more often than they
    /// have steps.
    ///
    /// - Throws: `SamplerError` where the model cannot be sampled so.
    package func callCount(for source: ModelSource) throws -> Int {
        try SamplerChoice(sampler, schedule: schedule, for: source.schedulerConfiguration)
            .sampler(stepCount: stepCount).timesteps.count
    }
}

/// Seeds that count up, as many as wanted in no memory; after the highest comes 0.
public func consecutiveSeeds(
    from first: UInt64, count: Int
) -> LazyMapSequence<Range<Int>, UInt64> {
    (0..<count).lazy.map { first &+ UInt64($0) }
}
