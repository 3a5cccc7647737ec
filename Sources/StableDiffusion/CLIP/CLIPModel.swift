public import NN
public import Torch

/// A text tower and a picture tower that were trained to agree, for measuring likeness.
///
/// Source: `CLIPModel` in transformers' `models/clip/modeling_clip.py`.
public final class CLIPModel {
    /// The sizes.
    public let configuration: CLIPConfiguration
    /// All parameters of both towers, by transformers' names.
    public let parameters = ParameterStore()
    /// The text tower.
    public let text: TextEncoder
    private let vision: VisionTower
    private let textProjection: Linear
    private let visualProjection: Linear
    /// The logarithm of the factor on the cosines in the contrastive loss.
    public let logitScale: Tensor

    /// Takes every parameter from the source.
    ///
    /// - Throws: ``Torch/CheckpointError`` when one is missing or misshapen.
    public init(
        _ configuration: CLIPConfiguration, _ source: any ParameterSource
    ) throws(CheckpointError) {
        self.configuration = configuration
        let root = ParameterPath(source, store: parameters)
        text = try TextEncoder(configuration.text, root)
        vision = try VisionTower(root / "vision_model", configuration.vision)
        visualProjection = try Linear(
            root / "visual_projection", configuration.vision.width,
            configuration.projectionWidth, hasBias: false)
        textProjection = try Linear(
            root / "text_projection", configuration.text.width, configuration.projectionWidth,
            hasBias: false)
        logitScale = try root.parameter("logit_scale", [], initially: .zeros).tensor
    }

    /// - Parameter ids: int64 `[batch, tokens]`.
    /// - Returns: unit vectors, `[batch, projection width]`.
    public func embedText(_ ids: Tensor, dtype: DType? = nil) -> Tensor {
        projectText(pooledText(ids, dtype: dtype))
    }

    /// What the text tower says of whole texts, before the projection.
    ///
    /// - Parameter ids: int64 `[batch, tokens]`.
    /// - Returns: `[batch, text width]`.
    public func pooledText(_ ids: Tensor, dtype: DType? = nil) -> Tensor {
        text.pooled(text(ids, dtype: dtype), ids: ids)
    }

    /// - Parameter pooled: what ``pooledText(_:dtype:)`` gave.
    /// - Returns: unit vectors, `[batch, projection width]`.
    public func projectText(_ pooled: Tensor) -> Tensor { normalized(textProjection(pooled)) }

    /// - Parameter pixels: `[batch, 3, size, size]`, as the model's preprocessor makes them.
    /// - Returns: unit vectors, `[batch, projection width]`.
    public func embedImages(_ pixels: Tensor) -> Tensor {
        normalized(visualProjection(vision(pixels)))
    }

    private func normalized(_ vectors: Tensor) -> Tensor {
        let wide = vectors.cast(to: .float32)
        return wide / wide.norm([-1], keepsAxes: true)
    }
}

/// Pictures as patches with a class token in front.
private final class VisionTower {
    private let classEmbedding: Tensor
    private let patches: Conv2d
    private let positions: Embedding
    private let firstNorm: LayerNorm
    private let encoder: TransformerEncoder
    private let lastNorm: LayerNorm

    init(
        _ path: ParameterPath, _ configuration: CLIPConfiguration.Vision
    ) throws(CheckpointError) {
        let width = configuration.width
        let embeddings = path / "embeddings"
        let side = configuration.imageSize / configuration.patchSize
        classEmbedding = try embeddings.parameter(
            "class_embedding", [width], initially: .normal(standardDeviation: 0.02)
        ).tensor
        patches = try Conv2d(
            embeddings / "patch_embedding", 3, width, kernel: configuration.patchSize,
            stride: configuration.patchSize, padding: 0, hasBias: false)
        positions = try Embedding(
            embeddings / "position_embedding", rows: side * side + 1, width: width)
        // The missing letter is the reference's own.
        firstNorm = try LayerNorm(path / "pre_layrnorm", width, epsilon: configuration.normEpsilon)
        encoder = try TransformerEncoder(
            path / "encoder",
            TransformerSizes(
                width: width, feedForwardWidth: configuration.feedForwardWidth,
                layerCount: configuration.layerCount, headCount: configuration.headCount,
                activation: configuration.activation, normEpsilon: configuration.normEpsilon,
                isCausal: false))
        lastNorm = try LayerNorm(
            path / "post_layernorm", width, epsilon: configuration.normEpsilon)
    }

    func callAsFunction(_ pixels: Tensor) -> Tensor {
        let grid = patches(pixels)
        let (batch, width) = (grid.size(0), grid.size(1))
        let tokens = grid.permuted(0, 2, 3, 1).reshaped(batch, -1, width)
        let first = classEmbedding.cast(to: tokens.dtype).reshaped(1, 1, width)
            .expanded([batch, 1, width])
        let input =
            Tensor.concatenating([first, tokens], 1) + positions.weight.cast(to: tokens.dtype)
        let hidden = encoder(firstNorm(input))
        return lastNorm(hidden.selected(1, 0))
    }
}
