public import ArgumentParser
public import FineTuning
public import NN

extension LearningRateSchedule.Curve: ExpressibleByArgument {}
extension TrainingConfiguration.Precision: ExpressibleByArgument {}

/// The settings of the training loop, whatever is trained.
struct TrainingOptions: ParsableArguments {
    @Option(help: "Height and width of the training pictures (default: the model's own).")
    var resolution: Int?

    @Flag(help: "Crop in the middle instead of anywhere.")
    var centerCrop = false

    @Option(help: "Decides everything that is random (default: drawn).")
    var seed: UInt64?

    @Option(help: "Photos in one forward pass.")
    var trainBatchSize = 4

    @Option(help: "Forward passes that make one step.")
    var gradientAccumulationSteps = 1

    @Flag(help: "Compute activations twice instead of keeping them: slower, less memory.")
    var gradientCheckpointing = false

    @Option(help: "How often the photos are gone through where --max-train-steps is not given.")
    var numTrainEpochs = 1

    @Option(help: "Steps of the whole run.")
    var maxTrainSteps: Int?

    @Option(help: "The learning rate at its highest (default: by the method).")
    var learningRate: Double?

    @Option(
        name: [.customLong("text-encoder-lr"), .customLong("learning-rate-te")],
        help: "The text encoder's, where it is trained (default: as --learning-rate).")
    var textEncoderLearningRate: Double?

    @Flag(name: .customLong("scale-lr"), help: "Multiply the rate by batch and accumulation.")
    var scaleLR = false

    @Option(name: .customLong("lr-scheduler"), help: "The learning rate's curve.")
    var lrScheduler = LearningRateSchedule.Curve.constant

    @Option(name: .customLong("lr-warmup-steps"), help: "Steps in which the rate rises.")
    var lrWarmupSteps = 0

    @Option(name: .customLong("lr-num-cycles"), help: "Restarts of cosine_with_restarts.")
    var lrNumCycles = 1

    @Option(name: .customLong("lr-power"), help: "The exponent of polynomial.")
    var lrPower = 1.0

    @Option(name: .customLong("adam-beta1"), help: "The decay of AdamW's first moment.")
    var adamBeta1 = AdamW.Settings().beta1

    @Option(name: .customLong("adam-beta2"), help: "The decay of AdamW's second moment.")
    var adamBeta2 = AdamW.Settings().beta2

    @Option(help: "AdamW's weight decay.")
    var adamWeightDecay = AdamW.Settings().weightDecay

    @Option(help: "AdamW's epsilon.")
    var adamEpsilon = AdamW.Settings().epsilon

    @Option(help: "The norm to which gradients are clipped.")
    var maxGradNorm = 1.0

    @Option(help: "What activations are computed in: no (fp32), fp16 or bf16.")
    var mixedPrecision = TrainingConfiguration.Precision.no

    @Option(help: "Weigh timesteps by min-SNR with this gamma; 5 is usual.")
    var snrGamma: Double?

    @Option(help: "Add this much noise per channel; the bare flag means 0.1.")
    var offsetNoise = 0.0

    /// - Parameter learningRate: the method's default.
    func apply(to training: inout TrainingConfiguration, learningRate: Double) {
        training.resolution = resolution
        training.centerCrop = centerCrop
        training.seed = seed
        training.trainBatchSize = trainBatchSize
        training.gradientAccumulationSteps = gradientAccumulationSteps
        training.gradientCheckpointing = gradientCheckpointing
        training.numTrainEpochs = numTrainEpochs
        training.maxTrainSteps = maxTrainSteps
        training.learningRate = self.learningRate ?? learningRate
        training.textEncoderLearningRate = textEncoderLearningRate
        training.scaleLR = scaleLR
        training.lrScheduler = lrScheduler
        training.lrWarmupSteps = lrWarmupSteps
        training.lrNumCycles = lrNumCycles
        training.lrPower = lrPower
        training.adam.beta1 = adamBeta1
        training.adam.beta2 = adamBeta2
        training.adam.weightDecay = adamWeightDecay
        training.adam.epsilon = adamEpsilon
        training.maxGradNorm = maxGradNorm
        training.mixedPrecision = mixedPrecision
        training.snrGamma = snrGamma
        training.offsetNoise = offsetNoise
    }
}

/// Options of diffusers' script that need nothing here, so that command lines people have keep
/// working; what has no effect is said.
struct DiffusersOptions: ParsableArguments {
    @Flag(name: .customLong("allow-tf32"), help: "Let NVIDIA GPUs round fp32 products to TF32.")
    var allowTf32 = false

    @Flag(name: .customLong("use-8bit-adam"), help: "Not yet there: AdamW in fp32 is used.")
    var use8bitAdam = false

    @Flag(help: "Not needed: attention is memory-efficient as it is.")
    var enableXformersMemoryEfficientAttention = false

    @Flag(help: "Not needed: gradients are always freed.")
    var setGradsToNone = false

    @Flag(name: .customLong("pre-compute-text-embeddings"), help: "Not needed: always done.")
    var precomputeTextEmbeddings = false

    @Option(help: "Not needed: latents are kept in memory.")
    var dataloaderNumWorkers = 0

    @Option(help: "Has no effect: training.jsonl is always written.")
    var reportTo: String?

    @Option(help: "Has no effect: training.jsonl is in the output folder.")
    var loggingDir: String?

    @Option(help: "Has no effect: models are read from disk.")
    var revision: String?

    @Option(help: "Has no effect: the variant that is there is read.")
    var variant: String?

    var notices: [String] {
        var result: [String] = []
        if use8bitAdam {
            result.append(
                "--use-8bit-adam has no effect: AdamW keeps its moments in fp32, which takes "
                    + "8 bytes per trained parameter instead of 2.")
        }
        let withoutEffect = [
            ("report-to", reportTo), ("logging-dir", loggingDir), ("revision", revision),
        ]
        for (name, value) in withoutEffect where value != nil {
            result.append("--\(name) has no effect here.")
        }
        return result
    }
}
