import ArgumentParser
import Settings
import StableDiffusion
import Training

/// What the U-Net learns to say, and what an error costs.
struct ObjectiveOptions: ParsableArguments {
    @Option(help: "What an error costs: l2, huber or smooth_l1.")
    var lossType = LossKind.l2

    @Option(help: "The error from which huber and smooth_l1 grow more slowly.")
    var huberC = 0.1

    @Option(help: "How that depends on the timestep: constant, snr or exponential.")
    var huberSchedule = HuberSchedule.snr

    @Flag(help: "Weigh timesteps by debiased estimation, in place of --snr-gamma.")
    var debiasedEstimationLoss = false

    @Option(
        name: [.customLong("input-perturbation"), .customLong("ip-noise-gamma")],
        help: "Add this much noise to the input alone; 0.1 is usual.")
    var inputPerturbation = 0.0

    @Option(help: "What is learned: epsilon or v_prediction (default: as the model says).")
    var predictionType: Prediction?

    @Flag(
        name: [.customLong("rescale-betas-zero-snr"), .customLong("zero-terminal-snr")],
        help: "End the noise schedule with noise alone.")
    var rescaleBetasZeroSnr = false

    /// The names of diffusers.
    enum Prediction: String, ExpressibleByArgument, CaseIterable {
        case epsilon
        case velocity = "v_prediction"
    }

    func apply(to training: inout TrainingConfiguration) {
        training.lossType = lossType
        training.huberC = huberC
        training.huberSchedule = huberSchedule
        training.debiasedEstimationLoss = debiasedEstimationLoss
        training.inputPerturbation = inputPerturbation
        training.predictionType = predictionType.map {
            switch $0 {
            case .epsilon: .epsilon
            case .velocity: .vPrediction
            }
        }
        training.rescaleBetasZeroSNR = rescaleBetasZeroSnr
    }
}

/// How the weights are kept and moved, besides the optimizer.
struct UpdateOptions: ParsableArguments {
    @Flag(
        name: .customLong("use-ema"),
        help: "Keep an average of the weights: it is painted with, measured and written.")
    var useEMA = false

    @Option(help: "How much of the average stays in a step, at most.")
    var emaDecay = 0.9999

    @Flag(help: "Move each weight as its gradient arrives: less memory. Needs --max-grad-norm 0.")
    var fusedBackwardPass = false

    @Flag(
        name: .customLong("full-bf16"),
        help: "Train weights in bf16 with stochastic rounding (dreambooth): half the memory.")
    var fullBF16 = false

    func apply(to training: inout TrainingConfiguration) {
        training.useEMA = useEMA
        training.emaDecay = emaDecay
        training.fusedBackwardPass = fusedBackwardPass
        training.fullBF16 = fullBF16
    }
}
