import Foundation
import Painting
import StableDiffusion
import Torch

/// The same picture without a LoRA, with it at two strengths, and without it again.
func layOver(_ model: URL, _ file: URL) throws -> [Tensor] {
    let pipeline = try Pipeline(ModelSource(model), precision: .float32, device: .best)
    var settings = GenerationSettings(prompt: "a photo of sks robot on the beach")
    settings.stepCount = 8
    let stack = OverlayStack(over: pipeline)
    var pictures = try pipeline.generate(settings, seeds: [7])
    for strength in [0.5, 1] {
        let lora = try Overlay.lora(file, strength: strength)
        try stack.put([lora])
        pictures += try pipeline.generate(settings, seeds: [7])
        // The weights are what they were, bit for bit.
        stack.remove(lora)
    }
    return try pictures + pipeline.generate(settings, seeds: [7])
}
