public import NN
public import Torch

/// CLIP's text tower: token ids to one vector for every token.
///
/// Source: `CLIPTextModel` in transformers' `models/clip/modeling_clip.py`; parameter names are
/// those that transformers 4 writes. Radford et al. 2021, arXiv 2103.00020.
public final class TextEncoder {
    /// The sizes.
    public let configuration: TextEncoderConfiguration
    /// All parameters, by transformers' names.
    public let parameters: ParameterStore
    /// The vector of every token, `[vocabulary, width]`; a parameter.
    public var tokenTable: Tensor { tokens.weight }
    private let tokens: Embedding
    private let positions: Embedding
    private let encoder: TransformerEncoder
    private let finalNorm: LayerNorm

    /// - Parameter configuration: validated by the caller.
    public convenience init(
        _ configuration: TextEncoderConfiguration, _ source: any ParameterSource
    ) throws(CheckpointError) {
        try self.init(configuration, ParameterPath(source, store: ParameterStore()))
    }

    /// The tower as a part of a larger network.
    init(
        _ configuration: TextEncoderConfiguration, _ path: ParameterPath
    ) throws(CheckpointError) {
        self.configuration = configuration
        parameters = path.store
        let root = path / "text_model"
        let width = configuration.width
        tokens = try Embedding(
            root / "embeddings" / "token_embedding", rows: configuration.vocabularySize,
            width: width)
        positions = try Embedding(
            root / "embeddings" / "position_embedding", rows: configuration.maximumLength,
            width: width, standardDeviation: 0.01)
        encoder = try TransformerEncoder(
            root / "encoder",
            TransformerSizes(
                width: width, feedForwardWidth: configuration.feedForwardWidth,
                layerCount: configuration.layerCount, headCount: configuration.headCount,
                activation: configuration.activation, normEpsilon: configuration.normEpsilon,
                isCausal: true))
        finalNorm = try LayerNorm(
            root / "final_layer_norm", width, epsilon: configuration.normEpsilon)
    }

    /// - Parameters:
    ///   - ids: int64 `[batch, tokens]`.
    ///   - clipSkip: which layer's output is used, counted from the last, which is 1, as A1111
    ///     and kohya count (diffusers' number is one less). The final norm is always applied.
    ///   - dtype: what is computed in; nil: the dtype of the parameters.
    ///   - learned: vectors that take the places of some tokens.
    /// - Returns: `[batch, tokens, width]`.
    /// - Precondition: `clipSkip` is 1…``TextEncoderConfiguration/layerCount``.
    public func callAsFunction(
        _ ids: Tensor, clipSkip: Int = 1, dtype: DType? = nil, learned: LearnedRows? = nil
    ) -> Tensor {
        precondition((1...configuration.layerCount).contains(clipSkip), "clip skip \(clipSkip)")
        let places = positions.firstRows(ids.size(1), on: ids.device)
        let looked = tokens(ids)
        let embedded = (learned?.replacing(in: looked) ?? looked) + places
        let input = dtype.map { embedded.cast(to: $0) } ?? embedded
        return finalNorm(encoder(input, layersSkipped: clipSkip - 1))
    }

    /// The vector at the end-of-text token of every row, which stands for the whole text.
    ///
    /// - Parameter states: what this tower returned for `ids`.
    /// - Returns: `[batch, width]`.
    func pooled(_ states: Tensor, ids: Tensor) -> Tensor {
        let end = configuration.endTokenID
        let isEnd = ids.isEqual(to: Double(end)).cast(to: .int32)
        // Old configurations say 2, and mean the largest id.
        let places = end == 2 ? ids.argmax(1) : isEnd.argmax(1)
        let length = states.size(1)
        let offsets = Tensor.arange(ids.size(0), dtype: .int64, device: ids.device)
        let flat = states.reshaped(-1, states.size(2))
        return flat.gathered(0, at: offsets * Double(length) + places)
    }
}
