/// The ways in which a model is taught, by the names that people type.
public enum TrainingMethod: String, Codable, Sendable, CaseIterable {
    case dreamBooth = "dreambooth"
    case lora
    case textualInversion = "textual-inversion"
    case hypernetwork

    /// What people call it.
    public var title: String {
        switch self {
        case .dreamBooth: "DreamBooth"
        case .lora: "LoRA"
        case .textualInversion: "Textual inversion"
        case .hypernetwork: "Hypernetwork"
        }
    }
}

extension FineTuningMethod {
    /// Which of the ways it is.
    public var kind: TrainingMethod {
        switch self {
        case .dreamBooth: .dreamBooth
        case .lora: .lora
        case .textualInversion: .textualInversion
        case .hypernetwork: .hypernetwork
        }
    }
}

extension FineTuningConfiguration {
    /// The defaults of a method, before anything is told.
    public init(method: TrainingMethod) {
        self.init(instanceDataDir: "")
        switch method {
        case .dreamBooth: break
        case .lora:
            self.method = .lora(LoRAConfiguration())
            outputDir = "lora-dreambooth-model"
        case .textualInversion:
            self.method = .textualInversion(TextualInversionConfiguration(placeholderToken: ""))
            outputDir = "text-inversion-model"
        case .hypernetwork:
            self.method = .hypernetwork(HypernetworkTraining())
            outputDir = "hypernetwork-model"
        }
    }
}
