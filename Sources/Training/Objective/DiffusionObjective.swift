public import Datasets
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
    /// Whether rows are weighed by debiased estimation.
    public let isDebiased: Bool
    /// What an error costs.
    public let loss: LossFunction
    /// What rows of the class should say, where that is not the noise.
    package var frozenPrior: FrozenPrior?
    private let signalToNoise: [Double]

    /// An objective; see the members.
    public init(
        unet: UNet, schedule: NoiseSchedule, dtype: DType = .float32, priorLossWeight: Double = 1,
        snrGamma: Double? = nil, isDebiased: Bool = false, loss: LossFunction = LossFunction()
    ) {
        self.unet = unet
        self.schedule = schedule
        self.dtype = dtype
        self.priorLossWeight = priorLossWeight
        self.snrGamma = snrGamma
        self.isDebiased = isDebiased
        self.loss = loss
        signalToNoise = schedule.signalToNoise
    }

    /// - Parameter context: the text of each row, [rows, tokens, width].
    public func callAsFunction(_ batch: DiffusionBatch, context: Tensor) -> Tensor {
        let costs = loss(
            prediction(batch, context: context), target(batch), timesteps: batch.timesteps,
            of: schedule)
        return Losses.weighted(
            Losses.rowMeans(costs, weights: batch.weights), by: weights(batch))
    }

    /// The loss of rows of several sizes: a forward pass for each size, and the sum of all.
    ///
    /// - Parameters:
    ///   - batches: one of each size, as `TrainingExamples` gives them.
    ///   - context: the text of each row of all of them, [rows, tokens, width].
    public func callAsFunction(_ batches: [DiffusionBatch], context: Tensor) -> Tensor {
        var start = 0
        let losses = batches.map { batch in
            defer { start += batch.texts.count }
            return self(
                batch,
                context: batches.count == 1
                    ? context : context.narrowed(0, start: start, length: batch.texts.count))
        }
        return losses.dropFirst().reduce(losses[0], +)
    }

    /// The mean square error of each row, float32 [rows], whatever the loss is.
    public func rowErrors(_ batch: DiffusionBatch, context: Tensor) -> Tensor {
        Losses.squaredErrors(
            prediction(batch, context: context), target(batch), weights: batch.weights)
    }

    /// What the U-Net should say; the noise that the input was perturbed with is no part of it.
    private func target(_ batch: DiffusionBatch) -> Tensor {
        let plain = schedule.target(
            latents: batch.latents, noise: batch.noise, timesteps: batch.timesteps)
        guard let frozenPrior else { return plain }
        return frozenPrior.target(plain, of: batch, noisy: noisy(batch), times: times(batch))
    }

    /// What the U-Net says of the noised rows, shaped as the latents.
    func prediction(_ batch: DiffusionBatch, context: Tensor) -> Tensor {
        unet(noisy(batch), timesteps: times(batch), context: context.cast(to: dtype))
    }

    private func noisy(_ batch: DiffusionBatch) -> Tensor {
        schedule.noisy(
            batch.latents, noise: batch.addedNoise ?? batch.noise, timesteps: batch.timesteps
        ).cast(to: dtype)
    }

    private func times(_ batch: DiffusionBatch) -> Tensor {
        Tensor(batch.timesteps.map(Float.init), device: batch.latents.device)
    }

    /// The weight of each row: that of its half, times that of its timestep.
    public func weights(_ batch: DiffusionBatch) -> [Double] {
        let halves = Losses.priorWeights(
            areClass: batch.areClass, priorWeight: priorLossWeight, counts: batch.counts)
        return zip(halves, batch.timesteps).map { half, timestep in
            let (ratio, prediction) = (signalToNoise[timestep], schedule.predictionType)
            if let snrGamma {
                return half
                    * MinimumSNR.weight(
                        signalToNoise: ratio, gamma: snrGamma, prediction: prediction)
            }
            guard isDebiased else { return half }
            return half * DebiasedEstimation.weight(signalToNoise: ratio, prediction: prediction)
        }
    }
}
