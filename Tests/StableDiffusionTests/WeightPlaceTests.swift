import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

/// Weights in main memory take less of a GPU, which needs none to be seen.
@Suite(.serialized) struct WeightPlaceTests {
    private let gpu = Device.meta(.gpu)

    /// The most that is in use on the GPU, in bytes.
    private func peak(_ body: () throws -> Void) throws -> Int {
        gpu.emptyCache()
        gpu.resetPeakMemory()
        let before = try #require(gpu.memoryInUse).inUse
        try body()
        return try #require(gpu.memoryInUse).peakInUse - before
    }

    @Test func lessOfTheModelIsOnTheGPU() throws {
        let source = try ModelSource(Fixture.url("models/tiny-sd1"))
        var settings = GenerationSettings(prompt: "a robot")
        settings.stepCount = 2
        let peaks = try WeightOffload.allCases.map { offload in
            try peak {
                let pipeline = try Pipeline(source, device: gpu, offload: offload)
                _ = try pipeline.generate(settings, seeds: [0])
            }
        }
        #expect(peaks[0] > peaks[1] && peaks[1] > peaks[2], "\(peaks)")
    }

    /// Of the blocks two are there at once, in backward too.
    @Test(arguments: [false, true]) func blocksComeAndGo(isTrained: Bool) throws {
        let source = try ModelSource(Fixture.url("models/tiny-sd1"))
        let peaks = try [WeightPlace.device, .mainMemory].map { place in
            try peak {
                let unet = try source.unet(device: gpu, weights: place)
                unet.checkpointsActivations = true
                unet.parameters.setRequiresGradient(isTrained)
                let configuration = unet.configuration
                let latents = Tensor.empty([1, configuration.inChannels, 8, 8], device: gpu)
                let context = Tensor.empty([1, 4, configuration.crossAttentionWidth], device: gpu)
                latents.requiresGradient = true
                unet(latents, timesteps: Tensor.empty([1], device: gpu), context: context)
                    .sum().backward()
                let first = unet.parameters.entries[0].tensor
                #expect(first.device == (place.isOnDevice ? gpu : gpu.mainMemory))
                #expect(first.gradient?.device == (isTrained ? first.device : nil))
            }
        }
        #expect(peaks[1] < peaks[0] * 3 / 4, "\(peaks)")
    }
}
