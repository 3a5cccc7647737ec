import NN
import Torch

/// A change to what attention layers attend to, apart for keys and for values.
protocol ContextChange: AnyObject {
    /// What the keys are made of.
    ///
    /// - Parameter context: `[batch, tokens, context width]`; the result has its shape and dtype.
    func key(_ context: Tensor) -> Tensor

    /// What the values are made of; as ``key(_:)``.
    func value(_ context: Tensor) -> Tensor
}

extension UNet {
    /// The widths of what its attention layers attend to: the text's first, then those of the
    /// pictures (in self-attention), rising.
    public var contextWidths: [Int] {
        let all = Set(parameters.modules(CrossAttention.self).map(\.module.contextWidth))
        let text = configuration.crossAttentionWidth
        return [text] + all.subtracting([text]).sorted()
    }
}
