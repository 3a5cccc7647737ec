import Foundation
import NN
import Settings
import StableDiffusion
import TestSupport
import Testing
import Torch
import Training

/// fp32 weights and moments elsewhere than what the network computes with: the same bytes as when
/// they are one, whatever else is asked for.
@Suite struct OffloadTests {
    private struct Case: CustomTestStringConvertible {
        let testDescription: String
        let change: @Sendable (inout TrainingConfiguration) -> Void

        init(
            _ name: String, _ change: @escaping @Sendable (inout TrainingConfiguration) -> Void
        ) {
            testDescription = name
            self.change = change
        }
    }

    private static let cases = [
        Case("clipped") { $0.maxGradNorm = 1e-3 },
        Case("accumulated") { $0.gradientAccumulationSteps = 2 },
        Case("averaged") {
            $0.useEMA = true
            $0.emaDecay = 0.3
        },
        Case("fused") {
            $0.fusedBackwardPass = true
            $0.maxGradNorm = 0
        },
        Case("8 bits") { $0.optimizer = .adamW8bit },
        Case("adafactor") { $0.optimizer = .adafactor },
    ]

    /// Trains the tiny U-Net in bf16, which is cast from fp32 weights in each forward, or once a
    /// step.
    private func train(
        _ change: (inout TrainingConfiguration) -> Void, isOffloaded: Bool, in folder: URL,
        disk: DiskMemory? = nil, steps: Int = 4, resumes: Bool = false
    ) throws {
        let source = try ModelSource(Fixture.url("models/tiny-sd1"))
        let master = try source.unet(weights: disk.map(WeightPlace.disk) ?? .device)
        let unet =
            isOffloaded
            ? try UNet(
                source.unetConfiguration,
                ConvertedParameters(master.parameters, dtype: .bfloat16, device: .cpu)) : master
        master.parameters.setRequiresGradient(true)
        unet.parameters.setRequiresGradient(true)
        let group = ParameterGroup(
            name: "unet", parameters: master.parameters.entries,
            copies: isOffloaded ? unet.parameters.entries.map(\.tensor) : nil, disk: disk)

        var configuration = TrainingConfiguration()
        configuration.seed = 3
        configuration.learningRate = 1e-3
        configuration.trainBatchSize = 2
        configuration.mixedPrecision = .bf16
        configuration.checkpointingSteps = 2
        change(&configuration)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let context = Tensor.randn([2, 77, 32], generator: Generator(seed: 1))
        let task = TrainingTask(
            groups: [group],
            loss: { examples, generator in
                let latents = examples.map { _ in Tensor.randn([4, 8, 8], generator: generator) }
                let sample = Tensor.stacking(latents).cast(to: .bfloat16)
                let output = unet(
                    sample, timesteps: Tensor([10.0, 700], shape: [2]).cast(to: .float32),
                    context: context)
                return (output.cast(to: .float32) - sample.cast(to: .float32)).squared().mean()
            })
        let trainer = try Trainer(
            configuration, stepCount: steps, task: task,
            checkpoints: CheckpointFolder(
                folder, settings: [:], totalLimit: nil, configuration: configuration))
        if resumes {
            try trainer.resume(
                from: try #require(try CheckpointFolder.find("latest", in: folder)))
        }
        try trainer.run()
        // What is computed with follows what is trained.
        for (parameter, computed) in zip(group.parameters, group.computed) where isOffloaded {
            #expect(
                computed.detached().rawBytes()
                    == parameter.tensor.detached().cast(to: .bfloat16).rawBytes(),
                "\(parameter.name)")
        }
    }

    @Test(arguments: cases) private func theBytesAreTheSame(case: Case) throws {
        let folder = try TemporaryFolder()
        try train(`case`.change, isOffloaded: false, in: folder("plain"))
        try train(`case`.change, isOffloaded: true, in: folder("offloaded"))
        let plain = try contents(of: folder("plain/checkpoint-4"))
        #expect(plain.count > 3)
        #expect(try contents(of: folder("offloaded/checkpoint-4")) == plain)
    }

    /// With weights, moments, averages and gradients on a disk, beside copies and without.
    @Test(arguments: cases) private func onADiskTheyAreToo(case: Case) throws {
        let folder = try TemporaryFolder()
        let change = `case`.change
        try train(change, isOffloaded: false, in: folder("plain"))
        let plain = try contents(of: folder("plain/checkpoint-4"))
        for isOffloaded in [false, true] {
            let output = folder("\(isOffloaded)")
            let disk = try DiskMemory(in: folder.url)
            try train(change, isOffloaded: isOffloaded, in: output, disk: disk, steps: 2)
            try train(change, isOffloaded: isOffloaded, in: output, disk: disk, resumes: true)
            #expect(try contents(of: output.appending(path: "checkpoint-4")) == plain)
        }
    }

    @Test func resumingIsExact() throws {
        let folder = try TemporaryFolder()
        let change = Self.cases[2].change
        try train(change, isOffloaded: true, in: folder("straight"))
        try train(change, isOffloaded: true, in: folder("halves"), steps: 2)
        try train(change, isOffloaded: true, in: folder("halves"), resumes: true)
        #expect(
            try contents(of: folder("halves/checkpoint-4"))
                == contents(of: folder("straight/checkpoint-4")))
    }

    /// A run that began without offloading goes on with it, and the reverse: the bytes are one.
    @Test func aRunCanChangeIt() throws {
        let folder = try TemporaryFolder()
        try train({ _ in }, isOffloaded: false, in: folder("run"), steps: 2)
        try train({ _ in }, isOffloaded: true, in: folder("run"), resumes: true)
        try train({ _ in }, isOffloaded: false, in: folder("plain"))
        #expect(
            try contents(of: folder("run/checkpoint-4"))
                == contents(of: folder("plain/checkpoint-4")))
    }

    @Test func valuesBeyondHalfPrecisionAreRefused() throws {
        let source = try ModelSource(Fixture.url("models/tiny-sd1"))
        let master = try source.unet()
        withoutGradients { master.parameters["conv_in.bias"].fill(with: 1e6) }
        #expect(throws: CheckpointError.self) {
            try UNet(
                source.unetConfiguration,
                ConvertedParameters(master.parameters, dtype: .float16, device: .cpu))
        }
    }
}
