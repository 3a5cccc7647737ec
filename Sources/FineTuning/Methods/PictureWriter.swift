import Foundation
import Imaging
import StableDiffusion
import Torch

/// Paints with a pipeline and writes what it painted, with the A1111 text inside.
struct PictureWriter {
    let pipeline: Pipeline
    let settings: GenerationSettings
    let cancellation: Cancellation

    /// Paints one picture for every seed in one batch and writes each to its place.
    ///
    /// - Throws: ``TrainingError/interrupted(step:checkpoint:)`` where `stopsEarly` and somebody
    ///   asked to end, before any of the batch is written.
    func write(
        _ places: [(seed: UInt64, url: URL)], stopsEarly: Bool
    ) throws {
        let pictures = try pipeline.generate(settings, seeds: places.map(\.seed)) { _, _ in
            if stopsEarly, cancellation.isRequested {
                throw TrainingError.interrupted(step: 0, checkpoint: nil)
            }
        }
        for (place, tensor) in zip(places, pictures) {
            let picture = PixelImage(
                width: tensor.size(1), height: tensor.size(0), pixels: tensor.unsignedBytes())
            let text = try parameters(seed: place.seed, picture).infotext
            try PNGWriter.write(picture, to: place.url, text: [("parameters", text)])
        }
    }

    private func parameters(seed: UInt64, _ picture: PixelImage) throws -> GenerationParameters {
        let kind =
            try settings.sampler ?? SamplerKind(for: pipeline.source.schedulerConfiguration)
        return GenerationParameters(
            prompt: settings.prompt, negativePrompt: settings.negativePrompt,
            steps: settings.stepCount, sampler: kind.label, cfgScale: settings.guidanceScale,
            seed: seed, width: picture.width, height: picture.height,
            model: pipeline.source.name)
    }
}
