public import Torch

/// A change of a layer's bias, beside a change of its weights or alone.
public final class BiasAdapter: LayerAdapter {
    /// What changes the weights; nil: nothing does.
    public let change: (any LayerAdapter)?
    /// What is added to the bias: `[outputs]`.
    public let difference: Tensor
    /// How much both changes count: 1 is what was trained.
    public var strength = 1.0
    private let name: String

    /// - Parameter name: what files call the bias: `diff_b` for layers, `b_norm` for norms.
    public init(_ difference: Tensor, beside change: (any LayerAdapter)?, name: String = "diff_b") {
        self.difference = difference
        self.change = change
        self.name = name
    }

    /// What is trained, by the names that LyCORIS and kohya give it.
    public var parameters: [(name: String, tensor: Tensor)] {
        (change?.parameters ?? []) + [(name, difference)]
    }

    /// The change of the bias at full strength, `[outputs]`.
    public var biasDifference: Tensor? { difference }

    /// The change at full strength, in the shape of the weight.
    public func weightDifference(_ weight: Tensor) -> Tensor {
        change?.weightDifference(weight) ?? Tensor.zeros(weight.shape, device: weight.device)
    }

    /// What the change of the weights adds; nothing where there is none.
    public func outputDifference(
        _ input: Tensor, weight: Tensor, layer: (_ input: Tensor, _ weight: Tensor) -> Tensor
    ) -> Tensor {
        guard let change else { return Tensor.zeros([], dtype: input.dtype, device: input.device) }
        return change.outputDifference(input, weight: weight, layer: layer) * strength
    }
}
