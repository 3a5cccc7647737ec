import FineTuning
import Foundation
import StableDiffusion

/// How each method is trained in a comparison: the one table of these numbers.
struct CompareRecipe {
    let stepCount: Int
    let batchSize: Int
    let learningRate: Double
    var trainsTextEncoder = false

    /// - Parameter isSmall: for models of the embedded one's size; the others are diffusers' and
    ///   A1111's usual ones for Stable Diffusion.
    static func recipe(for method: ComparedMethod, isSmall: Bool) -> CompareRecipe {
        let demo = DemoSettings()
        let dreamBooth = CompareRecipe(
            stepCount: demo.stepCount, batchSize: demo.batchSize, learningRate: demo.learningRate,
            trainsTextEncoder: demo.trainsTextEncoder)
        switch (method, isSmall) {
        case (.dreamBooth, true), (.dreamBoothWithPrior, true): return dreamBooth
        case (.lora, true):
            return CompareRecipe(
                stepCount: 250, batchSize: 8, learningRate: 1e-3, trainsTextEncoder: true)
        case (.textualInversion, true):
            return CompareRecipe(stepCount: 400, batchSize: 8, learningRate: 5e-3)
        case (.hypernetwork, true):
            return CompareRecipe(stepCount: 400, batchSize: 8, learningRate: 1e-4)
        case (.dreamBooth, false):
            return CompareRecipe(stepCount: 400, batchSize: 1, learningRate: 5e-6)
        case (.dreamBoothWithPrior, false):
            return CompareRecipe(stepCount: 800, batchSize: 1, learningRate: 5e-6)
        case (.lora, false): return CompareRecipe(stepCount: 800, batchSize: 1, learningRate: 1e-4)
        case (.textualInversion, false):
            return CompareRecipe(stepCount: 3000, batchSize: 1, learningRate: 5e-3)
        case (.hypernetwork, false):
            return CompareRecipe(stepCount: 2000, batchSize: 1, learningRate: 5e-5)
        }
    }

    /// Class pictures of prior preservation.
    static func classPictureCount(isSmall: Bool) -> Int {
        isSmall ? DemoSettings().classPictureCount : 100
    }

    /// Whether a model is of the embedded one's size rather than of Stable Diffusion's.
    static func isSmall(_ source: ModelSource) -> Bool {
        (source.unetConfiguration.blockOutChannels.first ?? 0) < 256
    }

    /// The settings of one training.
    static func configuration(
        for method: ComparedMethod, seed: UInt64, settings: CompareSettings, isSmall: Bool,
        model: URL, photos: URL, classPictures: URL, output: URL
    ) -> FineTuningConfiguration {
        let recipe = recipe(for: method, isSmall: isSmall)
        var result = FineTuningConfiguration(
            instanceDataDir: photos.path, instancePrompt: settings.subject.instancePrompt)
        switch method {
        case .dreamBooth: break
        case .dreamBoothWithPrior:
            result.withPriorPreservation = true
            result.classDataDir = classPictures.path
            result.numClassImages = classPictureCount(isSmall: isSmall)
        case .lora:
            var lora = LoRAConfiguration()
            // One file, so that its size is what people keep.
            lora.formats = [.kohya]
            result.method = .lora(lora)
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
        result.trainTextEncoder = recipe.trainsTextEncoder
        result.training.seed = seed
        let stepCount = max(1, Int((Double(recipe.stepCount) * settings.stepsScale).rounded()))
        result.training.maxTrainSteps = stepCount
        result.training.trainBatchSize = recipe.batchSize
        result.training.learningRate = recipe.learningRate
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
