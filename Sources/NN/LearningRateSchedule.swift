#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// How the learning rate goes through a run: the curves of `diffusers.optimization`.
public struct LearningRateSchedule: Codable, Sendable, Equatable {
    /// The curves, by the names that diffusers gives them.
    public enum Curve: String, Codable, Sendable, CaseIterable {
        case constant
        case constantWithWarmup = "constant_with_warmup"
        case linear
        case cosine
        case cosineWithRestarts = "cosine_with_restarts"
        case polynomial
    }

    /// The curve.
    public var curve: Curve
    /// The rate at its highest.
    public var base: Double
    /// Steps in which the rate rises from 0; `constant` has no such rise.
    public var warmupStepCount: Int
    /// The step at which `linear`, `cosine` and `polynomial` arrive at their end.
    public var stepCount: Int
    /// How often `cosineWithRestarts` begins anew.
    public var cycleCount: Int
    /// The exponent of `polynomial`.
    public var power: Double

    /// A schedule; see the members.
    public init(
        _ curve: Curve, base: Double, warmupStepCount: Int = 0, stepCount: Int,
        cycleCount: Int = 1, power: Double = 1
    ) {
        self.curve = curve
        self.base = base
        self.warmupStepCount = warmupStepCount
        self.stepCount = stepCount
        self.cycleCount = cycleCount
        self.power = power
    }

    /// The rate of a step.
    ///
    /// - Parameter step: how many steps were taken before, from 0.
    public func rate(at step: Int) -> Double {
        if curve == .constant { return base }
        if step < warmupStepCount { return base * Double(step) / Double(max(1, warmupStepCount)) }
        let progress =
            Double(step - warmupStepCount) / Double(max(1, stepCount - warmupStepCount))
        switch curve {
        case .constant, .constantWithWarmup:
            return base
        case .linear:
            return base * max(0, 1 - progress)
        case .cosine:
            return base * max(0, 0.5 * (1 + cos(.pi * progress)))
        case .cosineWithRestarts:
            if progress >= 1 { return 0 }
            let part = (Double(cycleCount) * progress).truncatingRemainder(dividingBy: 1)
            return base * max(0, 0.5 * (1 + cos(.pi * part)))
        case .polynomial:
            // diffusers lets the polynomial end a little above nothing.
            let end = 1e-7
            return progress > 1 ? end : end + (base - end) * pow(1 - progress, power)
        }
    }
}
