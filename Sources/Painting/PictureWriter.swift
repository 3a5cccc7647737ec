public import Foundation
public import Imaging
public import StableDiffusion
import Torch

/// Paints with a pipeline and writes each picture with the A1111 `parameters` text inside.
public struct PictureWriter {
    /// What paints.
    public let pipeline: Pipeline
    /// What to paint, the same for every picture.
    public let settings: GenerationSettings
    /// A1111's name of the model: ten digits of its SHA-256; nil leaves it out.
    public let modelHash: String?

    /// A writer of such pictures; nothing is painted yet.
    public init(pipeline: Pipeline, settings: GenerationSettings, modelHash: String? = nil) {
        self.pipeline = pipeline
        self.settings = settings
        self.modelHash = modelHash
    }

    /// Paints one picture for every seed, in one batch, and writes each to its place.
    ///
    /// - Parameter progress: called after every step; what it throws ends the run before anything
    ///   of the batch is written.
    /// - Returns: the pictures, in the order of the places.
    @discardableResult
    public func paint(
        _ places: [(seed: UInt64, url: URL)],
        progress: (_ done: Int, _ of: Int) throws -> Void = { _, _ in }
    ) throws -> [PixelImage] {
        let painted = try pipeline.generate(
            settings, seeds: places.map(\.seed), progress: progress)
        var pictures: [PixelImage] = []
        for (place, tensor) in zip(places, painted) {
            let picture = PixelImage(
                width: tensor.size(1), height: tensor.size(0), pixels: tensor.unsignedBytes())
            let text = try parameters(seed: place.seed, picture).infotext
            try PNGWriter.write(picture, to: place.url, text: [("parameters", text)])
            pictures.append(picture)
        }
        return pictures
    }

    private func parameters(seed: UInt64, _ picture: PixelImage) throws -> GenerationParameters {
        let configuration = pipeline.source.schedulerConfiguration
        let kind = try SamplerChoice(settings.sampler, for: configuration).kind
        return GenerationParameters(
            prompt: settings.prompt, negativePrompt: settings.negativePrompt,
            steps: settings.stepCount, sampler: kind.label, cfgScale: settings.guidanceScale,
            seed: seed, width: picture.width, height: picture.height, modelHash: modelHash,
            model: pipeline.source.name,
            clipSkip: settings.clipSkip > 1 ? settings.clipSkip : nil)
    }
}
