import NN
import Torch

/// The sizes that CLIP's text and vision towers share.
struct TransformerSizes {
    let width: Int
    let feedForwardWidth: Int
    let layerCount: Int
    let headCount: Int
    let activation: Activation
    let normEpsilon: Double
    let isCausal: Bool
}

/// A stack of pre-norm transformer layers.
///
/// Source: `CLIPEncoder` in transformers' `models/clip/modeling_clip.py`.
final class TransformerEncoder {
    private let layers: [EncoderLayer]

    init(_ path: ParameterPath, _ sizes: TransformerSizes) throws(CheckpointError) {
        var layers: [EncoderLayer] = []
        for index in 0..<sizes.layerCount {
            layers.append(try EncoderLayer(path / "layers" / index, sizes))
        }
        self.layers = layers
    }

    /// - Parameter layersSkipped: how many of the last layers are left out.
    func callAsFunction(_ input: Tensor, layersSkipped: Int = 0) -> Tensor {
        layers.dropLast(layersSkipped).reduce(input) { $1($0) }
    }

    var layerCount: Int { layers.count }
}

private final class EncoderLayer {
    private let firstNorm: LayerNorm
    private let query: Linear
    private let key: Linear
    private let value: Linear
    private let output: Linear
    private let secondNorm: LayerNorm
    private let expansion: Linear
    private let contraction: Linear
    private let sizes: TransformerSizes

    init(_ path: ParameterPath, _ sizes: TransformerSizes) throws(CheckpointError) {
        let width = sizes.width
        let attention = path / "self_attn"
        firstNorm = try LayerNorm(path / "layer_norm1", width, epsilon: sizes.normEpsilon)
        query = try Linear(attention / "q_proj", width, width)
        key = try Linear(attention / "k_proj", width, width)
        value = try Linear(attention / "v_proj", width, width)
        output = try Linear(attention / "out_proj", width, width)
        secondNorm = try LayerNorm(path / "layer_norm2", width, epsilon: sizes.normEpsilon)
        expansion = try Linear(path / "mlp" / "fc1", width, sizes.feedForwardWidth)
        contraction = try Linear(path / "mlp" / "fc2", sizes.feedForwardWidth, width)
        self.sizes = sizes
    }

    func callAsFunction(_ input: Tensor) -> Tensor {
        let normed = firstNorm(input)
        let attended = attend(
            query: query(normed), key: key(normed), value: value(normed),
            headCount: sizes.headCount, isCausal: sizes.isCausal)
        let hidden = input + output(attended)
        let expanded = expansion(secondNorm(hidden))
        let activated =
            switch sizes.activation {
            case .quickGelu: expanded.quickGelu()
            case .gelu: expanded.gelu()
            }
        return hidden + contraction(activated)
    }
}
