import Foundation
import NN
import StableDiffusion
import Torch

/// Trains the small CLIP, whose text tower becomes the model's text encoder.
///
/// Radford et al. 2021, arXiv 2103.00020, figure 3; captions that are equal are no negatives of
/// one another. Every other step says only the class, or the class and the colour: whole captions
/// alone can be told apart by place and light, and shapes would be learned last.
public func trainContrastive(
    _ configuration: MiniatureConfiguration, data: SceneDataset, folder: MiniatureFolder,
    seconds: Double? = nil, isCancelled: () -> Bool = { false }, log: (String) -> Void
) throws {
    let device = data.device
    let tokenizer = try folder.tokenizer()
    var sizes = configuration.clip
    sizes.text.vocabularySize = tokenizer.vocabularyCount
    sizes.text.endTokenID = tokenizer.endID
    let models = try (0..<device.shareCount).map { _ in
        try CLIPModel(
            sizes,
            RandomInitialization(
                Generator(seed: 11), device: device, format: device.trainingFormat))
    }
    for model in models { model.logitScale.fill(with: firstScale) }
    let wordings = [
        data.scenes.map(\.caption),
        data.scenes.map { SceneCaption.short($0, naming: .classes) },
        data.scenes.map(\.caption),
        data.scenes.map { SceneCaption.short($0, naming: .colors) },
    ].map { wording in
        let (captions, ofScene) = uniqueCaptions(wording)
        return (
            ids: tokenIDs(captions, tokenizer, device: device),
            ofScene: Tensor(ofScene, device: device)
        )
    }
    let run = try TrainingRun(
        "clip", copies: models.map(\.parameters.entries), schedule: configuration.contrastive,
        averageDecay: 0.998, seed: 12, folder: folder.work)
    let dtype = device.trainingDType
    try run.run(seconds: seconds, isCancelled: isCancelled, log: log) {
        let wording = wordings[run.stepsDone % wordings.count]
        let rows = Tensor.randint(
            0..<data.count, [configuration.contrastive.batchSize], generator: run.generator,
            device: device)
        let captionIDs = wording.ofScene.gathered(0, at: rows).split(0, into: models.count)
        let pixels = shifted(
            data.batch(rows, dtype: dtype, flippingHalf: true), generator: run.generator
        ).split(0, into: models.count)
        return models.indices.map { share in
            {
                let model = models[share]
                let texts = model.embedText(
                    wording.ids.gathered(0, at: captionIDs[share]), dtype: dtype)
                return contrast(
                    model.scaledImages(pixels[share]), texts, captionIDs: captionIDs[share])
            }
        }
    }
    guard run.isFinished else { return }
    run.adoptAverages()
    try write(models[0], sizes, tokenizer.maximumLength, tokenizer.startID, tokenizer.endID, folder)
}

extension CLIPModel {
    /// Embeddings of pictures times the learned factor on cosines: `[batch, projection width]`.
    func scaledImages(_ pixels: Tensor) -> Tensor {
        embedImages(pixels) * logitScale.clamped(0, largestScale).exp()
    }
}

/// The mean of both directions' cross entropy, where equal captions share the target.
///
/// - Parameters:
///   - images: scaled embeddings, `[batch, width]`.
///   - texts: unit embeddings of the captions in the same order, `[batch, width]`.
func contrast(_ images: Tensor, _ texts: Tensor, captionIDs: Tensor) -> Tensor {
    let logits = images.matmul(texts.transposed(0, 1))
    let equal = captionIDs.unsqueezed(0).isEqual(to: captionIDs.unsqueezed(1)).cast(to: .float32)
    let targets = equal / equal.sum([1], keepsAxes: true)
    let byImage = -(targets * logits.logSoftmax(1)).sum([1]).mean()
    let byText = -(targets * logits.transposed(0, 1).logSoftmax(1)).sum([1]).mean()
    return (byImage + byText) * 0.5
}

/// CLIP's own beginning, log(1 / 0.07), and its bound, log(100).
private let firstScale = 2.6592
private let largestScale = 4.6052

/// The pictures, some rows at a time moved by up to a sixteenth of their size, with grey at the
/// edges: what a thing is does not hang on where the patches cut it.
func shifted(_ pixels: Tensor, generator: Generator) -> Tensor {
    withoutGradients {
        let (count, height, width) = (pixels.size(0), pixels.size(2), pixels.size(3))
        let reach = width / 16
        let padded = pixels.padded([reach, reach, reach, reach])
        let groups = stride(from: 0, to: count, by: 8).map { start in
            let offset = Tensor.randint(0..<(2 * reach + 1), [2], generator: generator).integers()
            return padded.narrowed(0, start: start, length: min(8, count - start))
                .narrowed(2, start: offset[0], length: height)
                .narrowed(3, start: offset[1], length: width)
        }
        return Tensor.concatenating(groups)
    }
}

/// All different captions, and the number of each scene's.
func uniqueCaptions(_ wording: [String]) -> (captions: [String], ofScene: [Int]) {
    var numbers: [String: Int] = [:]
    var captions: [String] = []
    let ofScene = wording.map { caption in
        if let number = numbers[caption] { return number }
        numbers[caption] = captions.count
        captions.append(caption)
        return captions.count - 1
    }
    return (captions, ofScene)
}

private func write(
    _ model: CLIPModel, _ sizes: CLIPConfiguration, _ length: Int, _ start: Int, _ end: Int,
    _ folder: MiniatureFolder
) throws {
    let text: [String: Any] = [
        "architectures": ["CLIPTextModel"], "model_type": "clip_text_model",
        "bos_token_id": start, "pad_token_id": end, "torch_dtype": "float16",
        "initializer_range": 0.02,
    ]
    try folder.write(sizes.text, "text_encoder/config.json", adding: text)
    let tower = model.parameters.entries.filter { $0.name.hasPrefix("text_model.") }
    try folder.write(tower, "text_encoder/model.safetensors")

    let encoder = JSONEncoder()
    var textObject =
        try JSONSerialization.jsonObject(with: encoder.encode(sizes.text))
        as? [String: Any] ?? [:]
    textObject.merge(text) { $1 }
    var vision =
        try JSONSerialization.jsonObject(with: encoder.encode(sizes.vision))
        as? [String: Any] ?? [:]
    vision["model_type"] = "clip_vision_model"
    vision["num_channels"] = 3
    try folder.write(
        json: [
            "architectures": ["CLIPModel"], "model_type": "clip", "torch_dtype": "float16",
            "projection_dim": sizes.projectionWidth, "logit_scale_init_value": firstScale,
            "text_config": textObject, "vision_config": vision,
        ], "clip/config.json")
    try folder.write(model.parameters.entries, "clip/model.safetensors")
    let size = sizes.vision.imageSize
    try folder.write(
        json: [
            "image_processor_type": "CLIPImageProcessor", "do_resize": true, "do_normalize": true,
            "do_center_crop": true, "do_convert_rgb": true, "do_rescale": true,
            "rescale_factor": 1.0 / 255, "resample": 3, "size": ["shortest_edge": size],
            "crop_size": ["height": size, "width": size], "image_mean": [0.5, 0.5, 0.5],
            "image_std": [0.5, 0.5, 0.5],
        ], "clip/preprocessor_config.json")
}
