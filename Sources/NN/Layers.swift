public import Torch

// Every layer computes in the dtype of its input, where its input is: parameters of another dtype
// are cast on the way, and those that lie elsewhere are brought. So mixed precision is a matter of
// what enters a network, and needs no mode; and neither do weights that lie in main memory.

/// `x · weightᵀ + bias`.
public final class Linear: AdaptableLayer {
    /// `[outputs, inputs]`, or `[outputs, inputs, 1, 1]` where it is stored as a convolution.
    public var weight: Tensor { factors.tensor }
    /// `[outputs]`.
    public var bias: Tensor? { shift?.tensor }
    /// The changes in force; their effects add up.
    public var adapters: [any LayerAdapter] = []
    private let factors: Parameter
    private let shift: Parameter?

    /// Takes `weight` and, where wanted, `bias` from this place of the checkpoint.
    ///
    /// - Parameter isStoredAsConvolution: whether checkpoints have it as a 1×1 convolution.
    /// - Throws: ``Torch/CheckpointError`` when one is missing or misshapen; so do all layers.
    public init(
        _ path: ParameterPath, _ inputs: Int, _ outputs: Int, hasBias: Bool = true,
        isStoredAsConvolution: Bool = false
    ) throws(CheckpointError) {
        let shape = isStoredAsConvolution ? [outputs, inputs, 1, 1] : [outputs, inputs]
        factors = try path.parameter("weight", shape, initially: .forInputs(inputs))
        shift =
            hasBias
            ? try path.parameter("bias", [outputs], initially: .forInputs(inputs)) : nil
        path.store.insert(module: self, named: path.name)
    }

    /// - Parameter input: `[…, inputs]`.
    public func callAsFunction(_ input: Tensor) -> Tensor {
        adapted(input, factors, shift, map)
    }

    private func map(_ input: Tensor, _ weight: Tensor, _ bias: Tensor?) -> Tensor {
        let matrix = weight.rank == 2 ? weight : weight.reshaped(weight.size(0), weight.size(1))
        return input.linear(weight: matrix, bias: bias)
    }
}

/// A convolution over `[batch, channels, height, width]`.
public final class Conv2d: AdaptableLayer {
    /// `[outputs, inputs, height, width]`.
    public var weight: Tensor { factors.tensor }
    /// `[outputs]`.
    public var bias: Tensor? { shift?.tensor }
    /// The changes in force; their effects add up.
    public var adapters: [any LayerAdapter] = []
    private let factors: Parameter
    private let shift: Parameter?
    private let stride: Int
    private let padding: Int

    /// - Parameter padding: zeros on every side; nil keeps the size at stride 1.
    public init(
        _ path: ParameterPath, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1,
        padding: Int? = nil, hasBias: Bool = true
    ) throws(CheckpointError) {
        let fan = inputs * kernel * kernel
        factors = try path.parameter(
            "weight", [outputs, inputs, kernel, kernel], initially: .forInputs(fan))
        shift = hasBias ? try path.parameter("bias", [outputs], initially: .forInputs(fan)) : nil
        self.stride = stride
        self.padding = padding ?? kernel / 2
        path.store.insert(module: self, named: path.name)
    }

    /// How the weights lie in memory; activations are fastest when they lie likewise.
    public var format: MemoryFormat { weight.isContiguous() ? .contiguous : .channelsLast }

    /// - Parameter input: `[batch, inputs, height, width]`.
    /// - Returns: `[batch, outputs, height, width]`, its sides divided by the stride.
    public func callAsFunction(_ input: Tensor) -> Tensor {
        adapted(input, factors, shift, map)
    }

    private func map(_ input: Tensor, _ weight: Tensor, _ bias: Tensor?) -> Tensor {
        input.conv2d(weight: weight, bias: bias, stride: stride, padding: padding)
    }
}

/// Normalizes groups of channels (Wu and He 2018, arXiv 1803.08494).
public final class GroupNorm: AdaptableLayer {
    /// The factor of every channel: `[channels]`.
    public var weight: Tensor { factors.tensor }
    /// What is added to every channel: `[channels]`.
    public var bias: Tensor? { shift.tensor }
    /// The changes in force; their effects add up.
    public var adapters: [any LayerAdapter] = []
    private let factors: Parameter
    private let shift: Parameter
    private let groups: Int
    private let epsilon: Double

    /// - Parameters:
    ///   - groups: a divisor of `channels`.
    ///   - epsilon: added to the variance.
    public init(
        _ path: ParameterPath, groups: Int, channels: Int, epsilon: Double
    ) throws(CheckpointError) {
        factors = try path.parameter("weight", [channels], initially: .ones)
        shift = try path.parameter("bias", [channels], initially: .zeros)
        self.groups = groups
        self.epsilon = epsilon
        path.store.insert(module: self, named: path.name)
    }

    /// - Parameter input: `[batch, channels, height, width]`; the result has its shape.
    public func callAsFunction(_ input: Tensor) -> Tensor {
        adapted(input, factors, shift, map)
    }

    private func map(_ input: Tensor, _ weight: Tensor, _ bias: Tensor?) -> Tensor {
        input.groupNorm(
            groups: groups, weight: weight, bias: bias ?? none(like: weight), epsilon: epsilon)
    }
}

/// Normalizes the last axis (Ba et al. 2016, arXiv 1607.06450).
public final class LayerNorm: AdaptableLayer {
    /// The factor of every feature: `[width]`.
    public var weight: Tensor { factors.tensor }
    /// What is added to every feature: `[width]`.
    public var bias: Tensor? { shift.tensor }
    /// The changes in force; their effects add up.
    public var adapters: [any LayerAdapter] = []
    private let factors: Parameter
    private let shift: Parameter
    private let epsilon: Double

    /// - Parameter epsilon: added to the variance.
    public init(
        _ path: ParameterPath, _ width: Int, epsilon: Double = 1e-5
    ) throws(CheckpointError) {
        factors = try path.parameter("weight", [width], initially: .ones)
        shift = try path.parameter("bias", [width], initially: .zeros)
        self.epsilon = epsilon
        path.store.insert(module: self, named: path.name)
    }

    /// - Parameter input: `[…, width]`; the result has its shape.
    public func callAsFunction(_ input: Tensor) -> Tensor {
        adapted(input, factors, shift, map)
    }

    private func map(_ input: Tensor, _ weight: Tensor, _ bias: Tensor?) -> Tensor {
        input.layerNorm(weight: weight, bias: bias ?? none(like: weight), epsilon: epsilon)
    }
}

/// What a norm adds where only a change of its factors is computed.
private func none(like weight: Tensor) -> Tensor {
    Tensor.zeros(weight.shape, dtype: weight.dtype, device: weight.device)
}

/// A table of rows, looked up by id.
public final class Embedding {
    /// `[rows, width]`.
    public var weight: Tensor { table.tensor }
    private let table: Parameter

    /// - Parameter standardDeviation: of the rows where no checkpoint gives them.
    public init(
        _ path: ParameterPath, rows: Int, width: Int, standardDeviation: Double = 0.02
    ) throws(CheckpointError) {
        table = try path.parameter(
            "weight", [rows, width], initially: .normal(standardDeviation: standardDeviation))
    }

    /// The rows, where the ids are; a table that lies elsewhere is looked up there.
    ///
    /// - Parameter ids: int64, of any shape.
    public func callAsFunction(_ ids: Tensor) -> Tensor {
        weight.rows(at: ids.moved(to: weight.device)).moved(to: ids.device)
    }

    /// The first rows, brought to a device: `[count, width]`.
    public func firstRows(_ count: Int, on device: Device) -> Tensor {
        weight.narrowed(0, start: 0, length: count).moved(to: device)
    }
}
