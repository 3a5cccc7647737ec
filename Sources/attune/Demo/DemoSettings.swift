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

    /// Training steps, photos in each, and the learning rate.
    var stepCount = preset.stepCount
    var batchSize = preset.batchSize
    var learningRate = preset.learningRate
    var textEncoderLearningRate = preset.textEncoderLearningRate
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
    var prompts = [
        Prompt(label: "as in the photos", template: "a photo of *"),
        Prompt(label: "on the beach", template: "a photo of * on the beach"),
        Prompt(label: "in the snow", template: "a photo of * in the snow"),
        Prompt(label: "cinematic lighting", template: "a photo of * in cinematic lighting"),
        Prompt(label: "desert at sunset", template: "a photo of * in the desert at sunset"),
        Prompt(label: "on the moon", template: "a photo of * on the moon"),
    ]
    /// A prompt that the demo leaves for the person to try.
    var nextTemplate = "a photo of * in a forest at night"

    private static let preset = Preset(
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

    func training(model: String, photos: String, folder: DemoFolder) -> FineTuningConfiguration {
        var configuration = FineTuningConfiguration(
            instanceDataDir: photos, instancePrompt: instancePrompt)
        configuration.model = model
        configuration.outputDir = folder.model.path
        configuration.withPriorPreservation = true
        configuration.selfDistillation = true
        configuration.classPrompt = classPrompt
        configuration.priorLossWeight = priorLossWeight
        configuration.trainTextEncoder = textEncoderLearningRate != nil
        configuration.training.textEncoderLearningRate = textEncoderLearningRate
        configuration.training.seed = seed
        configuration.training.maxTrainSteps = stepCount
        configuration.training.trainBatchSize = batchSize
        configuration.training.learningRate = learningRate
        configuration.training.centerCrop = true
        // A run of minutes is begun anew rather than resumed.
        configuration.training.checkpointingSteps = stepCount + 1
        // The demo has photos of its own that it measures with.
        configuration.training.record.numHeldOut = 0
        configuration.training.record.reportTo = .none
        return configuration
    }
}
