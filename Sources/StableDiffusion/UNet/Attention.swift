import NN
import Torch

/// Multi-head attention of `[batch, tokens, width]` to itself or to a context.
///
/// Source: `Attention` with `AttnProcessor2_0` in diffusers' `models/attention_processor.py`;
/// Vaswani et al. 2017, arXiv 1706.03762, equation 1.
final class CrossAttention {
    /// The width of what it attends to.
    let contextWidth: Int
    /// What changes it, one after another.
    var contextChanges: [any ContextChange] = []
    private let query: Linear
    private let key: Linear
    private let value: Linear
    private let output: Linear
    private let headCount: Int
    private let upcasts: Bool

    init(
        _ path: ParameterPath, width: Int, contextWidth: Int, headCount: Int, upcasts: Bool
    ) throws(CheckpointError) {
        query = try Linear(path / "to_q", width, width, hasBias: false)
        key = try Linear(path / "to_k", contextWidth, width, hasBias: false)
        value = try Linear(path / "to_v", contextWidth, width, hasBias: false)
        output = try Linear(path / "to_out" / 0, width, width)
        self.contextWidth = contextWidth
        self.headCount = headCount
        self.upcasts = upcasts
        path.store.insert(module: self, named: path.name)
    }

    /// - Parameter context: `[batch, context tokens, context width]`; nil attends to the input.
    func callAsFunction(_ input: Tensor, context: Tensor? = nil) -> Tensor {
        let source = context ?? input
        let (keySource, valueSource) = changed(source)
        let attended = attend(
            query: query(input), key: key(keySource), value: value(valueSource),
            headCount: headCount, upcasts: upcasts)
        return output(attended)
    }

    private func changed(_ context: Tensor) -> (key: Tensor, value: Tensor) {
        contextChanges.reduce((context, context)) { pair, change in
            (change.key(pair.0), change.value(pair.1))
        }
    }
}

/// Splits the width into heads, attends and joins the heads again.
///
/// - Parameters: `[batch, tokens, width]` each.
func attend(
    query: Tensor, key: Tensor, value: Tensor, headCount: Int, upcasts: Bool = false,
    isCausal: Bool = false
) -> Tensor {
    let (batch, width, dtype) = (query.size(0), query.size(2), query.dtype)
    let headSize = width / headCount
    // bf16 has the range of fp32: only fp16 overflows.
    let precision = upcasts && dtype == .float16 ? DType.float32 : dtype
    func heads(_ tensor: Tensor) -> Tensor {
        tensor.cast(to: precision).reshaped(batch, -1, headCount, headSize).transposed(1, 2)
    }
    let attended = Tensor.attention(
        query: heads(query), key: heads(key), value: heads(value), isCausal: isCausal,
        scale: 1 / Double(headSize).squareRoot())
    return attended.transposed(1, 2).reshaped(batch, -1, width).cast(to: dtype)
}
