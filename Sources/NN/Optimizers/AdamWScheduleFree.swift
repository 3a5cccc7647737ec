#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif
public import Torch

/// AdamW that needs no schedule: it averages its iterates instead of lowering the rate (Defazio et
/// al. 2024, arXiv 2405.15682, algorithm 1); its numbers are those of `schedulefree`.
///
/// The parameters hold y, of which gradients are taken; ``useAverages()`` makes them x, which is
/// what the run is for. The step count belongs to each parameter, not to a group as there.
public final class AdamWScheduleFree: Optimizer {
    /// The settings that stay the same from step to step.
    public struct Settings: Codable, Sendable, Equatable {
        /// How far y lies from z towards x, in (0, 1).
        public var beta1 = 0.9
        /// The decay of the second moment, in [0, 1).
        public var beta2 = 0.999
        /// Keeps the division from zero.
        public var epsilon = 1e-8
        /// What a step takes off a weight, times the learning rate.
        public var weightDecay = 0.0
        /// Steps in which the rate rises.
        public var warmupStepCount = 0
        /// The weight of step t in the average is proportional to `t^averagingPower`.
        public var averagingPower = 0.0
        /// The weight is proportional to this power of the highest rate so far, too.
        public var weightLrPower = 2.0

        /// The defaults of `schedulefree`.
        public init() {}
    }

    private struct Memory {
        let iterate: Tensor
        let second: Tensor
        let stepCount = HostNumber()
        let weightSum = HostNumber()
        let largestRate = HostNumber(-1)

        init(of element: TrainedParameters.Element) {
            iterate = element.copy()
            second = element.zeros()
        }
    }

    /// What was given.
    public let settings: Settings
    private let trained: TrainedParameters
    private let memories: [Memory]
    /// The y of every parameter while the parameters hold x.
    private var kept: [Tensor]?

    /// - Parameter groups: float32 parameters.
    public init(groups: [ParameterGroup], settings: Settings = Settings()) {
        precondition((0..<1).contains(settings.beta1) && settings.beta1 > 0, "beta1 is in (0, 1)")
        self.settings = settings
        trained = TrainedParameters(groups, weightDecay: settings.weightDecay)
        precondition(
            trained.elements.allSatisfy { $0.tensor.dtype == .float32 }, "parameters are float32")
        memories = withoutGradients { [trained] in trained.elements.map(Memory.init(of:)) }
    }

    /// What is trained, in the order of the groups.
    public var parameters: [(name: String, tensor: Tensor)] { trained.named }

    /// Moves every parameter of the range that has a gradient by one step.
    public func step(_ range: Range<Int>, learningRate: Double) {
        precondition(kept == nil, "a step while the parameters hold their averages")
        withoutGradients {
            for (index, element, gradient) in trained.moved(in: range) {
                move(
                    element.tensor.detached(), gradient, memories[index],
                    learningRate: learningRate * element.learningRateScale,
                    weightDecay: element.weightDecay)
            }
        }
    }

    private func move(
        _ value: Tensor, _ gradient: Tensor, _ memory: Memory, learningRate: Double,
        weightDecay: Double
    ) {
        let stepCount = memory.stepCount.increment()
        let warmup = Double(settings.warmupStepCount)
        let rate = stepCount <= warmup ? learningRate * (stepCount / warmup) : learningRate
        memory.largestRate.value = max(rate, memory.largestRate.value)
        let weight =
            pow(stepCount, settings.averagingPower)
            * pow(memory.largestRate.value, settings.weightLrPower)
        memory.weightSum.value += weight
        let share = memory.weightSum.value == 0 ? 0 : weight / memory.weightSum.value

        memory.second.multiply(by: settings.beta2)
        memory.second.add(gradient.squared(), scale: 1 - settings.beta2)
        let correction = 1 - pow(settings.beta2, stepCount)
        let update = gradient / ((memory.second / correction).squareRoot() + settings.epsilon)
        if weightDecay != 0 { update.add(value, scale: weightDecay) }

        Foreach.interpolate([value], towards: [memory.iterate], weight: share)
        value.add(update, scale: rate * (settings.beta1 * (1 - share) - 1))
        memory.iterate.add(update, scale: -rate)
    }

    /// Makes the parameters x, and keeps y beside them.
    public func useAverages() {
        guard kept == nil else { return }
        withoutGradients {
            let values = trained.elements.map { $0.tensor.detached() }
            kept = trained.elements.map { $0.copy() }
            Foreach.interpolate(
                values, towards: memories.map(\.iterate), weight: 1 - 1 / settings.beta1)
        }
    }

    /// Makes the parameters y again.
    public func useIterates() {
        guard let kept else { return }
        withoutGradients {
            for (element, value) in zip(trained.elements, kept) { element.tensor.copy(from: value) }
        }
        self.kept = nil
    }

    /// For each parameter `NAME.iterate` (z), `NAME.second_moment`, `NAME.step`,
    /// `NAME.weight_sum` and `NAME.largest_rate`; it goes with the parameters as y.
    public var state: [(name: String, tensor: Tensor)] {
        zip(trained.elements, memories).flatMap { element, memory in
            [
                ("\(element.name).iterate", memory.iterate),
                ("\(element.name).second_moment", memory.second),
                ("\(element.name).step", memory.stepCount.tensor),
                ("\(element.name).weight_sum", memory.weightSum.tensor),
                ("\(element.name).largest_rate", memory.largestRate.tensor),
            ]
        }
    }
}
