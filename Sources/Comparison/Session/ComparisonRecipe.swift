import Foundation
import Settings
import StableDiffusion

extension ComparedMethod {
    /// The way of teaching that it is a kind of.
    var trained: TrainingMethod {
        switch self {
        case .dreamBooth, .dreamBoothWithPrior, .distilledDreamBooth: .dreamBooth
        case .lora, .distilledLoRA: .lora
        case .textualInversion: .textualInversion
        case .hypernetwork: .hypernetwork
        }
    }
}

/// How each method is trained in a comparison: by its preset.
enum ComparisonRecipe {
    /// Class pictures of prior preservation.
    static func classPictureCount(isSmall: Bool) -> Int {
        isSmall ? 40 : 100
    }

    /// The settings of one training.
    static func settings(
        for method: ComparedMethod, seed: UInt64, settings: ComparisonSettings, isSmall: Bool,
        model: URL, photos: URL, classPictures: URL, output: URL
    ) throws -> RunSettings {
        var told = RunSettings(method.trained)
        func tell(_ values: [(String, String)]) throws {
            for (name, value) in values { try told.set(name, to: value) }
        }
        try tell([
            ("model", model.path), ("instance-data-dir", photos.path), ("output-dir", output.path),
            ("seed", String(seed)), ("center-crop", "true"),
            // What is compared is learned from all of the photos.
            ("num-held-out", "0"), ("report-to", "none"),
        ])
        if method == .textualInversion {
            try tell([
                ("placeholder-token", settings.subject.placeholder),
                ("initializer-token", settings.subject.noun),
            ])
        } else {
            try tell([("instance-prompt", settings.subject.instancePrompt)])
        }
        // One file, so that its size is what people keep.
        if told.method == .lora { try tell([("format", "kohya")]) }
        switch method {
        case .dreamBooth, .lora, .textualInversion, .hypernetwork: break
        case .distilledDreamBooth, .distilledLoRA:
            try tell([("with-prior-preservation", "true"), ("self-distillation", "true")])
        case .dreamBoothWithPrior:
            try tell([
                ("with-prior-preservation", "true"), ("class-data-dir", classPictures.path),
                ("num-class-images", String(classPictureCount(isSmall: isSmall))),
            ])
        }
        if told.method != .textualInversion {
            try tell([("class-prompt", settings.subject.classPrompt)])
        }
        try told.complete(isSmall: isSmall)
        let preset = try told.configuration().training.maxTrainSteps ?? 1
        let stepCount = max(1, Int((Double(preset) * settings.stepsScale).rounded()))
        try tell([
            ("max-train-steps", String(stepCount)),
            // The reading at the end is enough, and the time is that of training.
            ("measuring-steps", String(stepCount)),
            ("checkpointing-steps", String(stepCount + 1)),
        ])
        return told
    }
}
