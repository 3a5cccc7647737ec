import Foundation
import StableDiffusion
import Torch

/// The lines of README.md: compiled, not run.
func readMe() throws -> [Tensor] {
    let model = try ModelSource(URL(filePath: "path/to/model"))
    let pipeline = try Pipeline(model, precision: .float32, device: .best)
    var settings = GenerationSettings(prompt: "a red robot in the snow")
    settings.stepCount = 25
    let pictures = try pipeline.generate(settings, seeds: [42, 43])  // uint8 [height, width, 3]
    return pictures
}
