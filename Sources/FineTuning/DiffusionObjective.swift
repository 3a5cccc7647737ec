public import StableDiffusion
public import Torch

/// How far a U-Net's prediction is off, as one number.
public struct DiffusionObjective {
    /// What is trained, or stands before what is trained.
    public let unet: UNet
    /// How much noise each timestep has, and what is predicted.
    public let schedule: NoiseSchedule
    /// What the U-Net computes in.
    public let dtype: DType
    /// What the class rows weigh against the instance rows.
    public let priorLossWeight: Double
    /// γ of min-SNR; nil: no such weights.
    public let snrGamma: Double?
    private let signalToNoise: [Double]

    /// An objective; see the members.
    public init(
        unet: UNet, schedule: NoiseSchedule, dtype: DType = .float32, priorLossWeight: Double = 1,
        snrGamma: Double? = nil
    ) {
        self.unet = unet
        self.schedule = schedule
        self.dtype = dtype
        self.priorLossWeight = priorLossWeight
        self.snrGamma = snrGamma
        signalToNoise = schedule.signalToNoise
    }

    /// - Parameter context: the text of each row, [rows, tokens, width].
    public func callAsFunction(_ batch: DiffusionBatch, context: Tensor) -> Tensor {
        let rows = rowErrors(batch, context: context)
        return Losses.weighted(rows, by: weights(batch))
    }

    /// The mean square error of each row, float32 [rows].
    public func rowErrors(_ batch: DiffusionBatch, context: Tensor) -> Tensor {
        let target = schedule.target(
            latents: batch.latents, noise: batch.noise, timesteps: batch.timesteps)
        return Losses.squaredErrors(prediction(batch, context: context), target)
    }

    /// What the U-Net says of the noised rows, shaped as the latents.
    func prediction(_ batch: DiffusionBatch, context: Tensor) -> Tensor {
        let noisy = schedule.noisy(
            batch.latents, noise: batch.noise, timesteps: batch.timesteps)
        return unet(
            noisy.cast(to: dtype),
            timesteps: Tensor(batch.timesteps.map(Float.init), device: batch.latents.device),
            context: context.cast(to: dtype))
    }

    /// The weight of each row: that of its half, times that of its timestep.
    public func weights(_ batch: DiffusionBatch) -> [Double] {
        let halves = Losses.priorWeights(areClass: batch.areClass, priorWeight: priorLossWeight)
        guard let snrGamma else { return halves }
        return zip(halves, batch.timesteps).map { half, timestep in
            half
                * MinimumSNR.weight(
                    signalToNoise: signalToNoise[timestep], gamma: snrGamma,
                    prediction: schedule.predictionType)
        }
    }
}
