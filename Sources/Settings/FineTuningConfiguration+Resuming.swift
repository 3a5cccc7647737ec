import Foundation
import NN
import StableDiffusion

extension FineTuningConfiguration {
    private static func json(_ settings: OptimizerSettings) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(settings), as: UTF8.self)
    }

    private var methodName: String {
        switch method {
        case .dreamBooth: "dreambooth"
        case .lora: "lora"
        case .textualInversion: "textual-inversion"
        case .hypernetwork: "hypernetwork"
        }
    }

    /// The prompt, or what tells captions from others.
    private var textSetting: String {
        if let instancePrompt, subjects.count == 1 { return instancePrompt }
        let text = captions.map { "captions \($0.fingerprint)" } ?? "none"
        return text + (wantedDropout.map { " with --caption-dropout \($0)" } ?? "")
    }

    /// The settings that decide the numbers of a run, by the names of their options: a resumed
    /// run must have the same ones.
    ///
    /// Left out is what only decides what is kept and shown (checkpoints, validation, folders),
    /// or how the same numbers are computed (gradient checkpointing).
    ///
    /// - Parameters:
    ///   - resolution: what is trained at, where the option leaves it to the model.
    ///   - stepCount: counts only where the learning rate depends on it, so that a run with a
    ///     constant rate can be made longer.
    package func settings(resolution: Int, stepCount: Int, modelHash: String) throws -> [String:
        String]
    {
        let schedule = training.schedule(stepCount: stepCount)
        var result = [
            "method": methodName,
            "model": modelHash,
            "instance-prompt": textSetting,
            "with-prior-preservation": String(withPriorPreservation),
            "train-text-encoder": String(trainTextEncoder),
            "resolution": String(resolution),
            "center-crop": String(training.centerCrop),
            "seed": String(training.seed ?? 0),
            "train-batch-size": String(training.trainBatchSize),
            "gradient-accumulation-steps": String(training.gradientAccumulationSteps),
            "learning-rate": training.learningRateStages?.description ?? String(schedule.base),
            "lr-scheduler": schedule.curve.rawValue,
            "optimizer": training.optimizer.rawValue,
            "optimizer-args": try Self.json(training.optimizerSettings),
            "max-grad-norm": String(training.maxGradNorm),
            "mixed-precision": training.mixedPrecision.rawValue,
            "snr-gamma": training.snrGamma.map { String($0) } ?? "none",
            "offset-noise": String(training.offsetNoise),
        ]
        result.merge(training.objectiveSettings) { $1 }
        if let rate = training.textEncoderLearningRate {
            result["text-encoder-lr"] = String(rate)
        }
        if let step = training.stopTextEncoderTraining {
            result["stop-text-encoder-training"] = String(step)
        }
        switch method {
        case .dreamBooth: break
        case .textualInversion(let method):
            result["placeholder-token"] = method.placeholderToken
            result["initializer-token"] = method.initializerToken ?? "none"
            result["num-vectors"] = String(method.vectorCount)
            result["learnable-property"] = method.learnableProperty.rawValue
            result["templates"] = try method.texts().joined(separator: "\n")
        case .hypernetwork(let method):
            let network = method.network
            result["layer-structure"] = network.layerStructure.map { "\($0)" }.joined(
                separator: ",")
            result["activation-func"] = network.activation.rawValue
            result["weight-init"] = network.weightInitialization.rawValue
            result["layer-norm"] = String(network.hasLayerNorm)
            result["dropout-structure"] = network.dropouts.map { "\($0)" }.joined(separator: ",")
            result["activate-output"] = String(network.activatesOutput)
            result["sizes"] =
                method.usesModelWidths
                ? "all" : network.widths.map(String.init).joined(separator: ",")
        case .lora(let method):
            let adapters = method.adapters
            result["network-type"] = adapters.kind.rawValue
            result["rank"] = String(adapters.rank)
            result["network-alpha"] = adapters.alpha.map { String($0) } ?? "none"
            result["conv-rank"] = adapters.convolutionRank.map { String($0) } ?? "none"
            result["conv-alpha"] = adapters.convolutionAlpha.map { String($0) } ?? "none"
            result["lora-dropout"] = String(adapters.dropout)
            result["use-dora"] = String(adapters.usesMagnitudes)
            result["use-rslora"] = String(adapters.isRankStabilized)
            result["lokr-factor"] = String(adapters.kroneckerFactor)
            result["target"] = adapters.pattern ?? adapters.preset.rawValue
            result["loraplus-lr-ratio"] = String(method.loraPlusRatio)
            if let word = method.word {
                result["placeholder-token"] = word.placeholderToken
                result["initializer-token"] = word.initializerToken ?? "none"
                result["num-vectors"] = String(word.vectorCount)
                result["embedding-lr"] = method.wordLearningRate.map { String($0) } ?? "none"
            }
        }
        if withPriorPreservation {
            result["class-prompt"] = classTexts.joined(separator: "\n")
            if selfDistillation {
                result["self-distillation"] = "true"
            } else {
                result["num-class-images"] = String(numClassImages)
            }
            result["prior-loss-weight"] = String(priorLossWeight)
        }
        switch schedule.curve {
        case .constant: break
        case .constantWithWarmup: result["lr-warmup-steps"] = String(schedule.warmupStepCount)
        case .linear, .cosine, .cosineWithRestarts, .polynomial:
            result["lr-warmup-steps"] = String(schedule.warmupStepCount)
            result["max-train-steps"] = String(stepCount)
            result["lr-num-cycles"] = String(schedule.cycleCount)
            result["lr-power"] = String(schedule.power)
        }
        return result
    }
}
