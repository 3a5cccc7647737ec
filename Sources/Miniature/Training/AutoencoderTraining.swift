import Foundation
import NN
import StableDiffusion
import Torch

/// Trains the autoencoder: absolute and squared error, the error of the gradients of the picture
/// (which keeps edges), and a little of the divergence from a standard normal.
public func trainAutoencoder(
    _ configuration: MiniatureConfiguration, data: SceneDataset, folder: MiniatureFolder,
    seconds: Double? = nil, isCancelled: () -> Bool = { false }, log: (String) -> Void
) throws {
    let device = data.device
    var sizes = configuration.vae
    let models = try (0..<device.shareCount).map { _ in
        try Autoencoder(
            sizes,
            RandomInitialization(
                Generator(seed: 21), device: device, format: device.trainingFormat))
    }
    let noises = models.indices.map { Generator(seed: 23 + UInt64($0) * 1000, device: device) }
    let run = try TrainingRun(
        "vae", copies: models.map(\.parameters.entries), schedule: configuration.autoencoder,
        averageDecay: 0.999, seed: 22, noises: noises, folder: folder.work)
    try run.run(seconds: seconds, isCancelled: isCancelled, log: log) {
        let rows = Tensor.randint(
            0..<data.count, [configuration.autoencoder.batchSize], generator: run.generator,
            device: device)
        let pixels = data.batch(rows, dtype: device.trainingDType, flippingHalf: true)
        return zip(zip(models, noises), pixels.split(0, into: models.count)).map { pair, share in
            { reconstructionLoss(pair.0, share, noise: pair.1) }
        }
    }
    guard run.isFinished else { return }
    run.adoptAverages()
    let model = models[0]
    sizes.scalingFactor = try latentScale(model, data)
    log("vae: latents are multiplied by \(sizes.scalingFactor)")
    try folder.write(
        sizes, "vae/config.json",
        adding: [
            "_class_name": "AutoencoderKL", "_diffusers_version": "0.36.0",
            "down_block_types": Array(
                repeating: "DownEncoderBlock2D", count: sizes.blockOutChannels.count),
            "up_block_types": Array(
                repeating: "UpDecoderBlock2D", count: sizes.blockOutChannels.count),
            "force_upcast": false,
        ])
    try folder.write(model.parameters.entries, "vae/diffusion_pytorch_model.safetensors")
}

private func reconstructionLoss(
    _ model: Autoencoder, _ pixels: Tensor, noise: Generator
) -> Tensor {
    let latents = model.encode(pixels)
    let painted = model.decode(latents.sample(generator: noise)).cast(to: .float32)
    let mean = latents.mean.cast(to: .float32)
    let logVariance = latents.logVariance.cast(to: .float32)
    let divergence = (mean.squared() + logVariance.exp() - 1 - logVariance).mean() * 0.5
    let difference = painted - pixels.cast(to: .float32)
    return difference.abs().mean() + difference.squared().mean() * 2
        + edges(difference) + divergence * 2e-5
}

/// The mean absolute difference between neighbours, at three scales.
private func edges(_ difference: Tensor) -> Tensor {
    var level = difference
    var total: Tensor?
    for _ in 0..<3 {
        let (height, width) = (level.size(2), level.size(3))
        let across =
            level.narrowed(3, start: 1, length: width - 1)
            - level.narrowed(3, start: 0, length: width - 1)
        let down =
            level.narrowed(2, start: 1, length: height - 1)
            - level.narrowed(2, start: 0, length: height - 1)
        let here = across.abs().mean() + down.abs().mean()
        total = total.map { $0 + here } ?? here
        level = level.averagePooled(2)
    }
    return (total ?? difference.abs().mean()) * 0.5
}

/// One over the standard deviation of the latents of some scenes.
private func latentScale(_ model: Autoencoder, _ data: SceneDataset) throws -> Double {
    withoutGradients {
        let rows = Tensor.arange(min(256, data.count), dtype: .int64, device: data.device)
        let latents = model.encode(data.batch(rows, dtype: .float32))
        let variance = latents.mean.variance() + latents.logVariance.exp().mean()
        return 1 / variance.squareRoot().item()
    }
}
