public import StableDiffusion
package import Torch

/// What LoRA is told besides what all methods are told.
public struct LoRAConfiguration: Codable, Sendable, Equatable {
    /// The small layers.
    public var adapters = AdapterConfiguration()
    /// How much faster those factors learn that begin at zero; 1: as fast as the others.
    public var loraPlusRatio = 1.0
    /// The spellings that are written; all by default.
    public var formats = AdapterWriter.Format.allCases
    /// What the file's numbers are.
    public var savePrecision = SavePrecision.fp16

    /// A word that is learned along with the layers (pivotal tuning); nil: none.
    public var word: TextualInversionConfiguration?
    /// The rate of the word's vectors; nil: as the layers'.
    public var wordLearningRate: Double?

    /// What numbers are stored as.
    public enum SavePrecision: String, Codable, Sendable, CaseIterable {
        case fp32
        case fp16
        case bf16
    }

    /// LoRA of rank 16 on the transformers.
    public init() {}

    package var saveDType: DType {
        switch savePrecision {
        case .fp32: .float32
        case .fp16: .float16
        case .bf16: .bfloat16
        }
    }

    /// PEFT's files in diffusers know plain LoRA and DoRA only.
    package var canBeWrittenAsPEFT: Bool { adapters.kind == .lora }

    /// - Throws: ``SettingError/option(name:value:problem:)`` with the option's name.
    func validate() throws(SettingError) {
        if adapters.dropout > 0, adapters.kind != .lora || adapters.usesMagnitudes {
            throw .option(
                name: "lora-dropout", value: String(adapters.dropout),
                problem: "goes with plain LoRA only; leave it away for \(adapters.kind.rawValue)"
                    + (adapters.usesMagnitudes ? " with `use-dora`." : "."))
        }
        if adapters.kind != .lokr, adapters.kroneckerFactor != -1 {
            throw .option(
                name: "lokr-factor", value: String(adapters.kroneckerFactor),
                problem: "goes with `network-type` lokr only.")
        }
        try word?.validate()
        if let wordLearningRate {
            guard word != nil else {
                throw .option(
                    name: "embedding-lr", value: String(wordLearningRate),
                    problem: "needs `placeholder-token`, the word that is learned.")
            }
        }
        if let word, word.placeholderToken.contains("."), formats.contains(.kohya) {
            throw .option(
                name: "placeholder-token", value: word.placeholderToken,
                problem: "has a dot, which the keys of kohya's files cannot hold; choose another.")
        }
        if formats.isEmpty || (formats == [.peft] && !canBeWrittenAsPEFT) {
            throw .option(
                name: "format", value: formats.map(\.rawValue).joined(separator: ","),
                problem: "cannot hold \(adapters.kind.rawValue) weights; use kohya.")
        }
    }
}
