public import Torch

/// LoRA: the product of two thin matrices (Hu et al. 2021, arXiv 2106.09685, equation 3), for
/// convolutions as in LyCORIS' LoCon.
///
/// `up · down · alpha / rank`; with a middle factor, `up · (mid * down)` (Tucker, for k×k kernels).
public final class LowRankAdapter: LayerAdapter {
    /// `[rank, inputs]` or `[rank, inputs, height, width]`; with a middle factor 1×1.
    public let down: Tensor
    /// `[outputs, rank]` or `[outputs, rank, 1, 1]`.
    public let up: Tensor
    /// `[rank, rank, height, width]`.
    public let mid: Tensor?
    /// Divided by the rank it is the factor of the change.
    public let alpha: Double
    /// How much the change counts: 1 is what was trained.
    public var strength = 1.0
    /// The share of inputs that are left out in training.
    public var dropout = 0.0
    /// In training, where dropout is drawn, anew each time; nil: nothing is left out.
    public var dropoutGenerator: Generator?

    /// - Parameter alpha: nil: the rank, which makes the factor 1.
    public init(down: Tensor, up: Tensor, mid: Tensor? = nil, alpha: Double? = nil) {
        precondition(down.size(0) == (mid?.size(1) ?? up.size(1)), "ranks of down and up differ")
        self.down = down
        self.up = up
        self.mid = mid
        self.alpha = alpha ?? Double(down.size(0))
    }

    /// The thin axis.
    public var rank: Int { down.size(0) }
    private var factor: Double { alpha / Double(rank) }

    /// What is trained, by the names that LyCORIS and kohya give it.
    public var parameters: [(name: String, tensor: Tensor)] {
        [("lora_down.weight", down), ("lora_up.weight", up)]
            + (mid.map { [("lora_mid.weight", $0)] } ?? [])
    }

    /// The change at full strength, in the shape of the weight.
    public func weightDifference(_ weight: Tensor) -> Tensor {
        let outputs = up.reshaped(up.size(0), -1)
        let product: Tensor
        if let mid {
            product = tucker(mid, outputs.transposed(0, 1), down.reshaped(rank, -1))
        } else {
            product = outputs.matmul(down.reshaped(rank, -1))
        }
        return product.reshaped(weight.shape) * factor
    }

    /// The change of the output; the two thin layers are cheaper than their product.
    public func outputDifference(
        _ input: Tensor, weight: Tensor, layer: (_ input: Tensor, _ weight: Tensor) -> Tensor
    ) -> Tensor {
        // The middle factor's stride would be the layer's: rare enough for the plain way.
        if mid != nil { return layer(input, weightDifference(weight) * strength) }
        let thin = layer(masked(input), down)
        return expanded(thin) * (factor * strength)
    }

    /// `up` as a linear map of the last axis, or of the channels of a picture.
    private func expanded(_ thin: Tensor) -> Tensor {
        let weight = up.cast(to: thin.dtype)
        guard thin.rank == 4 else {
            return thin.linear(weight: weight.reshaped(up.size(0), up.size(1)), bias: nil)
        }
        return thin.conv2d(weight: weight.reshaped(up.size(0), up.size(1), 1, 1), bias: nil)
    }

    private func masked(_ input: Tensor) -> Tensor {
        guard let dropoutGenerator, dropout > 0 else { return input }
        let kept = Tensor.rand(input.shape, generator: dropoutGenerator)
            .isAtLeast(dropout).converted(to: input.dtype, device: input.device)
        return input * kept / (1 - dropout)
    }
}

/// `core[i, j, …] · first[i, a] · second[j, b]`, as `[a, b, …]`: a Tucker decomposition whose first
/// two axes have factors (Yeh et al. 2023, arXiv 2309.14859, section 3).
func tucker(_ core: Tensor, _ first: Tensor, _ second: Tensor) -> Tensor {
    let (outer, inner) = (core.size(0), core.size(1))
    let kernel = Array(core.shape.dropFirst(2))
    // [outer, inner, k] → [outer, k, inner] · [inner, b] → [outer, k · b]
    let flat = core.reshaped(outer, inner, -1).transposed(1, 2)
    let inputs = flat.matmul(second).reshaped(outer, -1)
    let (count, width) = (first.size(1), second.size(1))
    let both = first.transposed(0, 1).matmul(inputs)
    return both.reshaped(count, -1, width).transposed(1, 2).reshaped([count, width] + kernel)
}
