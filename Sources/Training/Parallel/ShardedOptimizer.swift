import NN
import Torch

/// Any optimizer of which each of several processes has a part: it remembers moments of its own
/// parameters alone and moves those, and ``spread()`` gives them to the others
/// (Rajbhandari et al. 2020, "ZeRO", arXiv 1910.02054, section 5.1).
final class ShardedOptimizer: Optimizer {
    /// All of them, in the order of the groups.
    let parameters: [(name: String, tensor: Tensor)]
    /// Who moves which.
    let shards: ParameterShards
    private let base: any Optimizer
    private let group: ProcessGroup
    /// Which parameters only their owners have.
    private let areApart: Set<Int>

    /// - Parameters:
    ///   - weights: parameters that only their owners have; nil: there are none.
    ///   - make: makes an optimizer of some groups.
    init(
        _ groups: [ParameterGroup], _ group: ProcessGroup, weights: ShardedBlocks? = nil,
        make: ([ParameterGroup]) throws(OptimizerError) -> any Optimizer
    ) throws(OptimizerError) {
        self.group = group
        let parameters = groups.flatMap(\.parameters)
        self.parameters = parameters
        shards = ParameterShards(parameters.map(\.tensor.count), processCount: group.count)
        areApart = Set(
            parameters.indices.filter { weights?.has(parameters[$0].tensor) ?? false })
        base = try make(shards.part(groups, of: group.rank))
    }

    private var own: Range<Int> { shards.ranges[group.rank] }

    /// As the optimizer inside.
    var usesLearningRate: Bool { base.usesLearningRate }
    /// As the optimizer inside.
    var stepsPartially: Bool { base.stepsPartially }
    /// Of the own parameters.
    var state: [(name: String, tensor: Tensor)] { base.state }

    /// Moves those of the range that are this process's own.
    func step(_ range: Range<Int>, learningRate: Double) {
        let moved = range.clamped(to: own)
        guard !moved.isEmpty else { return }
        base.step(
            moved.lowerBound - own.lowerBound..<moved.upperBound - own.lowerBound,
            learningRate: learningRate)
    }

    /// Those of this process.
    func useAverages() { base.useAverages() }
    /// Those of this process.
    func useIterates() { base.useIterates() }

    /// Gives every process the parameters that all have, as they are where they are moved.
    func spread() throws(ProcessError) {
        var waiting: [(flat: Tensor, indices: [Int], exchange: ProcessExchange)] = []
        for (owner, range) in shards.ranges.enumerated() {
            for indices in chunks(range) {
                let homes = indices.map { parameters[$0].tensor.device }
                let place = Set(homes).count == 1 ? group.place(of: homes[0]) : .cpu
                let flat = withoutGradients {
                    Tensor.concatenating(
                        indices.map {
                            parameters[$0].tensor.detached().converted(
                                to: .float32, device: place, format: .contiguous
                            ).reshaped(-1)
                        })
                }
                waiting.append((flat, indices, try group.startBroadcast(flat, from: owner)))
                // So that not all of them exist twice.
                if waiting.count > 2 { try take(waiting.removeFirst()) }
            }
        }
        for one in waiting { try take(one) }
    }

    private func take(
        _ arrived: (flat: Tensor, indices: [Int], exchange: ProcessExchange)
    ) throws(ProcessError) {
        try arrived.exchange.wait()
        var start = 0
        withoutGradients {
            for index in arrived.indices {
                let tensor = parameters[index].tensor
                if !own.contains(index) {
                    tensor.copy(
                        from: arrived.flat.narrowed(0, start: start, length: tensor.count)
                            .reshaped(tensor.shape))
                }
                start += tensor.count
            }
        }
    }

    private func chunks(_ range: Range<Int>) -> [[Int]] {
        var result: [[Int]] = []
        var bytes = 0
        for index in range where !areApart.contains(index) {
            let size = parameters[index].tensor.count * DType.float32.byteCount
            if result.isEmpty || bytes + size > GradientBuckets.usualCapacity {
                result.append([])
                bytes = 0
            }
            result[result.count - 1].append(index)
            bytes += size
        }
        return result
    }

    /// What all processes remember; in the others than the first, of no use.
    func gatheredState(_ name: String) throws(ProcessError) -> [(name: String, tensor: Tensor)] {
        var result: [(name: String, tensor: Tensor)] = []
        for owner in 0..<group.count {
            let own = owner == group.rank ? state : []
            let lines = own.map { entry in
                ([entry.name, entry.tensor.dtype.rawValue] + entry.tensor.shape.map(String.init))
                    .joined(separator: "\t")
            }
            let text = try group.text(
                "state/\(name)/\(owner)", of: owner, lines.joined(separator: "\n"))
            for (number, line) in text.split(separator: "\n").enumerated() {
                let parts = line.split(separator: "\t")
                guard let dtype = DType(rawValue: String(parts[1])) else { continue }
                let shape = parts.dropFirst(2).compactMap { Int($0) }
                let count = shape.reduce(1, *) * dtype.byteCount
                // As bytes: every type is exchanged alike.
                let bytes =
                    owner == group.rank
                    ? Tensor(own[number].tensor.rawBytes())
                    : Tensor.empty([count], dtype: .uint8)
                if count > 0 { try group.startBroadcast(bytes, from: owner).wait() }
                guard group.isFirst else { continue }
                result.append(
                    (String(parts[0]), Self.tensor(bytes.unsignedBytes(), shape, dtype)))
            }
        }
        return result
    }

    private static func tensor(_ bytes: [UInt8], _ shape: [Int], _ dtype: DType) -> Tensor {
        bytes.withUnsafeBytes { Tensor(bytes: $0, shape: shape, dtype: dtype) }
    }
}
