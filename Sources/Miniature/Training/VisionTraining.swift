import Foundation
import NN
import StableDiffusion
import Torch

/// Goes on with the CLIP's picture tower and both projections, the text tower locked (the reverse
/// of Zhai et al. 2022, arXiv 2111.07991): every picture is held against the texts of all classes,
/// of all colours of its class, and against the whole captions of the others.
///
/// A contrast of a few pictures at a time learns colours and places long before shapes. The text
/// tower does not change here, so it says once what it has to say, and the U-Net's text encoder
/// stays what it is.
public func trainVision(
    _ configuration: MiniatureConfiguration, data: SceneDataset, folder: MiniatureFolder,
    seconds: Double? = nil, isCancelled: () -> Bool = { false }, log: (String) -> Void
) throws {
    let device = data.device
    let tokenizer = try folder.tokenizer()
    let models = try (0..<device.shareCount).map { _ in try folder.clip(device: device) }
    let classes = SceneClass.allCases
    let colors = SceneColor.allCases
    func pooled(_ texts: [String]) -> Tensor {
        withoutGradients {
            let parts = stride(from: 0, to: texts.count, by: 512).map { start in
                let some = Array(texts[start..<min(start + 512, texts.count)])
                return models[0].pooledText(tokenIDs(some, tokenizer, device: device))
            }
            return Tensor.concatenating(parts)
        }
    }
    func numbers(_ values: [Int]) -> Tensor { Tensor(values, device: device) }
    let classTexts = pooled(classes.map { SceneCaption.short($0) })
    let colorTexts = pooled(
        classes.flatMap { kind in colors.map { SceneCaption.short(kind, $0) } })
    let (captions, captionOfScene) = uniqueCaptions(data.scenes.map(\.caption))
    let captionTexts = pooled(captions)
    let captionNumbers = numbers(captionOfScene)
    let classNumbers = numbers(data.scenes.map { classes.firstIndex(of: $0.kind) ?? 0 })
    let isAlone = Tensor(data.scenes.map { $0.companion == nil ? Float(1) : 0 }, device: device)
    let colorNumbers = numbers(data.scenes.map { colors.firstIndex(of: $0.color) ?? 0 })

    let trained = models.map { model in
        model.parameters.entries.filter { !$0.name.hasPrefix("text_model.") }
    }
    let run = try TrainingRun(
        "vision", copies: trained, schedule: configuration.vision, averageDecay: 0.998,
        seed: 13, folder: folder.work)
    let dtype = device.trainingDType
    try run.run(seconds: seconds, isCancelled: isCancelled, log: log) {
        let count = configuration.vision.batchSize
        let rows = Tensor.randint(
            0..<data.count, [count], generator: run.generator, device: device)
        let pixels = shifted(
            data.batch(rows, dtype: dtype, flippingHalf: true), generator: run.generator
        ).split(0, into: models.count)
        let shares = rows.split(0, into: models.count)
        return models.indices.map { share in
            {
                let (model, rows) = (models[share], shares[share])
                let images = model.scaledImages(pixels[share])
                let kinds = classNumbers.gathered(0, at: rows)
                let byClass = crossEntropy(
                    images.matmul(model.projectText(classTexts).transposed(0, 1)), kinds,
                    weights: isAlone.gathered(0, at: rows))
                // [batch, 1, width] · [batch, width, colours]
                let ofColors = model.projectText(colorTexts)
                    .reshaped(classes.count, colors.count, -1)
                    .gathered(0, at: kinds).transposed(1, 2)
                let byColor = crossEntropy(
                    images.unsqueezed(1).matmul(ofColors).squeezed(1),
                    colorNumbers.gathered(0, at: rows), weights: isAlone.gathered(0, at: rows))
                let ids = captionNumbers.gathered(0, at: rows)
                let texts = model.projectText(captionTexts.gathered(0, at: ids))
                return byClass + byColor * 0.5 + contrast(images, texts, captionIDs: ids) * 0.5
            }
        }
    }
    guard run.isFinished else { return }
    run.adoptAverages()
    try folder.write(models[0].parameters.entries, "clip/model.safetensors")
}

/// Goes on with the whole CLIP for a while: the picture tower, which knows shapes by now, teaches
/// the text tower to tell classes apart, and the U-Net will hear it.
public func trainTowers(
    _ configuration: MiniatureConfiguration, data: SceneDataset, folder: MiniatureFolder,
    seconds: Double? = nil, isCancelled: () -> Bool = { false }, log: (String) -> Void
) throws {
    let device = data.device
    let tokenizer = try folder.tokenizer()
    let models = try (0..<device.shareCount).map { _ in try folder.clip(device: device) }
    let classes = SceneClass.allCases
    let classIDs = tokenIDs(
        classes.map { SceneCaption.short($0) }, tokenizer, device: device)
    let classNumbers = Tensor(
        data.scenes.map { classes.firstIndex(of: $0.kind) ?? 0 }, device: device)
    let isAlone = Tensor(data.scenes.map { $0.companion == nil ? Float(1) : 0 }, device: device)
    let (captions, captionOfScene) = uniqueCaptions(data.scenes.map(\.caption))
    let captionIDs = tokenIDs(captions, tokenizer, device: device)
    let captionNumbers = Tensor(captionOfScene, device: device)
    let run = try TrainingRun(
        "towers", copies: models.map(\.parameters.entries), schedule: configuration.towers,
        averageDecay: 0.99, seed: 14, folder: folder.work)
    let dtype = device.trainingDType
    try run.run(seconds: seconds, isCancelled: isCancelled, log: log) {
        let rows = Tensor.randint(
            0..<data.count, [configuration.towers.batchSize], generator: run.generator,
            device: device)
        let pixels = shifted(
            data.batch(rows, dtype: dtype, flippingHalf: true), generator: run.generator
        ).split(0, into: models.count)
        let shares = rows.split(0, into: models.count)
        return models.indices.map { share in
            {
                let (model, rows) = (models[share], shares[share])
                let images = model.scaledImages(pixels[share])
                let classTexts = model.embedText(classIDs, dtype: dtype)
                let byClass = crossEntropy(
                    images.matmul(classTexts.transposed(0, 1)),
                    classNumbers.gathered(0, at: rows), weights: isAlone.gathered(0, at: rows))
                let ids = captionNumbers.gathered(0, at: rows)
                let texts = model.embedText(captionIDs.gathered(0, at: ids), dtype: dtype)
                return byClass + contrast(images, texts, captionIDs: ids)
            }
        }
    }
    guard run.isFinished else { return }
    run.adoptAverages()
    let model = models[0]
    try folder.write(model.parameters.entries, "clip/model.safetensors")
    let tower = model.parameters.entries.filter { $0.name.hasPrefix("text_model.") }
    try folder.write(tower, "text_encoder/model.safetensors")
}

/// - Parameters:
///   - logits: `[batch, choices]`.
///   - chosen: int64 `[batch]`.
///   - weights: `[batch]`, 0 where a picture shows two things and neither is the one answer.
private func crossEntropy(_ logits: Tensor, _ chosen: Tensor, weights: Tensor) -> Tensor {
    let choices = Tensor.arange(logits.size(1), dtype: .int64, device: logits.device)
    let isRight = chosen.unsqueezed(1).isEqual(to: choices.unsqueezed(0)).cast(to: .float32)
    let errors = (isRight * logits.logSoftmax(1)).sum([1]) * weights
    // All of a small batch may be pairs.
    return -(errors.sum() / (weights.sum() + 1e-6))
}
