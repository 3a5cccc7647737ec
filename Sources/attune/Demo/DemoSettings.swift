import Comparison
import Foundation
import Settings
import StableDiffusion

/// Every number and text of the demo, in one place; tuned for the embedded model.
struct DemoSettings: Codable, Sendable {
    /// A rare word that becomes the subject's name.
    var identifier = "sks"
    /// What kind of thing the subject is.
    var subject = "robot"
    /// Decides everything that is random.
    var seed: UInt64 = 1

    /// Training steps.
    var stepCount = preset.stepCount
    /// How much the untrained model's word on ordinary things of that kind counts against the
    /// photos.
    var priorLossWeight = 1.0

    /// How pictures are painted; nil: as the model says.
    var samplingStepCount = 30
    var guidanceScale = 4.0
    var sampler: SamplerKind?
    /// Pictures in one batch.
    var paintedAtOnce = 8
    /// Pictures that each figure is measured on.
    var measuredCount = 8

    /// The prompts that are shown; `*` stands for the subject. The first is what it is taught
    /// under, and the places are in none of the example photos.
    var prompts =
        [Prompt(label: "as in the photos", template: "a photo of *")]
        + ComparisonSettings.usualPrompts.map { prompt in
            Prompt(
                label: ComparisonSettings.place(of: prompt),
                template: prompt.replacing("{}", with: "*"))
        }
    /// A prompt that the demo leaves for the person to try.
    var nextTemplate = "a photo of * in a forest at night"

    /// What else suits the embedded model.
    static let preset = Preset(
        for: .dreamBooth, withPriorPreservation: true, isSmall: true)

    /// A wish, and its name on the contact sheet.
    struct Prompt: Codable, Sendable {
        var label: String
        var template: String
    }

    /// `a photo of sks robot`
    var instancePrompt: String { named("a photo of *") }
    /// `a photo of a robot`
    var classPrompt: String { plain("a photo of *") }
    /// `sks robot`
    var name: String { "\(identifier) \(subject)" }

    /// The template with the subject's name in it.
    func named(_ template: String) -> String { template.replacing("*", with: name) }

    /// The template with just any thing of that kind in it.
    func plain(_ template: String) -> String { template.replacing("*", with: thing) }

    /// `a robot`
    var thing: String {
        let startsWithVowel = subject.lowercased().first.map { "aeiou".contains($0) } ?? false
        return (startsWithVowel ? "an " : "a ") + subject
    }

    func generation(_ prompt: String) -> GenerationSettings {
        var settings = GenerationSettings(prompt: prompt)
        settings.stepCount = samplingStepCount
        settings.guidanceScale = guidanceScale
        settings.sampler = sampler
        return settings
    }

    /// - Throws: `TrainingError` for a setting that cannot be.
    func training(
        model: String, photos: String, folder: DemoFolder
    ) throws -> FineTuningConfiguration {
        var told = RunSettings(.dreamBooth)
        for (name, value) in [
            ("model", model), ("instance-data-dir", photos), ("instance-prompt", instancePrompt),
            ("class-prompt", classPrompt), ("with-prior-preservation", "true"),
            ("self-distillation", "true"), ("prior-loss-weight", String(priorLossWeight)),
            ("output-dir", folder.model.path), ("seed", String(seed)), ("center-crop", "true"),
            ("max-train-steps", String(stepCount)),
            ("train-batch-size", String(Self.preset.batchSize)),
            // A run of minutes is begun anew rather than resumed.
            ("checkpointing-steps", String(stepCount + 1)),
            // The demo has photos of its own that it measures with.
            ("num-held-out", "0"), ("report-to", "none"),
        ] { try told.set(name, to: value) }
        try told.complete(isSmall: true)
        return try told.configuration()
    }
}
