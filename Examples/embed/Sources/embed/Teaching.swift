import Foundation
import RunRecord
import Settings
import StableDiffusion
import Torch
import Training

/// Teaches a model the thing in a folder of photos, and gives the file to lay over the model.
func teach(_ model: URL, photos: URL, into folder: URL, stepCount: Int) throws -> URL {
    var configuration = FineTuningConfiguration(
        instanceDataDir: photos.path, instancePrompt: "a photo of sks robot")
    var lora = LoRAConfiguration()
    lora.adapters.rank = 4
    configuration.method = .lora(lora)
    configuration.model = model.path
    configuration.outputDir = folder.path
    configuration.training.maxTrainSteps = stepCount
    configuration.training.learningRate = 1e-3
    configuration.training.trainBatchSize = 2
    configuration.training.seed = 1
    let run = FineTuningRun(configuration, device: .best) { event in
        switch event {
        case .notice(let sentence): print(sentence)
        case .step(let step, let run): print("step \(step.step) of \(run.total): \(step.loss)")
        default: break
        }
    }
    try run.run()
    return folder.appending(path: "\(folder.lastPathComponent).safetensors")
}
