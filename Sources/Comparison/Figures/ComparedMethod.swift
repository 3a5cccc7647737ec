/// A way to fine-tune, as a comparison has it.
public enum ComparedMethod: String, Codable, Sendable, CaseIterable {
    case dreamBooth = "dreambooth"
    case dreamBoothWithPrior = "dreambooth-prior"
    case distilledDreamBooth = "dreambooth-self-distillation"
    case lora
    case distilledLoRA = "lora-self-distillation"
    case textualInversion = "textual-inversion"
    case hypernetwork

    /// The name for people.
    public var label: String {
        switch self {
        case .dreamBooth: "DreamBooth"
        case .dreamBoothWithPrior: "DreamBooth with prior preservation"
        case .distilledDreamBooth: "DreamBooth with self-distillation"
        case .lora: "LoRA"
        case .distilledLoRA: "LoRA with self-distillation"
        case .textualInversion: "Textual Inversion"
        case .hypernetwork: "Hypernetwork"
        }
    }

    /// Whether the whole model is trained, with the class kept in whatever way.
    public var isDreamBooth: Bool {
        [.dreamBooth, .dreamBoothWithPrior, .distilledDreamBooth].contains(self)
    }
}
