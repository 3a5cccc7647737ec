public import NN
public import StableDiffusion

/// The settings of the training loop, whatever is trained.
///
/// Names and defaults are those of diffusers' `examples/dreambooth/train_dreambooth.py`, except
/// that the warm-up is 0 (500 there, which short runs never leave), that no resolution means the
/// model's own, and that the noise offset is a number.
public struct TrainingConfiguration: Codable, Sendable, Equatable {
    /// What activations are computed in; the trained parameters are fp32 unless `fullBF16`.
    public enum Precision: String, Codable, Sendable, CaseIterable {
        case no
        case fp16
        case bf16
        /// As is quickest on the device.
        case auto
    }

    /// Height and width of the training pictures in pixels; nil: the model's own size.
    public var resolution: Int?
    /// Crops in the middle instead of anywhere.
    public var centerCrop = false
    /// Decides the order of the pictures, their crops, noise and timesteps; nil: drawn.
    public var seed: UInt64?

    /// Examples in one forward pass; with prior preservation each brings a class picture along.
    /// Of several processes each has so many, and what a run has settled is what all have together.
    public var trainBatchSize = 4
    /// Forward passes whose gradients make one step.
    public var gradientAccumulationSteps = 1
    /// Computes activations again in backward instead of keeping them.
    public var gradientCheckpointing = false
    /// How often all pictures are gone through where `maxTrainSteps` is nil.
    public var numTrainEpochs = 1
    /// Optimizer steps; nil: what `numTrainEpochs` makes.
    public var maxTrainSteps: Int?

    /// The rate at its highest, before `scaleLR`.
    public var learningRate = 5e-6
    /// Rates that change at given steps, in place of `learningRate` and its curve.
    public var learningRateStages: SteppedLearningRate?
    /// The rate of the text encoder where it is trained; nil: as `learningRate`.
    public var textEncoderLearningRate: Double?
    /// The step after which the text encoder stays as it is; nil: it is trained to the end.
    public var stopTextEncoderTraining: Int?
    /// Multiplies the rate by batch size and accumulation steps.
    public var scaleLR = false
    /// The curve of the rate.
    public var lrScheduler = LearningRateSchedule.Curve.constant
    /// Steps in which the rate rises from 0.
    public var lrWarmupSteps = Warmup.steps(0)
    /// Restarts of `cosine_with_restarts`.
    public var lrNumCycles = 1
    /// The exponent of `polynomial`.
    public var lrPower = 1.0
    /// What moves the parameters.
    public var optimizer = OptimizerKind.adamW
    /// The optimizer's options; nil ones have its defaults.
    public var optimizerSettings = OptimizerSettings()
    /// The norm to which the gradient of all parameters together is clipped; 0: no clipping.
    public var maxGradNorm = 1.0
    /// Moves each parameter as its gradient arrives, so that all gradients never exist together.
    public var fusedBackwardPass = false
    /// What activations are computed in.
    public var mixedPrecision = Precision.no
    /// Keeps the trained parameters in bf16, rounded stochastically.
    public var fullBF16 = false
    /// Where fp32 weights and the optimizer's moments are kept.
    public var offloadOptimizer = OffloadDevice.none
    /// Where the weights that are computed with are kept.
    public var offloadParam = OffloadDevice.none
    /// The folder on whose disk `nvme` keeps it, in a file without a name; nil: the output folder.
    public var nvmePath: String?
    /// Takes what saves memory where the run would not fit into it otherwise.
    public var fit = true
    /// The most memory that the device gives the run; nil: what is free.
    public var deviceMemoryLimit: ByteCount?
    /// What each of several processes keeps a part of: 0 nothing, 1 the optimizer's moments,
    /// 2 gradients as well.
    public var zeroStage = 0
    /// Keeps an average of the weights, which is what is painted with, measured and written.
    public var useEMA = false
    /// How much of the average stays in a step, at most.
    public var emaDecay = 0.9999

    /// What an error costs.
    public var lossType = LossKind.l2
    /// The threshold of `huber` and `smooth_l1`.
    public var huberC = 0.1
    /// How the threshold depends on the timestep.
    public var huberSchedule = HuberSchedule.snr
    /// What the U-Net learns to predict; nil: what the model says.
    public var predictionType: PredictionType?
    /// Stretches the noise schedule so that its last step is noise alone.
    public var rescaleBetasZeroSNR = false
    /// γ of min-SNR weighting (Hang et al. 2023, arXiv 2303.09556); nil: every row weighs the same.
    public var snrGamma: Double?
    /// Weighs timesteps by debiased estimation.
    public var debiasedEstimationLoss = false
    /// How much one number per channel is added to the noise; diffusers' flag means 0.1.
    public var offsetNoise = 0.0
    /// How much more noise there is in what the U-Net sees than in what it should say.
    public var inputPerturbation = 0.0

    /// Steps between readings of what is learned and forgotten; nil: a twentieth of the run, 10 at
    /// least; 0: none.
    public var measuringSteps: Int?
    /// Ends the run when the readings say that nothing is gained any more.
    public var stopsByItself = false
    /// What of the run is kept out, kept and recorded.
    public var record = RecordConfiguration()

    /// Steps between checkpoints.
    public var checkpointingSteps = 500
    /// How many checkpoints are kept; nil: all.
    public var checkpointsTotalLimit: Int?
    /// Pictures of this text are painted during training and at its end.
    public var validationPrompt: String?
    /// Pictures painted each time.
    public var numValidationImages = 4
    /// Steps between the times.
    public var validationSteps = 100

    /// The defaults.
    public init() {}

    /// The rate at its highest, after `scaleLR`.
    public var effectiveLearningRate: Double {
        scaleLR
            ? learningRate * Double(trainBatchSize) * Double(gradientAccumulationSteps)
            : learningRate
    }

    /// Optimizer steps of the whole run.
    ///
    /// - Parameter exampleCount: the examples of one epoch.
    public func stepCount(exampleCount: Int) -> Int {
        if let count = maxTrainSteps ?? learningRateStages?.endStep { return count }
        // As diffusers counts: the last batch and the last group of batches may be short there.
        func quotient(_ count: Int, _ size: Int) -> Int {
            count / size + (count % size == 0 ? 0 : 1)
        }
        let batches = quotient(exampleCount, trainBatchSize)
        let steps = quotient(batches, gradientAccumulationSteps)
            .multipliedReportingOverflow(by: numTrainEpochs)
        return steps.overflow ? .max : steps.partialValue
    }

    /// Steps between readings of the curves; nil: none are read.
    package func measuringInterval(stepCount: Int) -> Int? {
        let interval = measuringSteps ?? max(10, stepCount / 20)
        return interval > 0 ? interval : nil
    }

    /// The learning rate of each of `stepCount` steps.
    public func schedule(stepCount: Int) -> LearningRateSchedule {
        LearningRateSchedule(
            lrScheduler, base: effectiveLearningRate,
            warmupStepCount: lrWarmupSteps.stepCount(of: stepCount),
            stepCount: stepCount, cycleCount: lrNumCycles, power: lrPower)
    }
}
