import Torch

/// The optimizers, by the names that people type.
public enum OptimizerKind: String, Codable, Sendable, CaseIterable {
    case adamW = "adamw"
    case adamW8bit = "adamw8bit"
    case adafactor
    case lion
    case prodigy
    case adamWScheduleFree = "adamw-schedule-free"
    case sgd

    /// Reads a name in any spelling that is about, kohya's too: `AdamW8bit`, `AdaFactor`,
    /// `AdamWScheduleFree`, `adamw_8bit`.
    ///
    /// - Throws: ``OptimizerError/unknownKind(_:)``.
    public init(named name: String) throws(OptimizerError) {
        func plain(_ name: String) -> String {
            name.lowercased().filter { $0 != "-" && $0 != "_" && $0 != " " }
        }
        guard let kind = Self.allCases.first(where: { plain($0.rawValue) == plain(name) }) else {
            throw .unknownKind(name)
        }
        self = kind
    }

    /// The options that the algorithm has.
    public var options: Set<OptimizerSettings.Option> {
        switch self {
        case .adamW, .adamW8bit: [.beta1, .beta2, .epsilon, .weightDecay]
        case .adafactor:
            [
                .beta1, .epsilon, .weightDecay, .scaleEpsilon, .clipThreshold, .decayRate,
                .scaleParameter, .relativeStep, .warmupInit,
            ]
        case .lion: [.beta1, .beta2, .weightDecay]
        case .prodigy:
            [
                .beta1, .beta2, .beta3, .epsilon, .weightDecay, .decouple, .useBiasCorrection,
                .safeguardWarmup, .initialD, .dCoefficient, .growthRate,
            ]
        case .adamWScheduleFree:
            [
                .beta1, .beta2, .epsilon, .weightDecay, .warmupStepCount, .averagingPower,
                .weightLrPower,
            ]
        case .sgd: [.momentum, .nesterov, .weightDecay]
        }
    }

    /// Whether it can train bfloat16 parameters, with stochastic rounding.
    public var trainsBFloat16: Bool { self != .prodigy && self != .adamWScheduleFree }

    /// Whether it can move one parameter before it has the gradients of the others.
    public var stepsPartially: Bool { self != .prodigy }

    /// Whether it averages its weights itself.
    public var hasAverages: Bool { self == .adamWScheduleFree }

    /// An optimizer of these parameters.
    ///
    /// - Parameter roundingSeed: decides the stochastic rounding of bfloat16 parameters.
    /// - Throws: ``OptimizerError`` where an option is not the algorithm's or out of its range, or
    ///   the groups do not go with the algorithm.
    public func makeOptimizer(
        _ groups: [ParameterGroup], settings: OptimizerSettings = OptimizerSettings(),
        roundingSeed: UInt64 = 0
    ) throws(OptimizerError) -> any Optimizer {
        try settings.validate(for: self)
        let tensors = groups.flatMap(\.parameters).map(\.tensor)
        if !trainsBFloat16, tensors.contains(where: { $0.dtype == .bfloat16 }) {
            throw .unsuited(
                kind: self,
                problem: "it trains float32 weights and these are bfloat16; choose adamw, "
                    + "adamw8bit, adafactor, lion or sgd, or keep the weights in float32")
        }
        if self == .prodigy, let group = groups.first(where: { $0.learningRateScale != 1 }) {
            throw .unsuited(
                kind: self,
                problem: "it finds one learning rate for all, and \(group.name) has one of its "
                    + "own; leave that out or choose another optimizer")
        }
        switch self {
        case .adamW:
            return AdamW(groups: groups, settings: settings.adamW, roundingSeed: roundingSeed)
        case .adamW8bit:
            return AdamW8bit(groups: groups, settings: settings.adamW, roundingSeed: roundingSeed)
        case .adafactor:
            return Adafactor(
                groups: groups, settings: settings.adafactor, roundingSeed: roundingSeed)
        case .lion:
            return Lion(groups: groups, settings: settings.lion, roundingSeed: roundingSeed)
        case .prodigy:
            return Prodigy(groups: groups, settings: settings.prodigy)
        case .adamWScheduleFree:
            return AdamWScheduleFree(groups: groups, settings: settings.adamWScheduleFree)
        case .sgd:
            return SGD(groups: groups, settings: settings.sgd, roundingSeed: roundingSeed)
        }
    }
}
