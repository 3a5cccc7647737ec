public import Torch

/// Any optimizer whose parameters, moments and gradients lie in memory on a disk: a step goes
/// through them part after part, and what a part has used leaves main memory before the next comes.
///
/// The numbers are those of the optimizer inside.
public final class DiskOptimizer: Optimizer {
    /// The optimizer that moves the parameters.
    public let base: any Optimizer
    /// By the parameter, what is kept of it from step to step.
    private let kept: [[Tensor]]

    /// Weights of a part: what they take with moments and gradients is four times as much.
    private static let partCount = 1 << 24

    /// - Parameter base: its parameters and moments lie in ``Torch/DiskMemory``.
    public init(_ base: any Optimizer) {
        self.base = base
        let places = Dictionary(
            uniqueKeysWithValues: base.parameters.enumerated().map { ($1.name, $0) })
        var kept = base.parameters.map { [$0.tensor] }
        for (name, tensor) in base.state {
            // `NAME.first_moment`, of a parameter NAME.
            var name = Substring(name)
            while let dot = name.lastIndex(of: ".") {
                name = name[..<dot]
                guard let place = places[String(name)] else { continue }
                kept[place].append(tensor)
                break
            }
        }
        self.kept = kept
    }

    /// As the optimizer inside.
    public var parameters: [(name: String, tensor: Tensor)] { base.parameters }
    /// As the optimizer inside.
    public var usesLearningRate: Bool { base.usesLearningRate }
    /// As the optimizer inside.
    public var stepsPartially: Bool { base.stepsPartially }
    /// As the optimizer inside.
    public var state: [(name: String, tensor: Tensor)] { base.state }

    /// As the optimizer inside.
    public func onGradient(of index: Int, _ body: (() -> Void)?) {
        base.onGradient(of: index, body)
    }

    /// Moves those of the range that have a gradient, part after part.
    public func step(_ range: Range<Int>, learningRate: Double) {
        for part in stepsPartially ? parts(of: range) : [range] {
            base.step(part, learningRate: learningRate)
            leaveMemory(part)
        }
    }

    /// As the optimizer inside.
    public func useAverages() {
        base.useAverages()
        leaveMemory(parameters.indices)
    }

    /// As the optimizer inside.
    public func useIterates() {
        base.useIterates()
        leaveMemory(parameters.indices)
    }

    /// As the optimizer inside.
    public func parametersChanged() { base.parametersChanged() }

    private func parts(of range: Range<Int>) -> [Range<Int>] {
        var parts: [Range<Int>] = []
        var begin = range.lowerBound
        var count = 0
        for index in range {
            count += parameters[index].tensor.count
            guard count >= Self.partCount else { continue }
            parts.append(begin..<(index + 1))
            (begin, count) = (index + 1, 0)
        }
        return begin < range.upperBound ? parts + [begin..<range.upperBound] : parts
    }

    private func leaveMemory(_ range: Range<Int>) {
        for index in range {
            for tensor in kept[index] { tensor.leaveMemory() }
            parameters[index].tensor.gradient?.leaveMemory()
        }
    }
}
