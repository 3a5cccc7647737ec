public import ArgumentParser
public import NN
public import Settings
import Training

extension LearningRateSchedule.Curve: ExpressibleByArgument {}
extension TrainingConfiguration.Precision: ExpressibleByArgument {}
extension HuberSchedule: ExpressibleByArgument {}

extension LossKind: ExpressibleByArgument {
    /// Reads `smooth-l1` as well as `smooth_l1`.
    public init?(argument: String) {
        self.init(rawValue: argument.lowercased().replacing("-", with: "_"))
    }
}

extension Warmup: ExpressibleByArgument {
    /// Reads `100` or `10%`.
    public init?(argument: String) {
        guard let warmup = try? Warmup(argument) else { return nil }
        self = warmup
    }
}

extension OptimizerKind: ExpressibleByArgument {
    /// Reads a name in any of its spellings.
    public init?(argument: String) {
        guard let kind = try? OptimizerKind(named: argument) else { return nil }
        self = kind
    }
}

/// One rate, or A1111's list of rates until steps.
enum LearningRateArgument: ExpressibleByArgument {
    case constant(Double)
    case stages(SteppedLearningRate)

    init?(argument: String) {
        if let rate = Double(argument) {
            self = .constant(rate)
        } else if let stages = try? SteppedLearningRate(argument) {
            self = .stages(stages)
        } else {
            return nil
        }
    }
}

/// The settings of the training loop, whatever is trained.
struct TrainingOptions: ParsableArguments {
    @Option(help: "Height and width of the training pictures (default: the model's own).")
    var resolution: Int?

    @Flag(help: "Crop in the middle instead of anywhere.")
    var centerCrop = false

    @Option(help: "Decides everything that is random (default: drawn).")
    var seed: UInt64?

    @Option(help: "Photos in one forward pass (default: 4; the preset's where it gives the steps).")
    var trainBatchSize: Int?

    @Option(help: "Forward passes that make one step.")
    var gradientAccumulationSteps = 1

    @Flag(help: "Compute activations twice instead of keeping them: slower, less memory.")
    var gradientCheckpointing = false

    @Option(help: "How often the photos are gone through, in place of --max-train-steps.")
    var numTrainEpochs: Int?

    @Option(help: "Steps of the whole run (default: by method and model).")
    var maxTrainSteps: Int?

    @Option(
        help: """
            The learning rate at its highest (default: by method and model), or rates until steps \
            as in A1111: \"0.005:100, 1e-3:1000\".
            """)
    var learningRate: LearningRateArgument?

    @Option(
        name: [.customLong("text-encoder-lr"), .customLong("learning-rate-te")],
        help: "The text encoder's, where it is trained (default: as --learning-rate).")
    var textEncoderLearningRate: Double?

    @Option(help: "The step after which the text encoder stays as it is (default: never).")
    var stopTextEncoderTraining: Int?

    @Flag(name: .customLong("scale-lr"), help: "Multiply the rate by batch and accumulation.")
    var scaleLR = false

    @Option(name: .customLong("lr-scheduler"), help: "The learning rate's curve.")
    var lrScheduler = LearningRateSchedule.Curve.constant

    @Option(
        name: .customLong("lr-warmup-steps"), help: "Steps in which the rate rises: 100, or 10%.")
    var lrWarmupSteps = Warmup.steps(0)

    @Option(name: .customLong("lr-num-cycles"), help: "Restarts of cosine_with_restarts.")
    var lrNumCycles = 1

    @Option(name: .customLong("lr-power"), help: "The exponent of polynomial.")
    var lrPower = 1.0

    @Option(
        name: [.customLong("optimizer"), .customLong("optimizer-type")],
        help: "adamw, adamw8bit, adafactor, lion, prodigy, adamw-schedule-free or sgd.")
    var optimizer = OptimizerKind.adamW

    @Option(
        parsing: .upToNextOption,
        help: "Options of the optimizer by their Python names: d_coef=2 weight_decay=0.1")
    var optimizerArgs: [String] = []

    @Flag(name: .customLong("use-8bit-adam"), help: "As --optimizer adamw8bit.")
    var use8bitAdam = false

    @Option(name: .customLong("adam-beta1"), help: "The first moment's decay (default: 0.9).")
    var adamBeta1: Double?

    @Option(name: .customLong("adam-beta2"), help: "The second moment's decay (default: 0.999).")
    var adamBeta2: Double?

    @Option(help: "The weight decay (default: 0.01).")
    var adamWeightDecay: Double?

    @Option(help: "Keeps divisions from zero (default: 1e-8).")
    var adamEpsilon: Double?

    @Option(help: "The norm to which gradients are clipped; 0: no clipping.")
    var maxGradNorm = 1.0

    @Option(help: "What activations are computed in: no (fp32), fp16 or bf16.")
    var mixedPrecision = TrainingConfiguration.Precision.no

    @Option(
        name: [.customLong("snr-gamma"), .customLong("min-snr-gamma")],
        help: "Weigh timesteps by min-SNR with this gamma; 5 is usual.")
    var snrGamma: Double?

    @Option(
        name: [.customLong("offset-noise"), .customLong("noise-offset")],
        help: "Add this much noise per channel; the bare flag means 0.1.")
    var offsetNoise = 0.0

    @OptionGroup var objective: ObjectiveOptions
    @OptionGroup var updates: UpdateOptions

    /// Takes from a preset what was not given; what it gives, by the names of its options.
    func complete(
        _ training: inout TrainingConfiguration, from preset: Preset
    ) -> [(name: String, value: String)] {
        var taken: [(name: String, value: String)] = []
        if maxTrainSteps == nil, numTrainEpochs == nil, training.learningRateStages == nil {
            training.maxTrainSteps = preset.stepCount
            taken.append(("max-train-steps", String(preset.stepCount)))
            if trainBatchSize == nil {
                training.trainBatchSize = preset.batchSize
                taken.append(("train-batch-size", String(preset.batchSize)))
            }
        }
        // Prodigy finds the rate, and multiplies it by its own.
        if learningRate == nil, training.optimizer != .prodigy {
            training.learningRate = preset.learningRate
            taken.append(("learning-rate", String(preset.learningRate)))
        }
        return taken
    }

    func apply(to training: inout TrainingConfiguration) throws {
        training.resolution = resolution
        training.centerCrop = centerCrop
        training.seed = seed
        if let trainBatchSize { training.trainBatchSize = trainBatchSize }
        training.gradientAccumulationSteps = gradientAccumulationSteps
        training.gradientCheckpointing = gradientCheckpointing
        if let numTrainEpochs { training.numTrainEpochs = numTrainEpochs }
        training.maxTrainSteps = maxTrainSteps
        training.optimizer = use8bitAdam ? .adamW8bit : optimizer
        switch self.learningRate {
        case .constant(let rate): training.learningRate = rate
        case .stages(let stages):
            training.learningRateStages = stages
            // What other rates are relative to.
            training.learningRate = stages.stages[0].rate
        case nil: if training.optimizer == .prodigy { training.learningRate = 1 }
        }
        training.textEncoderLearningRate = textEncoderLearningRate
        training.stopTextEncoderTraining = stopTextEncoderTraining
        training.scaleLR = scaleLR
        training.lrScheduler = lrScheduler
        training.lrWarmupSteps = lrWarmupSteps
        training.lrNumCycles = lrNumCycles
        training.lrPower = lrPower
        training.optimizerSettings.beta1 = adamBeta1
        training.optimizerSettings.beta2 = adamBeta2
        training.optimizerSettings.weightDecay = adamWeightDecay
        training.optimizerSettings.epsilon = adamEpsilon
        for argument in optimizerArgs { try training.optimizerSettings.set(argument) }
        training.maxGradNorm = maxGradNorm
        training.mixedPrecision = mixedPrecision
        training.snrGamma = snrGamma
        training.offsetNoise = offsetNoise
        objective.apply(to: &training)
        updates.apply(to: &training)
    }
}

/// Options of diffusers' script that need nothing here, so that command lines people have keep
/// working; what has no effect is said.
struct DiffusersOptions: ParsableArguments {
    @Flag(name: .customLong("allow-tf32"), help: "Let NVIDIA GPUs round fp32 products to TF32.")
    var allowTf32 = false

    @Flag(help: "Not needed: attention is memory-efficient as it is.")
    var enableXformersMemoryEfficientAttention = false

    @Flag(help: "Not needed: gradients are always freed.")
    var setGradsToNone = false

    @Flag(name: .customLong("pre-compute-text-embeddings"), help: "Not needed: always done.")
    var precomputeTextEmbeddings = false

    @Option(help: "Not needed: latents are kept in memory.")
    var dataloaderNumWorkers = 0

    @Option(help: "Has no effect: models are read from disk.")
    var revision: String?

    @Option(help: "Has no effect: the variant that is there is read.")
    var variant: String?

    var notices: [String] {
        var result: [String] = []
        let withoutEffect = [("revision", revision)]
        for (name, value) in withoutEffect where value != nil {
            result.append("--\(name) has no effect here.")
        }
        return result
    }
}
