import Foundation
import Imaging
public import StableDiffusion
import Torch

/// Paints pictures of one prompt, and hands over one at a time.
///
/// Whoever wants pictures takes them from here: files, class pictures, previews and measurements
/// differ only in where the pictures go.
public struct Painter {
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
    private let context: PaintingContext

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
        precondition(batchSize > 0, "Painter: a batch has at least one picture")
        var lost: [UInt64] = []
        var index = 0
        while index < seeds.count {
            let batch = Array(seeds.dropFirst(index).prefix(batchSize))
            var stepCount = 0
            let latents = try pipeline.diffused(settings, seeds: batch) { step, steps in
                stepCount = steps
                // The last step is told when its pictures are there: what ends the painting then
                // must not take them along.
                guard step < steps else { return }
                try progress(
                    Progress(
                        done: index * steps + step * batch.count, total: seeds.count * steps,
                        pictureCount: index - lost.count))
            }
            for (row, seed) in batch.enumerated() {
                // One at a time: decoding is where memory peaks.
                if let image = image(latents.narrowed(0, start: row, length: 1)) {
                    let parameters = context.parameters(
                        seed: seed, width: image.width, height: image.height)
                    try deliver(
                        PaintedPicture(
                            index: index + row, seed: seed, image: image, parameters: parameters))
                } else {
                    lost.append(seed)
                }
            }
            index += batch.count
            try progress(
                Progress(
                    done: index * stepCount, total: seeds.count * stepCount,
                    pictureCount: index - lost.count))
            // What is wrong with all of them is wrong with those that would follow.
            if lost.count == index { break }
        }
        guard lost.isEmpty else {
            throw PaintingError.notFinite(
                seeds: lost, untriedCount: seeds.count - index,
                precision: pipeline.precision.shortName,
                overlays: overlays.map(\.file.lastPathComponent),
                guidanceScale: settings.guidanceScale)
        }
    }

    /// Nil where it is not finite.
    private func image(_ latents: Tensor) -> PixelImage? {
        pipeline.picture(latents).map { tensor in
            PixelImage(
                width: tensor.size(1), height: tensor.size(0), pixels: tensor.unsignedBytes())
        }
    }
}

/// Seeds that count up, as many as wanted in no memory; after the highest comes 0.
public func consecutiveSeeds(
    from first: UInt64, count: Int
) -> LazyMapSequence<Range<Int>, UInt64> {
    (0..<count).lazy.map { first &+ UInt64($0) }
}
