import Comparison
import Foundation
import Settings
import StableDiffusion

/// How each method is trained in a comparison: by its preset.
enum CompareRecipe {
    /// Class pictures of prior preservation.
    static func classPictureCount(isSmall: Bool) -> Int {
        isSmall ? 40 : 100
    }

    /// The settings of one training.
    static func configuration(
        for method: ComparedMethod, seed: UInt64, settings: CompareSettings, isSmall: Bool,
        model: URL, photos: URL, classPictures: URL, output: URL
    ) -> FineTuningConfiguration {
        var result = FineTuningConfiguration(
            instanceDataDir: photos.path, instancePrompt: settings.subject.instancePrompt)
        switch method {
        case .dreamBooth: break
        case .distilledDreamBooth:
            result.withPriorPreservation = true
            result.selfDistillation = true
        case .dreamBoothWithPrior:
            result.withPriorPreservation = true
            result.classDataDir = classPictures.path
            result.numClassImages = classPictureCount(isSmall: isSmall)
        case .lora, .distilledLoRA:
            var lora = LoRAConfiguration()
            // One file, so that its size is what people keep.
            lora.formats = [.kohya]
            result.method = .lora(lora)
            result.withPriorPreservation = method == .distilledLoRA
            result.selfDistillation = method == .distilledLoRA
        case .textualInversion:
            let inversion = TextualInversionConfiguration(
                placeholderToken: settings.subject.placeholder,
                initializerToken: settings.subject.noun)
            result.method = .textualInversion(inversion)
            result.instancePrompt = settings.subject.placeholder
        case .hypernetwork: result.method = .hypernetwork(HypernetworkTraining())
        }
        result.model = model.path
        result.outputDir = output.path
        // The drift is measured with it, by every method.
        result.classPrompt = settings.subject.classPrompt
        result.training.seed = seed
        let preset = Preset(
            for: result.method, withPriorPreservation: result.withPriorPreservation,
            isSmall: isSmall)
        result.method.setVectorCount(from: preset)
        let stepCount = max(1, Int((Double(preset.stepCount) * settings.stepsScale).rounded()))
        result.training.maxTrainSteps = stepCount
        result.training.trainBatchSize = preset.batchSize
        result.training.learningRate = preset.learningRate
        result.trainTextEncoder = preset.textEncoderLearningRate != nil
        result.training.textEncoderLearningRate = preset.textEncoderLearningRate
        result.training.centerCrop = true
        // The reading at the end is enough, and the time is that of training.
        result.training.measuringSteps = stepCount
        result.training.checkpointingSteps = stepCount + 1
        // What is compared is learned from all of the photos.
        result.training.record.numHeldOut = 0
        result.training.record.reportTo = .none
        return result
    }
}
