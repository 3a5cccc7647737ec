public import NN
public import Torch

/// One small network: what it adds to contexts of one width.
///
/// Source: `HypernetworkModule` in A1111's `modules/hypernetworks/hypernetwork.py`; parameters are
/// named by the places in its `torch.nn.Sequential`, where activations and dropouts count too.
public final class HypernetworkModule {
    private enum Layer {
        case linear(Linear)
        case activation(HypernetworkActivation)
        case norm(LayerNorm)
        case dropout(Double)
    }

    private let layers: [Layer]
    private let dtype: DType

    /// - Parameters:
    ///   - path: where `linear.0.weight` and so on are.
    ///   - width: of the contexts.
    ///   - configuration: validated by the caller.
    /// - Throws: ``Torch/CheckpointError`` when the source lacks a tensor or has it in another
    ///   shape.
    public init(
        _ path: ParameterPath, width: Int, _ configuration: HypernetworkConfiguration
    ) throws(CheckpointError) {
        var layers: [Layer] = []
        var dtype = DType.float32
        for (place, layer) in configuration.layers(width: width).enumerated() {
            switch layer {
            case .linear(let inputs, let outputs):
                let linear = try Linear(path / "linear" / place, inputs, outputs)
                dtype = linear.weight.dtype
                layers.append(.linear(linear))
            case .activation: layers.append(.activation(configuration.activation))
            case .norm(let width):
                layers.append(.norm(try LayerNorm(path / "linear" / place, width)))
            case .dropout(let share): layers.append(.dropout(share))
            }
        }
        self.layers = layers
        self.dtype = dtype
    }

    /// `x + strength · linear(x)`, computed in the dtype of the parameters.
    ///
    /// - Parameters:
    ///   - input: `[…, width]`; the result has its shape and dtype.
    ///   - dropout: in training, where the shares that are left out are drawn.
    public func callAsFunction(
        _ input: Tensor, strength: Double = 1, dropout: Generator? = nil
    ) -> Tensor {
        if strength == 0 { return input }
        let exact = input.cast(to: dtype)
        let change = layers.reduce(exact) { hidden, layer in
            switch layer {
            case .linear(let linear): linear(hidden)
            case .activation(let function): function(hidden)
            case .norm(let norm): norm(hidden)
            case .dropout(let share): dropout.map { thinned(hidden, share, $0) } ?? hidden
            }
        }
        return (exact + (strength == 1 ? change : change * strength)).cast(to: input.dtype)
    }
}

/// Leaves out a share of the elements and enlarges the others, so that the mean stays
/// (Srivastava et al. 2014).
private func thinned(_ input: Tensor, _ share: Double, _ generator: Generator) -> Tensor {
    let kept = Tensor.rand(input.shape, generator: generator)
        .isAtLeast(share).converted(to: input.dtype, device: input.device)
    return input * kept / (1 - share)
}
