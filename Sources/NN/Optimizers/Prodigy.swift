#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif
public import Torch

/// Adam that finds its own learning rate, from how far the weights have come along their gradients
/// (Mishchenko and Defazio 2023, arXiv 2306.06101, algorithm 4); its numbers are those of
/// `prodigyopt`. The rate given to a step multiplies the one found: 1 is usual.
public final class Prodigy: Optimizer {
    /// The settings that stay the same from step to step.
    public struct Settings: Codable, Sendable, Equatable {
        /// The decay of the first moment, in [0, 1).
        public var beta1 = 0.9
        /// The decay of the second moment, in [0, 1).
        public var beta2 = 0.999
        /// The decay of the sums that d is estimated from, in [0, 1); nil: the root of `beta2`.
        public var beta3: Double?
        /// Keeps the division from zero.
        public var epsilon = 1e-8
        /// What a step takes off a weight, times the learning rate.
        public var weightDecay = 0.0
        /// Takes it off the weight itself, as AdamW does, instead of adding it to the gradient.
        public var decouple = true
        /// Makes the first steps smaller, as Adam's correction does.
        public var useBiasCorrection = false
        /// Leaves the rate out of the estimate's denominator, for runs that warm up.
        public var safeguardWarmup = false
        /// The estimate to begin with.
        public var initialD = 1e-6
        /// Multiplies the estimate.
        public var dCoefficient = 1.0
        /// By how much d may grow in a step; nil: by any factor.
        public var growthRate: Double?

        /// The defaults of `prodigyopt`.
        public init() {}
    }

    private struct Memory {
        let first: Tensor
        let second: Tensor
        let sum: Tensor
        let start: Tensor

        init(of element: TrainedParameters.Element) {
            first = element.zeros()
            second = element.zeros()
            sum = element.zeros()
            start = element.copy()
        }
    }

    /// What was given.
    public let settings: Settings
    private let trained: TrainedParameters
    private let memories: [Memory]
    private let estimate: HostNumber
    private let largestEstimate: HostNumber
    private let numerator = HostNumber()
    private let stepCount = HostNumber()

    /// - Parameter groups: float32 parameters; all have one learning rate.
    public init(groups: [ParameterGroup], settings: Settings = Settings()) {
        precondition(
            groups.allSatisfy { $0.learningRateScale == 1 },
            "one estimate serves all groups, so they have one learning rate")
        self.settings = settings
        trained = TrainedParameters(groups, weightDecay: settings.weightDecay)
        precondition(
            trained.elements.allSatisfy { $0.tensor.dtype == .float32 }, "parameters are float32")
        memories = withoutGradients { [trained] in trained.elements.map(Memory.init(of:)) }
        estimate = HostNumber(settings.initialD)
        largestEstimate = HostNumber(settings.initialD)
    }

    /// What is trained, in the order of the groups.
    public var parameters: [(name: String, tensor: Tensor)] { trained.named }

    /// No: the estimate is made from all gradients together.
    public var stepsPartially: Bool { false }

    /// The rate found so far, before the one given to a step multiplies it.
    public var d: Double { estimate.value }

    /// Moves every parameter that has a gradient by one step; a rate of 0 changes nothing.
    public func step(_ range: Range<Int>, learningRate: Double) {
        precondition(range == parameters.indices, "one estimate needs all gradients")
        guard learningRate > 0 else { return }
        withoutGradients {
            let moved = trained.moved(in: range)
            let d = estimate.value
            var rate = d * learningRate
            if settings.useBiasCorrection {
                let count = stepCount.value + 1
                rate *= (1 - pow(settings.beta2, count)).squareRoot()
                rate /= 1 - pow(settings.beta1, count)
            }
            guard collect(moved, d: d, rate: rate) else { return }
            for (index, element, _) in moved {
                let memory = memories[index]
                let value = element.tensor.detached()
                if element.weightDecay != 0 && settings.decouple {
                    value.add(value, scale: -element.weightDecay * rate)
                }
                let update =
                    memory.first / (memory.second.squareRoot() + estimate.value * settings.epsilon)
                value.add(update, scale: -rate)
            }
            stepCount.value += 1
        }
    }

    /// Adds the gradients to the moments and makes the estimate anew; false where all gradients
    /// are zero and always were.
    private func collect(
        _ moved: [(index: Int, element: TrainedParameters.Element, gradient: Tensor)], d: Double,
        rate: Double
    ) -> Bool {
        let beta3 = settings.beta3 ?? settings.beta2.squareRoot()
        let ratio = d / settings.initialD
        // One number each per parameter, brought to the host together at the end.
        var ways: [Tensor] = []
        var lengths: [Tensor] = []
        for (index, element, gradient) in moved {
            let memory = memories[index]
            let value = element.tensor.detached()
            let isCoupled = element.weightDecay != 0 && !settings.decouple
            let slope = isCoupled ? gradient + value * element.weightDecay : gradient
            ways.append((slope * (memory.start - value)).sum())
            memory.first.multiply(by: settings.beta1)
            memory.first.add(slope, scale: d * (1 - settings.beta1))
            memory.second.multiply(by: settings.beta2)
            memory.second.add(slope.squared(), scale: d * d * (1 - settings.beta2))
            memory.sum.multiply(by: beta3)
            memory.sum.add(slope, scale: ratio * (settings.safeguardWarmup ? d : rate))
            lengths.append(memory.sum.abs().sum())
        }
        func total(_ parts: [Tensor]) -> Double {
            Tensor.stacking(parts).moved(to: .cpu).cast(to: .float64).sum().item()
        }
        let length = moved.isEmpty ? 0 : total(lengths)
        if length == 0 { return false }

        numerator.value = numerator.value * beta3 + ratio * rate * total(ways)
        let found = settings.dCoefficient * numerator.value / length
        let current = d == settings.initialD ? max(d, found) : d
        largestEstimate.value = max(largestEstimate.value, found)
        estimate.value = min(largestEstimate.value, current * (settings.growthRate ?? .infinity))
        return true
    }

    /// `prodigy.d`, `prodigy.largest_d`, `prodigy.numerator` and `prodigy.step`; for each parameter
    /// `NAME.first_moment`, `NAME.second_moment`, `NAME.sum` and `NAME.start`.
    public var state: [(name: String, tensor: Tensor)] {
        let whole = [
            ("prodigy.d", estimate.tensor), ("prodigy.largest_d", largestEstimate.tensor),
            ("prodigy.numerator", numerator.tensor), ("prodigy.step", stepCount.tensor),
        ]
        return whole.map { (name: $0.0, tensor: $0.1) }
            + zip(trained.elements, memories).flatMap { element, memory in
                [
                    (name: "\(element.name).first_moment", tensor: memory.first),
                    (name: "\(element.name).second_moment", tensor: memory.second),
                    (name: "\(element.name).sum", tensor: memory.sum),
                    (name: "\(element.name).start", tensor: memory.start),
                ]
            }
    }
}
