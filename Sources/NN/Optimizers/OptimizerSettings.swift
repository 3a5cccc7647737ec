/// The options of all optimizers; nil is the default of the one that is chosen.
///
/// Keys are those of the Python originals where these agree: `d_coef`, `relative_step`.
public struct OptimizerSettings: Codable, Sendable, Equatable {
    /// The options by their keys.
    public enum Option: String, CodingKey, CaseIterable, Sendable {
        case beta1, beta2, beta3
        case epsilon = "eps"
        case weightDecay = "weight_decay"
        case momentum, nesterov
        case scaleEpsilon = "eps2"
        case clipThreshold = "clip_threshold"
        case decayRate = "decay_rate"
        case scaleParameter = "scale_parameter"
        case relativeStep = "relative_step"
        case warmupInit = "warmup_init"
        case decouple
        case useBiasCorrection = "use_bias_correction"
        case safeguardWarmup = "safeguard_warmup"
        case initialD = "d0"
        case dCoefficient = "d_coef"
        case growthRate = "growth_rate"
        case warmupStepCount = "warmup_steps"
        case averagingPower = "r"
        case weightLrPower = "weight_lr_power"
    }

    /// The keys of a file are those of the options.
    public typealias CodingKeys = Option

    /// The decay of the first moment.
    public var beta1: Double?
    /// The decay of the second moment.
    public var beta2: Double?
    /// Prodigy: the decay of the sums that d is estimated from.
    public var beta3: Double?
    /// Keeps divisions from zero.
    public var epsilon: Double?
    /// What a step takes off a weight, times the learning rate.
    public var weightDecay: Double?
    /// SGD: the decay of the sum of gradients.
    public var momentum: Double?
    /// SGD: looks one step of the momentum ahead.
    public var nesterov: Bool?
    /// Adafactor: what the size of a parameter counts as, at least.
    public var scaleEpsilon: Double?
    /// Adafactor: the root mean square of an update, at most.
    public var clipThreshold: Double?
    /// Adafactor: the exponent of the second moment's decay.
    public var decayRate: Double?
    /// Adafactor: multiplies the rate by the size of the parameter.
    public var scaleParameter: Bool?
    /// Adafactor: sets the rate itself.
    public var relativeStep: Bool?
    /// Adafactor: lets that rate rise at first.
    public var warmupInit: Bool?
    /// Prodigy: decay as AdamW's.
    public var decouple: Bool?
    /// Prodigy: Adam's correction of the first steps.
    public var useBiasCorrection: Bool?
    /// Prodigy: leaves the rate out of the estimate's denominator.
    public var safeguardWarmup: Bool?
    /// Prodigy: the estimate to begin with.
    public var initialD: Double?
    /// Prodigy: multiplies the estimate.
    public var dCoefficient: Double?
    /// Prodigy: by how much d may grow in a step.
    public var growthRate: Double?
    /// Schedule-free: steps in which the rate rises.
    public var warmupStepCount: Int?
    /// Schedule-free: later steps weigh more, by this power of their number.
    public var averagingPower: Double?
    /// Schedule-free: steps weigh by this power of the highest rate so far.
    public var weightLrPower: Double?

    /// Every default.
    public init() {}
}

extension OptimizerSettings {
    private typealias Number = WritableKeyPath<OptimizerSettings, Double?>
    private typealias Flag = WritableKeyPath<OptimizerSettings, Bool?>

    private enum Place {
        case number(Number)
        case flag(Flag)
        case count(WritableKeyPath<OptimizerSettings, Int?>)
    }

    /// The options that are set, as ``set(_:)`` reads them, in the order of their list.
    public var assignments: [String] {
        Option.allCases.compactMap { option in
            let value: String? =
                switch place(of: option) {
                case .number(let path): self[keyPath: path].map { "\($0)" }
                case .flag(let path): self[keyPath: path].map { "\($0)" }
                case .count(let path): self[keyPath: path].map { "\($0)" }
                }
            return value.map { "\(option.rawValue)=\($0)" }
        }
    }

    private func place(of option: Option) -> Place {
        switch option {
        case .beta1: .number(\.beta1)
        case .beta2: .number(\.beta2)
        case .beta3: .number(\.beta3)
        case .epsilon: .number(\.epsilon)
        case .weightDecay: .number(\.weightDecay)
        case .momentum: .number(\.momentum)
        case .nesterov: .flag(\.nesterov)
        case .scaleEpsilon: .number(\.scaleEpsilon)
        case .clipThreshold: .number(\.clipThreshold)
        case .decayRate: .number(\.decayRate)
        case .scaleParameter: .flag(\.scaleParameter)
        case .relativeStep: .flag(\.relativeStep)
        case .warmupInit: .flag(\.warmupInit)
        case .decouple: .flag(\.decouple)
        case .useBiasCorrection: .flag(\.useBiasCorrection)
        case .safeguardWarmup: .flag(\.safeguardWarmup)
        case .initialD: .number(\.initialD)
        case .dCoefficient: .number(\.dCoefficient)
        case .growthRate: .number(\.growthRate)
        case .warmupStepCount: .count(\.warmupStepCount)
        case .averagingPower: .number(\.averagingPower)
        case .weightLrPower: .number(\.weightLrPower)
        }
    }

    /// Sets one option from text: `d_coef=2`, `decouple=True`, as kohya's `--optimizer_args` are,
    /// `betas=0.9,0.99` too.
    ///
    /// - Throws: ``OptimizerError`` for a name that no option has or a value that it cannot take.
    public mutating func set(_ assignment: String) throws(OptimizerError) {
        let parts = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0]).trimmed
        guard parts.count == 2 else {
            throw .value(
                option: name, value: "", problem: "a value is missing; write \(name)=VALUE")
        }
        let text = String(parts[1]).trimmed
        if name == "betas" {
            let values = text.filter { !"()[]".contains($0) }.split(separator: ",")
            guard values.count == 2 else {
                throw .value(option: name, value: text, problem: "two numbers are expected")
            }
            try set(.beta1, to: String(values[0]).trimmed)
            return try set(.beta2, to: String(values[1]).trimmed)
        }
        guard let option = Option(rawValue: name) else { throw .unknownOption(name) }
        try set(option, to: text)
    }

    private mutating func set(_ option: Option, to text: String) throws(OptimizerError) {
        func refusal(_ expected: String) -> OptimizerError {
            .value(option: option.rawValue, value: text, problem: "\(expected) is expected")
        }
        switch place(of: option) {
        case .number(let path):
            guard let number = Double(text) else { throw refusal("a number") }
            self[keyPath: path] = number
        case .count(let path):
            guard let count = Int(text) else { throw refusal("a whole number") }
            self[keyPath: path] = count
        case .flag(let path):
            guard let flag = Bool(text.lowercased()) else { throw refusal("true or false") }
            self[keyPath: path] = flag
        }
    }

    /// Whether an option is not nil.
    public func isSet(_ option: Option) -> Bool {
        switch place(of: option) {
        case .number(let path): self[keyPath: path] != nil
        case .flag(let path): self[keyPath: path] != nil
        case .count(let path): self[keyPath: path] != nil
        }
    }

    /// Checks that every option which is set is one of the algorithm's, and has a value it can
    /// take.
    ///
    /// - Throws: ``OptimizerError`` for the first that is not.
    public func validate(for kind: OptimizerKind) throws(OptimizerError) {
        for option in Option.allCases where isSet(option) {
            guard kind.options.contains(option) else {
                throw .foreignOption(option, kind: kind)
            }
            if case .number(let path) = place(of: option), let number = self[keyPath: path] {
                try require(option, number, kind)
            }
        }
        if let count = warmupStepCount, count < 0 {
            throw .value(
                option: Option.warmupStepCount.rawValue, value: "\(count)",
                problem: "0 steps or more are expected")
        }
        if kind == .sgd, nesterov == true, (momentum ?? 0) == 0 {
            throw .value(
                option: Option.nesterov.rawValue, value: "true",
                problem: "Nesterov's method needs a momentum; give momentum, 0.9 for example")
        }
        if kind == .adafactor, warmupInit == true, relativeStep == false {
            throw .value(
                option: Option.warmupInit.rawValue, value: "true",
                problem: "it belongs to relative_step, which is false; drop one of them")
        }
    }

    private func require(
        _ option: Option, _ number: Double, _ kind: OptimizerKind
    ) throws(OptimizerError) {
        let (isRight, expected): (Bool, String) =
            switch option {
            case .beta1 where kind == .adamWScheduleFree:
                (number > 0 && number < 1, "a number above 0 and below 1")
            case .beta1, .beta2, .beta3, .momentum:
                (number >= 0 && number < 1, "a number from 0 to below 1")
            case .weightDecay, .averagingPower, .weightLrPower:
                (number >= 0 && number.isFinite, "0 or a positive number")
            case .decayRate: (number < 0 && number.isFinite, "a negative number")
            case .growthRate: (number > 1, "a number above 1")
            default: (number > 0 && number.isFinite, "a positive number")
            }
        if !isRight {
            throw .value(
                option: option.rawValue, value: "\(number)", problem: "\(expected) is expected")
        }
    }
}

extension String {
    fileprivate var trimmed: String {
        let inner = drop(while: \.isWhitespace)
        let end = inner.lastIndex { !$0.isWhitespace }
        return end.map { String(inner[...$0]) } ?? ""
    }
}
