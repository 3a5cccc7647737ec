import Foundation
import Imaging
import NN
import RunRecord
import Settings
import StableDiffusion
import Testing
import TestSupport
import Torch
import Training

/// Every pair of options either composes or is refused with the reason.
@Suite struct OptionPairTests {
    /// An option with a value that it does not have by itself, and with what it needs.
    struct Option: Sendable, CustomStringConvertible {
        /// As it is typed, without the hyphens; for a method its name.
        let name: String
        /// What else a refusal may name: what it brings along.
        let companions: [String]
        /// Whether it has a part in what a step computes, so that pairs are worth running.
        let isComputed: Bool
        let set: @Sendable (inout FineTuningConfiguration) -> Void

        init(
            _ name: String, with companions: [String] = [], isComputed: Bool = true,
            _ set: @escaping @Sendable (inout FineTuningConfiguration) -> Void
        ) {
            self.name = name
            self.companions = companions
            self.isComputed = isComputed
            self.set = set
        }

        var description: String { name }
    }

    /// Those that bring along what they need come first: of a pair the second one has the last
    /// word, so that `--fused-backward-pass --max-grad-norm 0.5` is a pair too.
    static let options: [Option] =
        [
            Option("fused-backward-pass") {
                $0.training.fusedBackwardPass = true
                $0.training.maxGradNorm = 0
            },
            Option("full-bf16") {
                $0.training.fullBF16 = true
                $0.training.mixedPrecision = .bf16
            },
            Option("rescale-betas-zero-snr") {
                $0.training.rescaleBetasZeroSNR = true
                $0.training.predictionType = .vPrediction
            },
            Option("with-prior-preservation") {
                $0.withPriorPreservation = true
                $0.classDataDir = $0.instanceDataDir + "-class"
                $0.classPrompt = "a photo of a robot"
                $0.numClassImages = 1
                $0.classImageSteps = 1
            },
            Option("self-distillation", with: ["with-prior-preservation"]) {
                $0.withPriorPreservation = true
                $0.selfDistillation = true
                $0.classPrompt = "a photo of a robot"
            },
            Option("text-encoder-lr", with: ["train-text-encoder"]) {
                $0.trainTextEncoder = true
                $0.training.textEncoderLearningRate = 1e-4
            },
            Option("train-text-encoder") { $0.trainTextEncoder = true },
            Option("caption-dropout") {
                $0.instancePrompt = nil
                $0.captionDropout = 0.5
            },
            Option("lora") {
                var lora = LoRAConfiguration()
                lora.adapters.rank = 2
                $0.method = .lora(lora)
            },
            Option("lora-dropout") {
                var lora = LoRAConfiguration()
                lora.adapters.rank = 2
                lora.adapters.dropout = 0.1
                $0.method = .lora(lora)
            },
            Option("use-dora") {
                var lora = LoRAConfiguration()
                lora.adapters.rank = 2
                lora.adapters.usesMagnitudes = true
                $0.method = .lora(lora)
            },
            Option("textual-inversion") {
                $0.method = .textualInversion(
                    TextualInversionConfiguration(
                        placeholderToken: "<my-robot>", initializerToken: "robot"))
            },
            Option("hypernetwork") { $0.method = .hypernetwork(HypernetworkTraining()) },
            Option("dropout-structure") {
                var network = HypernetworkConfiguration()
                network.dropoutStructure = [0, 0.2, 0]
                network.usesDropout = true
                $0.method = .hypernetwork(HypernetworkTraining(network))
            },
            Option("loss-type") { $0.training.lossType = .huber },
            Option("huber-schedule") {
                $0.training.lossType = .smoothL1
                $0.training.huberSchedule = .exponential
            },
            Option("snr-gamma") { $0.training.snrGamma = 5 },
            Option("debiased-estimation-loss") { $0.training.debiasedEstimationLoss = true },
            Option("prediction-type") { $0.training.predictionType = .epsilon },
            Option("offset-noise") { $0.training.offsetNoise = 0.1 },
            Option("input-perturbation") { $0.training.inputPerturbation = 0.1 },
            Option("use-ema") { $0.training.useEMA = true },
            Option("masked-loss") { $0.data.maskedLoss = true },
            Option("random-flip") { $0.data.randomFlip = true },
            Option("no-enable-bucket") { $0.data.enableBucket = false },
            Option("shuffle-caption") {
                $0.instancePrompt = nil
                $0.data.shuffleCaption = true
            },
            Option("gradient-accumulation-steps") { $0.training.gradientAccumulationSteps = 2 },
            Option("gradient-checkpointing") { $0.training.gradientCheckpointing = true },
            Option("max-grad-norm") { $0.training.maxGradNorm = 0.5 },
            Option("mixed-precision") { $0.training.mixedPrecision = .fp16 },
            Option("center-crop") { $0.training.centerCrop = true },
            Option("lr-scheduler") { $0.training.lrScheduler = .cosine },
            Option("learning-rate", isComputed: false) {
                $0.training.learningRateStages = try? SteppedLearningRate("1e-3:10, 1e-4:20")
            },
            Option("scale-lr", isComputed: false) { $0.training.scaleLR = true },
            Option("stop", isComputed: false) { $0.training.stopsByItself = true },
            Option("measuring-steps", isComputed: false) { $0.training.measuringSteps = 0 },
            Option("keep-best", isComputed: false) { $0.training.record.keepBest = true },
            Option("num-held-out", isComputed: false) { $0.training.record.numHeldOut = 1 },
        ] + optimizers

    private static let optimizers = OptimizerKind.allCases.filter { $0 != .adamW }.map { kind in
        Option("optimizer") { $0.training.optimizer = kind }
    }

    /// Two places in the list of options: names would not do, since optimizers share one.
    private struct Pair {
        let first: Int
        let second: Int
        var options: [Option] { [OptionPairTests.options[first], OptionPairTests.options[second]] }
        var isComputed: Bool { options.allSatisfy(\.isComputed) }
    }

    private static let pairs: [Pair] = options.indices.flatMap { first in
        options.indices.filter { $0 > first }.map { Pair(first: first, second: $0) }
    }

    private func configuration(_ folder: TemporaryFolder, _ options: [Option])
        -> FineTuningConfiguration
    {
        var configuration = tinyConfiguration(folder, "robot", steps: 1)
        configuration.training.measuringSteps = nil
        for option in options { option.set(&configuration) }
        return configuration
    }

    /// Whether a refusal says which option it is about, and why.
    private func isHelpful(_ error: any Error, _ options: [Option]) -> Bool {
        let sentence = "\(error)"
        return options.contains { option in
            ([option.name] + option.companions).contains { sentence.contains($0) }
        } && sentence.split(separator: " ").count >= 8
    }

    /// Each option alone is fine, so that what a pair is refused for is the pair.
    @Test(arguments: options) func everyOptionAloneIsValid(option: Option) throws {
        try configuration(TemporaryFolder(), [option]).validate()
    }

    @Test func everyPairComposesOrIsRefused() throws {
        let folder = try TemporaryFolder()
        var refused = 0
        for options in Self.pairs.map(\.options) {
            do {
                try configuration(folder, options).validate()
            } catch {
                refused += 1
                #expect(
                    isHelpful(error, options), "\(options) are refused in other words: \(error)")
            }
        }
        // Neither everything nor nothing.
        #expect(refused > 20 && refused < Self.pairs.count / 4, "\(refused) refused")
    }

    /// Pairs that compose, drawn by a seed so that every option with a part in a step is in one.
    private func drawnPairs(seed: UInt64, in folder: TemporaryFolder) -> [Pair] {
        let pairs = Self.pairs.filter(\.isComputed)
        let order = Tensor.randperm(pairs.count, generator: Generator(seed: seed)).integers()
        var missing = Set(Self.options.indices.filter { Self.options[$0].isComputed })
        let drawn = order.map { pairs[$0] }.filter { pair in
            guard missing.contains(pair.first) || missing.contains(pair.second),
                (try? configuration(folder, pair.options).validate()) != nil
            else { return false }
            missing.subtract([pair.first, pair.second])
            return true
        }
        #expect(missing.isEmpty, "\(missing.map { Self.options[$0] }) are in no pair")
        return drawn
    }

    /// A step each on the tiny model, from the photos to the written file.
    @Test func pairsThatComposeRun() throws {
        let folder = try TemporaryFolder()
        try makePhotos(in: folder("photos"))
        for index in 0..<3 {
            try "robot, toy".write(
                to: folder("photos/\(index).txt"), atomically: true, encoding: .utf8)
        }
        // For those with masks: the left half of a photo counts.
        let mask = Tensor.ones([64, 32, 3]) * 255
        try PNGWriter.write(
            PixelImage(
                width: 64, height: 64,
                pixels: Tensor.concatenating([mask, mask * 0], 1).cast(to: .uint8).unsignedBytes()),
            to: folder("photos/1-masklabel.png"))
        for pair in drawnPairs(seed: 5, in: folder) {
            var configuration = configuration(folder, pair.options)
            configuration.outputDir = folder("robot").path
            configuration.training.measuringSteps = 0
            var losses: [Double] = []
            #expect(throws: Never.self, "\(pair.options)") {
                try FineTuningRun(configuration) { event in
                    if case .step(let record, _) = event { losses.append(record.loss) }
                }.run()
            }
            #expect(losses.count == 1 && losses.allSatisfy(\.isFinite), "\(pair.options)")
            try? FileManager.default.removeItem(at: folder("robot"))
        }
    }
}
