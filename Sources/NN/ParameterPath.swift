public import Torch

/// Where a layer stands in its network: the name that checkpoints give it, where its parameters
/// come from, and the store they go to.
public struct ParameterPath {
    /// The names of the levels, joined by dots; empty at the root.
    public let name: String
    /// Where parameters come from.
    public let source: any ParameterSource
    /// Where they go to.
    public let store: ParameterStore

    /// The root of a network.
    public init(_ source: any ParameterSource, store: ParameterStore) {
        self.init(name: "", source: source, store: store)
    }

    private init(name: String, source: any ParameterSource, store: ParameterStore) {
        self.name = name
        self.source = source
        self.store = store
    }

    /// The place of this name below a place.
    public static func / (path: ParameterPath, component: String) -> ParameterPath {
        let name = path.name.isEmpty ? component : "\(path.name).\(component)"
        return ParameterPath(name: name, source: path.source, store: path.store)
    }

    /// The place of this number below a place, as in a list of blocks.
    public static func / (path: ParameterPath, index: Int) -> ParameterPath {
        path / String(index)
    }

    /// Takes the parameter `component` of this place from the source into the store.
    ///
    /// - Throws: ``Torch/CheckpointError`` when the source lacks it or has it in another shape.
    public func parameter(
        _ component: String, _ shape: [Int], initially initialization: Initialization
    ) throws(CheckpointError) -> Parameter {
        let path = self / component
        let parameter = Parameter(try source.tensor(path.name, shape: shape, initialization))
        store.insert(parameter, named: path.name)
        return parameter
    }

    /// Whether the source has a parameter of this name; random initialization has them all.
    public func has(_ component: String) -> Bool { source.has((self / component).name) }
}

/// Where parameters come from. The dtype, the device and the memory format are the source's.
public protocol ParameterSource {
    func tensor(
        _ name: String, shape: [Int], _ initialization: Initialization
    ) throws(CheckpointError) -> Tensor

    func has(_ name: String) -> Bool
}

/// How a parameter begins where no checkpoint gives it.
public enum Initialization: Sendable {
    case zeros
    case ones
    /// Uniform in ±bound.
    case uniform(bound: Double)
    case normal(standardDeviation: Double)

    /// PyTorch's own for linear layers and convolutions: uniform in ±1/√inputs.
    public static func forInputs(_ count: Int) -> Initialization {
        .uniform(bound: 1 / Double(count).squareRoot())
    }
}

/// Parameters drawn at random.
public final class RandomInitialization: ParameterSource {
    private let generator: Generator
    private let dtype: DType
    private let device: Device
    private let format: MemoryFormat

    /// - Parameters:
    ///   - generator: of the CPU; what is drawn is moved to `device`.
    ///   - format: of convolution weights; networks lay their activations out as these lie.
    public init(
        _ generator: Generator, dtype: DType = .float32, device: Device = .cpu,
        format: MemoryFormat = .channelsLast
    ) {
        self.generator = generator
        self.dtype = dtype
        self.device = device
        self.format = format
    }

    /// True: any parameter can be drawn.
    public func has(_ name: String) -> Bool { true }

    /// Draws the parameter; what is drawn depends on the order of the calls.
    public func tensor(
        _ name: String, shape: [Int], _ initialization: Initialization
    ) throws(CheckpointError) -> Tensor {
        let drawn =
            switch initialization {
            case .zeros: Tensor.zeros(shape)
            case .ones: Tensor.ones(shape)
            case .uniform(let bound):
                Tensor.rand(shape, generator: generator) * (2 * bound) - bound
            case .normal(let deviation):
                Tensor.randn(shape, generator: generator) * deviation
            }
        return drawn.converted(
            to: dtype, device: device, format: shape.count == 4 ? format : .contiguous)
    }
}
