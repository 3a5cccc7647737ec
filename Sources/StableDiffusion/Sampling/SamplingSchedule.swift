/// Which sigmas a sampler visits, whatever the sampler: the schedules of web UIs.
public enum SamplingSchedule: String, CaseIterable, Codable, Sendable {
    /// What the model's `scheduler_config.json` says.
    case automatic
    /// The training steps themselves, spaced as the model's `timestep_spacing` says.
    case uniform
    case karras
    case exponential
    /// Exponential, bent by a power that web UIs leave at 1, where the two are the same.
    case polyexponential
    /// One training step more, without the cleanest, as Stability's own samplers have it.
    case sgmUniform = "sgm-uniform"
    /// Training steps at even distances from the noisiest.
    case simple
    case beta

    /// Reads one of the names here, or A1111's, ComfyUI's or diffusers' (`SGM Uniform`, `normal`,
    /// `use_karras_sigmas`), whatever the case and the punctuation.
    ///
    /// - Throws: ``SamplerError/unknownSchedule(_:)``, which lists the names.
    public init(named name: String) throws(SamplerError) {
        let plain = SamplerKind.plain(name)
        guard
            let schedule = SamplingSchedule.allCases.first(where: {
                $0.plainNames.contains(plain)
            })
        else { throw .unknownSchedule(name) }
        self = schedule
    }

    /// A1111's name for it.
    public var label: String {
        switch self {
        case .automatic: "Automatic"
        case .uniform: "Uniform"
        case .karras: "Karras"
        case .exponential: "Exponential"
        case .polyexponential: "Polyexponential"
        case .sgmUniform: "SGM Uniform"
        case .simple: "Simple"
        case .beta: "Beta"
        }
    }

    /// The names that other programs have for it, as they write them.
    public var otherNames: [String] {
        let more: [String] =
            switch self {
            case .uniform: ["normal"]
            case .karras, .exponential, .beta: ["use_\(rawValue)_sigmas"]
            case .automatic, .polyexponential, .sgmUniform, .simple: []
            }
        return [label] + more
    }

    var plainNames: [String] { ([rawValue] + otherNames).map(SamplerKind.plain) }

    /// The one that a name ends in, as in `DPM++ 2M Karras`, and the rest of the name.
    static func divide(_ name: String) -> (rest: String, schedule: SamplingSchedule)? {
        let plain = SamplerKind.plain(name)
        let endings = allCases.flatMap { schedule in
            schedule.plainNames.map { (ending: $0, schedule: schedule) }
        }
        // `SGM Uniform` ends in `Uniform`, too.
        let found = endings.filter { plain.hasSuffix($0.ending) && plain != $0.ending }
            .max { $0.ending.count < $1.ending.count }
        return found.map { (String(plain.dropLast($0.ending.count)), $0.schedule) }
    }
}

extension SchedulerConfiguration {
    /// What the keys of the file say of the sigmas.
    var ownSchedule: SamplingSchedule {
        if usesKarrasSigmas { return .karras }
        if usesExponentialSigmas { return .exponential }
        return usesBetaSigmas ? .beta : .uniform
    }

    /// The schedule that holds: what was asked for, else what the file says.
    ///
    /// - Parameter readsKeys: whether the diffusers class knows the keys of the file.
    func schedule(readsKeys: Bool = true) -> SamplingSchedule {
        if let askedSchedule, askedSchedule != .automatic { return askedSchedule }
        return readsKeys ? ownSchedule : .uniform
    }

    /// The configuration with another schedule than its own; ``SamplingSchedule/automatic``
    /// changes nothing.
    public func scheduled(_ schedule: SamplingSchedule?) -> SchedulerConfiguration {
        guard let schedule, schedule != .automatic else { return self }
        var result = self
        result.askedSchedule = schedule
        // What is asked for is all there is, so that no two contradict.
        result.usesKarrasSigmas = schedule == .karras
        result.usesExponentialSigmas = schedule == .exponential
        result.usesBetaSigmas = schedule == .beta
        result.usesLuLambdas = false
        result.interpolationType = "linear"
        return result
    }
}
