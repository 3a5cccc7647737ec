public import Torch

/// The parameters of a network that is there already: a second network of the same layers over
/// them has the same weights, takes no memory of its own, and has nothing laid over it.
public struct SharedParameters: ParameterSource {
    private let store: ParameterStore

    /// - Parameter store: of the other network.
    public init(_ store: ParameterStore) { self.store = store }

    /// Whether the other network has a parameter of this name.
    public func has(_ name: String) -> Bool { store.contains(name) }

    /// The other network's own tensor.
    ///
    /// - Throws: ``Torch/CheckpointError`` when it has none of this name and shape.
    public func tensor(
        _ name: String, shape: [Int], _ initialization: Initialization
    ) throws(CheckpointError) -> Tensor {
        guard store.contains(name) else {
            throw .missing(file: "the network that is shared", key: name)
        }
        let tensor = store[name]
        guard tensor.shape == shape else {
            throw .misshapen(
                file: "the network that is shared", key: name, expected: shape,
                found: tensor.shape)
        }
        return tensor
    }
}
