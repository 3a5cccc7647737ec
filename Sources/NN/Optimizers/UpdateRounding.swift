import Torch

/// Lets an optimizer train float32 and bfloat16 parameters with the same arithmetic: the new value
/// of a bfloat16 one is computed in float32 and rounded stochastically.
///
/// The random numbers of a step depend on the seed, the parameter and how often it was moved, and
/// on nothing else: a resumed run rounds as one that never stopped.
final class UpdateRounding {
    private let parameters: TrainedParameters
    private let seed: UInt64
    private let counts: [Int: HostNumber]
    private var generators: [Device: Generator] = [:]

    init(_ parameters: TrainedParameters, seed: UInt64) {
        self.parameters = parameters
        self.seed = seed
        var counts: [Int: HostNumber] = [:]
        for (index, element) in parameters.elements.enumerated()
        where element.tensor.dtype == .bfloat16 {
            counts[index] = HostNumber()
        }
        self.counts = counts
    }

    /// For each bfloat16 parameter `NAME.rounding_count`.
    var state: [(name: String, tensor: Tensor)] {
        parameters.elements.indices.compactMap { index in
            counts[index].map { ("\(parameters.elements[index].name).rounding_count", $0.tensor) }
        }
    }

    /// Changes one parameter: `body` moves its value in place; value and gradient are float32.
    func update(
        _ index: Int, gradient: Tensor, _ body: (_ value: Tensor, _ gradient: Tensor) -> Void
    ) {
        let tensor = parameters.elements[index].tensor
        guard let count = counts[index] else { return body(tensor.detached(), gradient) }
        let value = tensor.detached().cast(to: .float32)
        body(value, gradient.cast(to: .float32))
        let generator = generators[tensor.device] ?? Generator(seed: 0, device: tensor.device)
        generators[tensor.device] = generator
        generator.reseed(seed(of: index, count: UInt64(count.increment())))
        StochasticRounding.round(value, into: tensor, generator: generator)
    }

    /// SplitMix64 over seed, parameter and count, so that neighbours have nothing in common.
    private func seed(of index: Int, count: UInt64) -> UInt64 {
        [UInt64(index), count].reduce(seed) { state, part in
            var mixed = (state ^ part) &+ 0x9E37_79B9_7F4A_7C15
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }
}
