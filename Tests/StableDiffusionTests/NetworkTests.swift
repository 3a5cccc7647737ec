import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

/// Whole networks against the Python reference, with its random weights.
@Suite struct NetworkTests {
    static let models = ["tiny-sd1", "tiny-sd2"]

    private func configuration<Value: Decodable>(_ path: String) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(contentsOf: Fixture.url(path)))
    }

    private func unet(_ model: String) throws -> UNet {
        let weights = Checkpoint(
            try Fixture.file("models/\(model)/unet/diffusion_pytorch_model.safetensors"))
        let unet = try UNet(configuration("models/\(model)/unet/config.json"), weights)
        try weights.requireAllUsed()
        return unet
    }

    @Test(arguments: models, ["square", "wide", "odd", "native"])
    func unetMatchesReference(model: String, shape: String) throws {
        let unet = try unet(model)
        let fixture = try Fixture.file("unet/\(model).safetensors")
        let output = try withoutGradients {
            unet(
                try fixture.require("\(shape).input.sample"),
                timesteps: try fixture.require("\(shape).input.timesteps").cast(to: .float32),
                context: try fixture.require("\(shape).input.encoder_hidden_states"))
        }
        let distance = Distance(output, try fixture.require("\(shape).output"))
        #expect(distance.isWithin(absolute: 1e-4, relative: 1e-3), "\(distance)")
    }

    @Test(arguments: models) func middleFeaturesMatchReference(model: String) throws {
        let unet = try unet(model)
        let fixture = try Fixture.file("unet/\(model).safetensors")
        let features = try withoutGradients {
            unet.middleFeatures(
                try fixture.require("square.input.sample"),
                timesteps: try fixture.require("square.input.timesteps").cast(to: .float32),
                context: try fixture.require("square.input.encoder_hidden_states"))
        }
        let distance = Distance(features, try fixture.require("square.station.mid_block"))
        #expect(distance.isWithin(absolute: 1e-4, relative: 1e-3), "\(distance)")
    }

    @Test(arguments: models, ["square", "wide"])
    func autoencoderMatchesReference(model: String, shape: String) throws {
        let weights = Checkpoint(
            try Fixture.file("models/\(model)/vae/diffusion_pytorch_model.safetensors"))
        let autoencoder = try Autoencoder(configuration("models/\(model)/vae/config.json"), weights)
        try weights.requireAllUsed()
        let fixture = try Fixture.file("vae/\(model).safetensors")
        let (encoded, decoded) = try withoutGradients {
            (
                autoencoder.encode(try fixture.require("\(shape).input.pixels")),
                autoencoder.decode(try fixture.require("\(shape).input.latents"))
            )
        }
        let pairs = [
            (encoded.mean, "mean"), (encoded.standardDeviation, "std"),
            (encoded.sample(generator: Generator(seed: 5)), "sample_seed5"), (decoded, "decoded"),
        ]
        for (found, name) in pairs {
            let distance = Distance(found, try fixture.require("\(shape).output.\(name)"))
            #expect(distance.isWithin(absolute: 1e-4, relative: 1e-3), "\(name): \(distance)")
        }
    }

    @Test(arguments: models, [1, 2, 3])
    func textEncoderMatchesReference(model: String, clipSkip: Int) throws {
        let weights = Checkpoint(
            try Fixture.file("models/\(model)/text_encoder/model.safetensors"))
        let encoder = try TextEncoder(
            configuration("models/\(model)/text_encoder/config.json"), weights)
        try weights.requireAllUsed()
        let fixture = try Fixture.file("text-encoder/\(model).safetensors")
        let states = try withoutGradients {
            encoder(try fixture.require("input.ids"), clipSkip: clipSkip)
        }
        let distance = Distance(states, try fixture.require("output.clip_skip_\(clipSkip)"))
        #expect(distance.isWithin(absolute: 1e-4, relative: 1e-3), "\(distance)")
    }

    @Test func clipModelMatchesReference() throws {
        let weights = Checkpoint(try Fixture.file("clip/tiny-clip/model.safetensors"))
        let model = try CLIPModel(configuration("clip/tiny-clip/config.json"), weights)
        try weights.requireAllUsed()
        let fixture = try Fixture.file("clip/tiny-clip.safetensors")
        let (text, images) = try withoutGradients {
            (
                model.embedText(try fixture.require("input.ids")),
                model.embedImages(try fixture.require("input.pixel_values"))
            )
        }
        let texts = Distance(text, try fixture.require("output.text_embeds"))
        let pictures = Distance(images, try fixture.require("output.image_embeds"))
        #expect(texts.isWithin(absolute: 1e-5, relative: 1e-4), "\(texts)")
        #expect(pictures.isWithin(absolute: 1e-5, relative: 1e-4), "\(pictures)")
    }

    /// Computing activations again in backward changes nothing.
    @Test func activationCheckpointingKeepsGradients() throws {
        let fixture = try Fixture.file("unet/tiny-sd1.safetensors")
        func gradients(checkpointed: Bool) throws -> [Tensor] {
            let unet = try unet("tiny-sd1")
            unet.checkpointsActivations = checkpointed
            unet.parameters.setRequiresGradient(true)
            let output = unet(
                try fixture.require("native.input.sample"),
                timesteps: try fixture.require("native.input.timesteps").cast(to: .float32),
                context: try fixture.require("native.input.encoder_hidden_states"))
            output.squared().mean().backward()
            return try unet.parameters.entries.map { name, tensor in
                try #require(tensor.gradient, "\(name) has no gradient")
            }
        }
        let plain = try gradients(checkpointed: false)
        let again = try gradients(checkpointed: true)
        for (a, b) in zip(plain, again) {
            let distance = Distance(b, a)
            // Gradients of shared parameters are added in another order.
            #expect(distance.relative < 1e-5, "\(distance)")
        }
    }
}
