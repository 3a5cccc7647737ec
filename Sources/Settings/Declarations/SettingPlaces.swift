import NN
import StableDiffusion

/// Where settings have their values, where that is no stored property of its own.
extension FineTuningConfiguration {
    /// What LoRA is told; the defaults where another method is taken.
    var lora: LoRAConfiguration {
        get { if case .lora(let value) = method { value } else { LoRAConfiguration() } }
        set { method = .lora(newValue) }
    }

    /// What textual inversion is told; the defaults where another method is taken.
    var inversion: TextualInversionConfiguration {
        get {
            if case .textualInversion(let value) = method { return value }
            return TextualInversionConfiguration(placeholderToken: "")
        }
        set {
            method = .textualInversion(newValue)
            instancePrompt = newValue.placeholderToken
        }
    }

    /// What a hypernetwork is told; the defaults where another method is taken.
    var hypernetwork: HypernetworkTraining {
        get { if case .hypernetwork(let value) = method { value } else { HypernetworkTraining() } }
        set { method = .hypernetwork(newValue) }
    }

    /// What class pictures are painted in, by the names that diffusers has for it.
    var paintingPrecision: PaintingPrecision? {
        get { priorGenerationPrecision.map { PaintingPrecision(rawValue: $0.rawValue) ?? .no } }
        set { priorGenerationPrecision = newValue.map { .init(rawValue: $0.rawValue) ?? .no } }
    }

    /// diffusers has two names for fp32 here.
    enum PaintingPrecision: String, SettingChoice {
        case no
        case fp32
        case fp16
        case bf16
    }
}

extension LoRAConfiguration {
    var placeholderToken: String? {
        get { word?.placeholderToken }
        set { word = newValue.map { TextualInversionConfiguration(placeholderToken: $0) } }
    }

    var initializerToken: String? {
        get { word?.initializerToken }
        set { word?.initializerToken = newValue }
    }

    var vectorCount: Int? {
        get { word?.vectorCount }
        set { word?.vectorCount = newValue ?? 1 }
    }

    /// The one spelling that is written; nil: all.
    var format: AdapterWriter.Format? {
        get { formats.count == 1 ? formats[0] : nil }
        set { formats = newValue.map { [$0] } ?? AdapterWriter.Format.allCases }
    }
}

extension HypernetworkTraining {
    var dropoutStructure: [Double]? {
        get { network.dropoutStructure }
        set {
            network.dropoutStructure = newValue
            network.usesDropout = newValue?.contains { $0 > 0 } ?? false
        }
    }

    /// The widths that were chosen; nil: all of the model's.
    var sizes: [Int]? {
        get { usesModelWidths ? nil : network.widths }
        set {
            usesModelWidths = newValue == nil
            if let newValue { network.widths = newValue }
        }
    }
}

/// One rate, or A1111's list of rates until steps.
enum LearningRate: SettingValue {
    case constant(Double)
    case stages(SteppedLearningRate)

    static let kind = SettingKind.text

    static func read(_ texts: [String]) throws(UnreadableSetting) -> LearningRate {
        let text = texts.joined(separator: ", ")
        if let rate = Double(text) { return .constant(rate) }
        do {
            return .stages(try SteppedLearningRate(text))
        } catch .value(_, _, let problem) {
            throw UnreadableSetting(problem: "\(problem).")
        } catch {
            throw UnreadableSetting(problem: "\(error)")
        }
    }

    var settingTexts: [String]? {
        switch self {
        case .constant(let rate): rate.settingTexts
        case .stages(let stages): [stages.description]
        }
    }
}

/// Options of an optimizer by their Python names.
struct OptimizerArguments: SettingValue {
    static let kind = SettingKind.list

    /// `d_coef=2`
    let assignments: [String]

    static func read(_ texts: [String]) throws(UnreadableSetting) -> OptimizerArguments {
        var settings = OptimizerSettings()
        do throws(OptimizerError) {
            for text in texts { try settings.set(text) }
        } catch {
            throw UnreadableSetting(problem: error.description)
        }
        return OptimizerArguments(assignments: texts)
    }

    var settingTexts: [String]? { assignments.isEmpty ? nil : assignments }
}

extension TrainingConfiguration {
    /// When a run ends before its last step.
    enum Stop: String, SettingChoice {
        case never
        case auto
    }

    /// What a U-Net can learn to say.
    enum LearnedPrediction: String, SettingChoice {
        case epsilon
        case velocity = "v_prediction"
    }

    var stop: Stop {
        get { stopsByItself ? .auto : .never }
        set { stopsByItself = newValue == .auto }
    }

    var learnedPrediction: LearnedPrediction? {
        get { predictionType.flatMap { LearnedPrediction(rawValue: $0.rawValue) } }
        set { predictionType = newValue.flatMap { PredictionType(rawValue: $0.rawValue) } }
    }

    var rate: LearningRate {
        get { learningRateStages.map(LearningRate.stages) ?? .constant(learningRate) }
        set {
            switch newValue {
            case .constant(let rate):
                learningRate = rate
                learningRateStages = nil
            case .stages(let stages):
                learningRateStages = stages
                // What other rates are relative to.
                learningRate = stages.stages[0].rate
            }
        }
    }

    var uses8bitAdam: Bool {
        get { optimizer == .adamW8bit }
        set { if newValue { optimizer = .adamW8bit } }
    }

    /// All options but those that have settings of their own.
    var optimizerArguments: OptimizerArguments {
        get {
            var others = optimizerSettings
            others.beta1 = nil
            others.beta2 = nil
            others.weightDecay = nil
            others.epsilon = nil
            return OptimizerArguments(assignments: others.assignments)
        }
        set {
            for assignment in newValue.assignments { try? optimizerSettings.set(assignment) }
        }
    }
}

/// What command lines for diffusers' scripts say that decides no numbers here.
public struct AcceptedSettings: Codable, Sendable, Equatable {
    /// Lets NVIDIA GPUs round fp32 products to TF32.
    public var allowTF32 = false
    var memoryEfficientAttention = false
    var setsGradientsToNone = false
    var precomputesTextEmbeddings = false
    var dataloaderWorkerCount = 0
    var revision: String?
    var variant: String?

    /// Nothing.
    public init() {}
}
