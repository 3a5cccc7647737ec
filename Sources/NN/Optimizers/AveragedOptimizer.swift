public import Torch

/// Any optimizer with an exponential moving average of the weights beside them, which is smoother
/// than the weights themselves (Tarvainen and Valpola 2017, arXiv 1703.01780); its numbers are
/// those of diffusers' `EMAModel`.
///
/// The averages are float32, whatever the parameters are. ``useAverages()`` makes the parameters
/// the averages, which is what is painted with, measured and written.
public final class AveragedOptimizer: Optimizer {
    /// The optimizer that moves the parameters.
    public let base: any Optimizer
    /// The highest decay, in [0, 1).
    public let decay: Double
    private let averages: [Tensor]
    private let disks: [DiskMemory?]
    private let stepCounts: [HostNumber]
    /// The parameters as they are trained, while they hold their averages.
    private var kept: [Tensor]?

    /// - Parameters:
    ///   - base: an optimizer without averages of its own.
    ///   - disks: where the average of each parameter lies; none: in memory.
    public init(_ base: any Optimizer, decay: Double, disks: [DiskMemory?] = []) {
        precondition((0..<1).contains(decay), "the decay is in [0, 1)")
        self.base = base
        self.decay = decay
        let disks = disks.isEmpty ? base.parameters.map { _ in nil } : disks
        self.disks = disks
        averages = withoutGradients {
            base.parameters.enumerated().map { index, parameter in
                let copy = parameter.tensor.detached().converted(to: .float32, copies: true)
                return disks[index]?.place(copy) ?? copy
            }
        }
        stepCounts = base.parameters.map { _ in HostNumber() }
    }

    /// How much of an average stays in step `stepCount`, counted from 1: `(1 + t) / (10 + t)` with
    /// t = `stepCount - 1`, `decay` at most, and nothing in the first step.
    public static func decay(step stepCount: Int, limit decay: Double) -> Double {
        guard stepCount > 1 else { return 0 }
        let elapsed = Double(stepCount - 1)
        return min((1 + elapsed) / (10 + elapsed), decay)
    }

    /// Those of the optimizer inside.
    public var parameters: [(name: String, tensor: Tensor)] { base.parameters }
    /// As the optimizer inside.
    public var usesLearningRate: Bool { base.usesLearningRate }
    /// As the optimizer inside.
    public var stepsPartially: Bool { base.stepsPartially }

    /// Moves those of the range that have a gradient, and the averages of all in it that require
    /// one.
    public func step(_ range: Range<Int>, learningRate: Double) {
        precondition(kept == nil, "a step while the parameters hold their averages")
        base.step(range, learningRate: learningRate)
        withoutGradients {
            var whole: [Double: [Int]] = [:]
            // What is no longer trained stays as it is, its average too.
            for index in range where parameters[index].tensor.requiresGradient {
                let count = Int(stepCounts[index].increment())
                let weight = 1 - Self.decay(step: count, limit: decay)
                let tensor = parameters[index].tensor
                if tensor.dtype == .float32 {
                    whole[weight, default: []].append(index)
                } else {
                    // One by one, so that no two of them exist in float32 together.
                    Foreach.interpolate(
                        [averages[index]], towards: [tensor.detached().cast(to: .float32)],
                        weight: weight)
                }
            }
            for (weight, indices) in whole {
                Foreach.interpolate(
                    indices.map { averages[$0] },
                    towards: indices.map { parameters[$0].tensor.detached() }, weight: weight)
            }
        }
    }

    /// Makes the parameters their averages, and keeps what is trained beside them.
    public func useAverages() {
        guard kept == nil else { return }
        withoutGradients {
            kept = zip(parameters, disks).map { parameter, disk in
                let copy = parameter.tensor.detached().copied()
                return disk?.place(copy) ?? copy
            }
            for (parameter, average) in zip(parameters, averages) {
                parameter.tensor.copy(from: average)
            }
        }
    }

    /// Makes the parameters what is trained again.
    public func useIterates() {
        guard let kept else { return }
        withoutGradients {
            for (parameter, value) in zip(parameters, kept) { parameter.tensor.copy(from: value) }
        }
        self.kept = nil
    }

    /// That of the optimizer inside, and for each parameter `NAME.average` and
    /// `NAME.average_step`.
    public var state: [(name: String, tensor: Tensor)] {
        let own = parameters.indices.flatMap { index in
            let name = parameters[index].name
            return [
                (name: "\(name).average", tensor: averages[index]),
                (name: "\(name).average_step", tensor: stepCounts[index].tensor),
            ]
        }
        return base.state + own
    }
}
