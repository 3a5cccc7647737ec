import Foundation
import NN
import StableDiffusion
import Torch

/// Trains the U-Net on the latents of the scenes, with the text encoder and the autoencoder
/// frozen: noise prediction with min-SNR weights (Hang et al. 2023, arXiv 2303.09556), one caption
/// in ten left out for classifier-free guidance (Ho and Salimans 2022, arXiv 2207.12598).
public func trainDiffusion(
    _ configuration: MiniatureConfiguration, data: SceneDataset, folder: MiniatureFolder,
    seconds: Double? = nil, isCancelled: () -> Bool = { false }, log: (String) -> Void
) throws {
    let device = data.device
    let tokenizer = try folder.tokenizer()
    let autoencoder = try folder.autoencoder(device: device)
    let latents = encodeAll(data, autoencoder)
    let (captions, captionOfScene) = uniqueCaptions(data.scenes.map(\.caption))
    // The empty caption comes last.
    let contexts = try encodeAll(captions + [""], tokenizer, folder, device: device)
    let which = captionOfScene
    let sizes = configuration.unet
    let models = try (0..<device.shareCount).map { _ in
        try UNet(
            sizes,
            RandomInitialization(
                Generator(seed: 31), device: device, format: device.trainingFormat))
    }
    log("unet: \(models[0].parameters.elementCount) parameters, \(captions.count) captions")
    let noiseSource = Generator(seed: 33, device: device)
    let run = try TrainingRun(
        "unet", copies: models.map(\.parameters.entries), schedule: configuration.diffusion,
        averageDecay: 0.9995, seed: 32, noises: [noiseSource], folder: folder.work)
    let schedule = NoiseSchedule(miniatureScheduler)
    let weights = schedule.signalToNoise.map {
        Float(MinimumSNR.weight(signalToNoise: $0, gamma: 5, prediction: .epsilon))
    }
    let scale = autoencoder.configuration.scalingFactor
    let batchSize = configuration.diffusion.batchSize
    try run.run(seconds: seconds, isCancelled: isCancelled, log: log) {
        let scenes = Tensor.randint(0..<data.count, [batchSize], generator: run.generator)
        let timesteps = Tensor.randint(
            0..<schedule.trainingStepCount, [batchSize], generator: run.generator
        ).integers()
        let dropped = Tensor.rand([batchSize], generator: run.generator).floats()
        let mirrored = Tensor.randint(0..<2, [batchSize], generator: run.generator)
        let captionNumbers = zip(scenes.integers(), dropped).map {
            $1 < 0.1 ? captions.count : which[$0]
        }
        let rows = (scenes + mirrored * Double(data.count)).moved(to: device)
        let clean = withoutGradients {
            latents.sample(rows, generator: noiseSource) * scale
        }
        let noise = Tensor.randn(clean.shape, generator: noiseSource)
        let noisy = schedule.noisy(clean, noise: noise, timesteps: timesteps)
        let target = schedule.target(latents: clean, noise: noise, timesteps: timesteps)
        let context = contexts.gathered(0, at: Tensor(captionNumbers, device: device))
        let times = Tensor(timesteps.map(Float.init), device: device)
        let importance = Tensor(timesteps.map { weights[$0] }, device: device)
        func shares(_ whole: Tensor) -> [Tensor] { whole.split(0, into: models.count) }
        let inputs = shares(noisy.cast(to: device.trainingDType))
        let (targets, texts) = (shares(target), shares(context))
        let (moments, factors) = (shares(times), shares(importance))
        return models.indices.map { share in
            {
                let predicted = models[share](
                    inputs[share], timesteps: moments[share], context: texts[share])
                let errors = (predicted.cast(to: .float32) - targets[share]).squared()
                return (errors.mean([1, 2, 3]) * factors[share]).mean()
            }
        }
    }
    guard run.isFinished else { return }
    run.adoptAverages()
    try write(models[0], sizes, folder)
}

/// The noise schedule of Stable Diffusion 1.x.
let miniatureScheduler: SchedulerConfiguration = {
    var scheduler = SchedulerConfiguration()
    scheduler.betaStart = 0.00085
    scheduler.betaEnd = 0.012
    scheduler.betaSchedule = .scaledLinear
    return scheduler
}()

/// The distributions of all scenes' latents, first as they are and then mirrored.
private struct SceneLatents {
    let means: Tensor
    let deviations: Tensor

    func sample(_ rows: Tensor, generator: Generator) -> Tensor {
        let mean = means.gathered(0, at: rows).cast(to: .float32)
        let deviation = deviations.gathered(0, at: rows).cast(to: .float32)
        return mean + deviation * Tensor.randn(mean.shape, generator: generator)
    }
}

private func encodeAll(_ data: SceneDataset, _ autoencoder: Autoencoder) -> SceneLatents {
    withoutGradients {
        var means: [Tensor] = []
        var deviations: [Tensor] = []
        for mirrored in [false, true] {
            for start in stride(from: 0, to: data.count, by: 64) {
                let rows = Tensor.arange(
                    Double(start), Double(min(start + 64, data.count)), dtype: .int64,
                    device: data.device)
                let pixels = data.batch(rows, dtype: data.device.trainingDType)
                let moments = autoencoder.encode(mirrored ? pixels.flipped(3) : pixels)
                means.append(moments.mean)
                deviations.append(moments.standardDeviation)
            }
        }
        return SceneLatents(
            means: Tensor.concatenating(means), deviations: Tensor.concatenating(deviations))
    }
}

private func encodeAll(
    _ captions: [String], _ tokenizer: CLIPTokenizer, _ folder: MiniatureFolder, device: Device
) throws -> Tensor {
    let text = try folder.clip(device: device).text
    return withoutGradients {
        let parts = stride(from: 0, to: captions.count, by: 512).map { start in
            let some = Array(captions[start..<min(start + 512, captions.count)])
            return text(tokenIDs(some, tokenizer, device: device), dtype: device.trainingDType)
        }
        return Tensor.concatenating(parts)
    }
}

private func write(_ model: UNet, _ sizes: UNetConfiguration, _ folder: MiniatureFolder) throws {
    try folder.write(
        sizes, "unet/config.json",
        adding: [
            "_class_name": "UNet2DConditionModel", "_diffusers_version": "0.36.0",
            "center_input_sample": false, "mid_block_scale_factor": 1,
        ])
    try folder.write(model.parameters.entries, "unet/diffusion_pytorch_model.safetensors")
    try folder.write(
        json: [
            "_class_name": "DPMSolverMultistepScheduler", "_diffusers_version": "0.36.0",
            "num_train_timesteps": 1000, "beta_start": 0.00085, "beta_end": 0.012,
            "beta_schedule": "scaled_linear", "prediction_type": "epsilon", "solver_order": 2,
            "algorithm_type": "dpmsolver++", "solver_type": "midpoint",
            "lower_order_final": true, "use_karras_sigmas": false,
            "timestep_spacing": "trailing", "steps_offset": 1,
        ], "scheduler/scheduler_config.json")
    func part(_ library: String, _ name: String) -> [String] { [library, name] }
    try folder.write(
        json: [
            "_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.36.0",
            "feature_extractor": [NSNull(), NSNull()], "safety_checker": [NSNull(), NSNull()],
            "requires_safety_checker": false,
            "scheduler": part("diffusers", "DPMSolverMultistepScheduler"),
            "text_encoder": part("transformers", "CLIPTextModel"),
            "tokenizer": part("transformers", "CLIPTokenizer"),
            "unet": part("diffusers", "UNet2DConditionModel"),
            "vae": part("diffusers", "AutoencoderKL"),
        ], "model_index.json")
}
