import Foundation
import Imaging
import Painting
import StableDiffusion
import Torch

/// Two pictures of a prompt, as pixels in memory.
func paint(_ model: URL) throws -> [PixelImage] {
    let source = try ModelSource(model)
    let pipeline = try Pipeline(source, precision: .float32, device: .best)
    var settings = GenerationSettings(prompt: "a photo of a red robot in the snow")
    settings.stepCount = 8
    // uint8, [height, width, 3]
    let tensors = try pipeline.generate(settings, seeds: [42, 43])
    return tensors.map {
        PixelImage(width: $0.size(1), height: $0.size(0), pixels: $0.unsignedBytes())
    }
}

/// Pictures into a folder, with the settings inside, as `attune generate` writes them.
func paint(_ model: URL, into folder: URL) throws -> [URL] {
    let pipeline = try Pipeline(ModelSource(model), precision: .float32, device: .best)
    var settings = GenerationSettings(prompt: "a photo of a red robot in the snow")
    settings.stepCount = 8
    let pictures = [42, 43].map { PictureRequest(settings, seed: $0) }
    let run = try PaintingRun(
        pipeline, PictureList(pictures, title: settings.prompt), in: folder, batchSize: 2)
    var files: [URL] = []
    _ = try run.paint(
        progress: { print("painting: \($0.done) of \($0.total)") },
        written: { _, file in files.append(file) })
    return files
}
