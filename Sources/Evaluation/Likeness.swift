import Datasets
public import Foundation
public import Imaging
import NN
public import StableDiffusion
public import Torch

/// Says how alike pictures and texts are: the cosine between their embeddings by a CLIP model.
///
/// Source of the measure: CLIP-I and CLIP-T of Ruiz et al. 2022, arXiv 2208.12242, section 4.
public final class Likeness {
    /// The towers.
    public let model: CLIPModel
    private let tokenizer: CLIPTokenizer?
    private let device: Device

    /// Loads the CLIP that stands beside a model, in its folder `clip`.
    ///
    /// - Parameter modelFolder: a diffusers folder with `clip/config.json`,
    ///   `clip/model.safetensors` and, for texts, `tokenizer`.
    /// - Throws: `ModelError`, `ConfigurationError`, `CheckpointError` or `TokenizerError`: one
    ///   sentence that names the file.
    public convenience init(modelFolder: URL, device: Device = .cpu) throws {
        guard Self.isAvailable(in: modelFolder) else {
            throw ModelError.missingPart(name: "clip", folder: modelFolder.path)
        }
        try self.init(
            clip: modelFolder.appending(path: "clip"),
            tokenizer: try CLIPTokenizer(directory: modelFolder.appending(path: "tokenizer")),
            device: device)
    }

    /// Loads a CLIP in transformers' layout.
    ///
    /// - Parameter tokenizer: what texts are read with; nil: pictures only.
    /// - Throws: as ``init(modelFolder:device:)``.
    public init(clip: URL, tokenizer: CLIPTokenizer?, device: Device = .cpu) throws {
        let weights = Checkpoint(
            try SafetensorsFile(clip.appending(path: "model.safetensors")), device: device)
        model = try CLIPModel(CLIPFolder.configuration(clip), weights)
        // Older versions of transformers stored the numbers from 0 up along with the weights.
        try weights.requireAllUsed { $0.hasSuffix(".position_ids") }
        self.tokenizer = tokenizer
        self.device = device
    }

    /// Whether a model has a CLIP beside it.
    public static func isAvailable(in modelFolder: URL) -> Bool {
        ["config.json", "model.safetensors"].allSatisfy { name in
            let file = modelFolder.appending(path: "clip/\(name)")
            return FileManager.default.fileExists(atPath: file.path)
        }
    }

    /// Embeds pictures of any size; what a square does not hold is cropped away evenly.
    ///
    /// - Returns: unit vectors, float32 [pictures, width].
    public func embedding(of pictures: [PixelImage]) -> Tensor {
        precondition(!pictures.isEmpty, "no pictures to embed")
        let side = model.configuration.vision.imageSize
        return withoutGradients {
            // In small batches, so that many pictures take no more memory than a few.
            let parts = stride(from: 0, to: pictures.count, by: 16).map { start in
                let batch = pictures[start..<min(start + 16, pictures.count)]
                let pixels = Tensor.stacking(batch.map { Self.pixels($0, side: side) })
                return model.embedImages(pixels.moved(to: device))
            }
            return Tensor.concatenating(parts).moved(to: .cpu)
        }
    }

    /// Embeds texts.
    ///
    /// - Returns: unit vectors, float32 [texts, width].
    public func embedding(of texts: [String]) -> Tensor {
        precondition(!texts.isEmpty, "no texts to embed")
        guard let tokenizer else { preconditionFailure("this CLIP was loaded without tokenizer") }
        let ids = Tensor(
            texts.flatMap { tokenizer.tokenIDs($0) },
            shape: [texts.count, tokenizer.maximumLength], device: device)
        return withoutGradients { model.embedText(ids).moved(to: .cpu) }
    }

    /// The mean cosine of every row of one tensor with every row of another, −1…1.
    public func similarity(_ a: Tensor, _ b: Tensor) -> Double {
        withoutGradients { a.matmul(b.transposed(0, 1)).mean().item() }
    }

    /// The mean cosine of each row with the row of the same number, −1…1: for pictures of the
    /// same seeds by two models, and for pictures with their texts.
    public func pairedSimilarity(_ a: Tensor, _ b: Tensor) -> Double {
        precondition(a.shape == b.shape, "pairs of \(a.shape) and \(b.shape)")
        return withoutGradients { (a * b).sum([1]).mean().item() }
    }

    /// transformers' CLIPImageProcessor with mean and deviation 0.5: the shorter side resized
    /// with a bicubic filter, the middle cut out, values from −1 to 1.
    private static func pixels(_ picture: PixelImage, side: Int) -> Tensor {
        picture.resizedAndCropped(width: side, height: side, crop: .center, filter: .bicubic)
            .signedTensor
    }
}
