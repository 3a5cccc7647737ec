import Datasets
import Foundation
import Imaging
import NN
import RunRecord
import Settings
import StableDiffusion
import Torch
import Training

/// A method of one's own: of the whole U-Net only the biases are trained, as BitFit does
/// (Ben Zaken et al. 2021, arXiv 2106.10199).
struct BiasTuning {
    let pipeline: Pipeline
    /// What is trained.
    let biases: [(name: String, tensor: Tensor)]
    /// The photos, encoded once: `[photos, 4, height / 8, width / 8]`.
    private let latents: Tensor
    /// What the prompt says, `[1, 77, width]`.
    private let context: Tensor
    private let objective: DiffusionObjective

    init(_ model: URL, photos: URL, prompt: String) throws {
        let source = try ModelSource(model)
        pipeline = try Pipeline(source, precision: .float32, device: .cpu)
        biases = pipeline.unet.parameters.entries.filter { $0.name.hasSuffix(".bias") }
        let size = 64
        let pixels = try PhotoFolder.scan(photos).photos.map { photo in
            let picture = try PhotoReader.read(photo)
                .resizedAndCropped(width: size, height: size, crop: .center)
            return Tensor(picture.pixels, shape: [size, size, 3])
                .cast(to: .float32).permuted(2, 0, 1) / 127.5 - 1
        }
        let pipeline = pipeline
        (latents, context) = withoutGradients {
            let distribution = pipeline.autoencoder.encode(Tensor.stacking(pixels))
            let scale = pipeline.autoencoder.configuration.scalingFactor
            return (distribution.mean * scale, pipeline.encode([prompt]))
        }
        objective = DiffusionObjective(
            unet: pipeline.unet, schedule: NoiseSchedule(source.schedulerConfiguration))
    }

    /// What the loop asks for at each step: how far off the U-Net is on these rows.
    private func loss(_ examples: Range<Int>, _ generator: Generator) -> Tensor {
        let rows = examples.map { latents.selected(0, $0 % latents.size(0)) }
        let clean = Tensor.stacking(rows)
        let batch = DiffusionBatch(
            latents: clean, noise: .randn(clean.shape, generator: generator),
            timesteps: Tensor.randint(0..<1000, [rows.count], generator: generator).integers(),
            areClass: rows.map { _ in false })
        return objective(batch, context: context.expanded([rows.count, -1, -1]))
    }

    func train(stepCount: Int, into folder: URL) throws -> URL {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (_, bias) in biases { bias.requiresGradient = true }
        defer { for (_, bias) in biases { bias.requiresGradient = false } }
        var configuration = TrainingConfiguration()
        configuration.learningRate = 1e-3
        configuration.trainBatchSize = 2
        configuration.seed = 1
        let task = TrainingTask(
            groups: [ParameterGroup(name: "biases", parameters: biases)], loss: loss)
        try Trainer(
            configuration, stepCount: stepCount, task: task,
            checkpoints: CheckpointFolder(
                folder, settings: [:], totalLimit: 1, configuration: configuration)
        ).run()
        let file = folder.appending(path: "biases.safetensors")
        try SafetensorsWriter.write(biases, to: file)
        return file
    }
}
