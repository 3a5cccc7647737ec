import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

/// Hypernetworks laid over the tiny U-Net, against diffusers with a processor of its own.
@Suite struct HypernetworkAttentionTests {
    private let unet: UNet
    private let fixture: SafetensorsFile
    private let inputs: SafetensorsFile

    init() throws {
        let folder = "models/tiny-sd1/unet"
        let configuration = try JSONDecoder().decode(
            UNetConfiguration.self, from: Data(contentsOf: Fixture.url("\(folder)/config.json")))
        unet = try UNet(
            configuration,
            Checkpoint(try Fixture.file("\(folder)/diffusion_pytorch_model.safetensors")))
        fixture = try Fixture.file("hypernetworks/unet.safetensors")
        inputs = try Fixture.file("unet/tiny-sd1.safetensors")
    }

    private func predict() throws -> Tensor {
        unet(
            try inputs.require("native.input.sample"),
            timesteps: try inputs.require("native.input.timesteps").cast(to: .float32),
            context: try inputs.require("native.input.encoder_hidden_states"))
    }

    private func hypernetwork(_ name: String) throws -> Hypernetwork {
        try HypernetworkFile.read(Fixture.url("hypernetworks/\(name).pt"))
    }

    private func expect(_ found: Tensor, _ name: String) throws {
        let distance = Distance(found, try fixture.require(name))
        #expect(distance.isWithin(absolute: 1e-5, relative: 1e-5), "\(name): \(distance)")
    }

    @Test func contextWidthsAreTheModels() {
        #expect(unet.contextWidths == [32, 8, 16, 24])
    }

    @Test func predictionsMatchReference() throws {
        let first = try hypernetwork("first")
        let second = try hypernetwork("second")
        try withoutGradients {
            let plain = try predict()
            try first.attach(to: unet)
            try expect(try predict(), "output.first")
            first.strength = 0.6
            try expect(try predict(), "output.first_0.6")
            second.strength = 1.2
            try second.attach(to: unet)
            try expect(try predict(), "output.first_0.6.second_1.2")
            // Attached anew it comes last.
            try first.attach(to: unet)
            try expect(try predict(), "output.second_1.2.first_0.6")
            first.detach(from: unet)
            second.strength = 0
            #expect(Distance(try predict(), plain).absolute == 0)
            second.strength = 1
            second.detach(from: unet)
            #expect(Distance(try predict(), plain).absolute == 0)
            #expect(Distance(plain, try fixture.require("output.first")).relative > 1e-2)
        }
    }

    @Test(arguments: [false, true])
    func gradientsMatchReference(checkpointsActivations: Bool) throws {
        let first = try hypernetwork("first")
        try first.attach(to: unet)
        unet.checkpointsActivations = checkpointsActivations
        first.parameters.setRequiresGradient(true)
        try predict().squared().mean().backward()
        for (name, tensor) in first.parameters.entries {
            let gradient = try #require(tensor.gradient, "\(name)")
            if name.hasSuffix("key.linear.2.bias") {
                // What all keys have in common cancels in the softmax: only rounding is left.
                #expect(gradient.abs().maximum().item() < 1e-7, "\(name)")
            } else {
                try expect(gradient, "gradient.\(name)")
            }
        }
        for (name, tensor) in unet.parameters.entries {
            #expect(tensor.gradient == nil, "\(name)")
        }
    }

    @Test func zeroWeightsChangeNothing() throws {
        var configuration = HypernetworkConfiguration()
        configuration.widths = unet.contextWidths
        let hypernetwork = try Hypernetwork(
            name: "new", configuration, generator: Generator(seed: 1))
        try withoutGradients {
            let plain = try predict()
            try hypernetwork.attach(to: unet)
            #expect(Distance(try predict(), plain).relative < 1e-2, "Normal weights are small")
            for (_, tensor) in hypernetwork.parameters.entries { tensor.fill(with: 0) }
            #expect(Distance(try predict(), plain).absolute == 0)
        }
    }

    @Test func contextsKeepTheirType() throws {
        let hypernetwork = try hypernetwork("first")
        let module = try #require(hypernetwork.module(width: 32, .value))
        let input = Tensor.randn([1, 3, 32], generator: Generator(seed: 4), dtype: .bfloat16)
        let output = module(input)
        #expect(output.dtype == .bfloat16)
        // Rounded once, at the end.
        let exact = module(input.cast(to: .float32))
        #expect(Distance(output, exact.cast(to: .bfloat16)).absolute == 0)
    }

    @Test func otherModelsAreRefused() throws {
        var configuration = HypernetworkConfiguration()
        configuration.widths = [12, 40]
        let hypernetwork = try Hypernetwork(
            name: "other", configuration, generator: Generator(seed: 1))
        let error = #expect(throws: HypernetworkError.self) { try hypernetwork.attach(to: unet) }
        #expect(
            error?.description
                == "the hypernetwork other is for attention of the widths 12, 40, and this model "
                + "has 32, 8, 16, 24; choose the base model that it was made for.")
    }
}
