import Datasets
import Foundation
import NN
import StableDiffusion
import Testing
import TestSupport
import Torch
import Training

/// Three steps of DreamBooth against the Python reference: loss, gradients, clipping and AdamW.
@Suite struct ReferenceStepTests {
    private struct Reference: Decodable {
        let loss: [Double]
        let total_norm: [Double]
        let grad_norms: [String: Double]
    }

    /// The same steps with the untrained networks' own word as the target of the class rows.
    @Test func selfDistillationMatchesReference() throws {
        let reference = try JSONDecoder().decode(
            Reference.self,
            from: Data(contentsOf: Fixture.url("training/self-distillation.json")))
        let source = try ModelSource(Fixture.url("models/tiny-sd1"))
        let (unet, encoder) = (try source.unet(), try source.textEncoder())
        let parameters: [(name: String, tensor: Tensor)] =
            unet.parameters.entries.map { ("unet.\($0.name)", $0.tensor) }
            + encoder.parameters.entries.map { ("text_encoder.\($0.name)", $0.tensor) }
        for (_, tensor) in parameters { tensor.requiresGradient = true }
        let optimizer = AdamW(parameters)
        var objective = DiffusionObjective(
            unet: unet, schedule: NoiseSchedule(source.schedulerConfiguration),
            priorLossWeight: 0.7)
        let first = try TrainingStep(0)
        objective.frozenPrior = FrozenPrior(
            unet: try source.unet(),
            // Rows 2 and 3 have the class's text, which a batch calls text 1.
            contexts: first.context.narrowed(0, start: 2, length: 1), classTexts: [TextID(1)])
        for index in 0..<3 {
            let step = try TrainingStep(index)
            let loss = objective(
                step.batch(areClass: [false, false, true, true]), context: encoder(step.ids))
            loss.backward()
            let expected = reference.loss[index]
            #expect(abs(loss.item() - expected) <= 1e-4 * expected, "loss of step \(index)")
            if index == 0 {
                let tensors = Dictionary(
                    uniqueKeysWithValues: parameters.map { ($0.name, $0.tensor) })
                for (key, norm) in reference.grad_norms where !key.hasSuffix("k_proj.bias") {
                    let gradient = try #require(tensors[key]?.gradient)
                    #expect(abs(gradient.norm().item() - norm) <= 1e-4 * norm + 1e-7, "\(key)")
                }
            }
            let norm = Foreach.totalNorm(optimizer.gradients).item()
            #expect(abs(norm - reference.total_norm[index]) <= 1e-4 * norm)
            Foreach.scale(
                optimizer.gradients, by: Tensor.full([], min(1, 1 / (norm + 1e-6))))
            optimizer.step(learningRate: 1e-3)
            optimizer.clearGradients()
        }
    }

    @Test(arguments: [false, true], [false, true])
    func stepsMatchReference(trainsText: Bool, checkpointsActivations: Bool) throws {
        let name = trainsText ? "training/dreambooth-text-encoder" : "training/dreambooth"
        let reference = try JSONDecoder().decode(
            Reference.self, from: Data(contentsOf: Fixture.url("\(name).json")))
        let fixture = try Fixture.file("\(name).safetensors")
        let source = try ModelSource(Fixture.url("models/tiny-sd1"))
        let unet = try source.unet()
        let encoder = try source.textEncoder()
        unet.checkpointsActivations = checkpointsActivations
        var parameters = unet.parameters.entries.map { ("unet.\($0.name)", $0.tensor) }
        if trainsText {
            parameters += encoder.parameters.entries.map { ("text_encoder.\($0.name)", $0.tensor) }
        }
        for (_, tensor) in parameters { tensor.requiresGradient = true }
        let tensors = Dictionary(uniqueKeysWithValues: parameters)
        let optimizer = AdamW(parameters.map { (name: $0.0, tensor: $0.1) })
        let objective = DiffusionObjective(
            unet: unet, schedule: NoiseSchedule(source.schedulerConfiguration),
            priorLossWeight: 0.7)

        func compare(_ prefix: String, _ found: (Tensor) -> Tensor?) throws {
            for key in fixture.keys where key.hasPrefix(prefix) {
                let tensor = try #require(tensors[String(key.dropFirst(prefix.count))])
                let distance = Distance(try #require(found(tensor)), try fixture.require(key))
                #expect(distance.relative <= 1e-4, "\(key): \(distance)")
            }
        }

        for index in 0..<3 {
            let step = try TrainingStep(index)
            let context = trainsText ? encoder(step.ids) : step.context
            let loss = objective(
                step.batch(areClass: [false, false, true, true]), context: context)
            loss.backward()
            let expected = reference.loss[index]
            #expect(abs(loss.item() - expected) <= 1e-4 * expected, "loss of step \(index)")
            if index == 0 {
                try compare("grad.") { $0.gradient }
                for (key, norm) in reference.grad_norms where !key.hasSuffix("k_proj.bias") {
                    let gradient = try #require(tensors[key]?.gradient)
                    #expect(abs(gradient.norm().item() - norm) <= 1e-4 * norm + 1e-7, "\(key)")
                }
            }
            let gradients = optimizer.gradients
            let norm = Foreach.totalNorm(gradients)
            #expect(abs(norm.item() - reference.total_norm[index]) <= 1e-4 * norm.item())
            let factor = min(1, 1 / (norm.item() + 1e-6))
            Foreach.scale(gradients, by: Tensor.full([], factor))
            optimizer.step(learningRate: 1e-3)
            optimizer.clearGradients()
            if index != 1 { try compare("after_step\(index).") { $0 } }
        }
    }
}
