/// Which sampler paints, and with which configuration: the one that was asked for, else the one
/// that the model names, else the nearest that there is.
///
/// Training needs none of this: what noise a network was trained with stands in the same file, and
/// holds whatever sampler that names.
public struct SamplerChoice: Sendable, Equatable {
    /// The sampler.
    public let kind: SamplerKind
    /// What it is made with: the model's own, without the keys that no sampler here can follow.
    public let configuration: SchedulerConfiguration
    /// Which sigmas it visits; ``SamplingSchedule/uniform`` where it does not choose.
    public let schedule: SamplingSchedule
    /// What was put in the place of what, for people; nil where all is as the model says.
    public let notice: String?

    /// Chooses.
    ///
    /// - Parameters:
    ///   - asked: what a person wants, which is taken.
    ///   - schedule: as `asked`.
    /// - Throws: ``SamplerError`` where the model says something that no sampler here is near to.
    public init(
        _ asked: SamplerKind? = nil, schedule: SamplingSchedule? = nil,
        for configuration: SchedulerConfiguration
    ) throws(SamplerError) {
        let configuration = configuration.scheduled(schedule)
        if let asked {
            var nearest = configuration
            var missing: [String] = []
            // What the file says of how its own sampler steps is no demand on another.
            while let (key, value, _) = try? Self.unknownKey(of: asked, nearest),
                ["solver_order", "solver_type", "algorithm_type"].contains(key),
                let replaced = nearest.replacing(key, for: asked)?.1
            {
                missing.append("\(key) \(value)")
                nearest = replaced
            }
            (kind, self.configuration) = (asked, nearest)
            self.schedule = Self.schedule(of: asked, nearest)
            notice =
                missing.isEmpty
                ? nil
                : "scheduler_config.json says \(missing.joined(separator: ", ")), which "
                    + "\(asked.label) does not have: it paints as near to that as it can."
            return
        }
        // diffusers, too, falls back to PNDM: it is what SD 1.x was released with.
        let name = configuration.className ?? "PNDMScheduler"
        let own = try? SamplerKind(named: name)
        var nearest = configuration
        var kind = own ?? ForeignScheduler(className: name)?.nearest ?? .ddim
        var missing: [String] = own == nil ? [name] : []
        // Every key is replaced at most once, so this ends.
        while let (key, value, error) = try Self.unknownKey(of: kind, nearest) {
            guard let replacement = nearest.replacing(key, for: kind) else { throw error }
            if own != nil { missing.append("\(key) \(value)") }
            (kind, nearest) = replacement
        }
        kind = kind.settled(by: nearest)
        let schedule = Self.schedule(of: kind, nearest)
        self.kind = kind
        self.schedule = schedule
        self.configuration = nearest
        notice =
            missing.isEmpty
            ? nil
            : "scheduler_config.json names \(missing.joined(separator: ", ")), which Attune does "
                + "not have: pictures are painted with the nearest sampler, "
                + "\(Self.label(kind, schedule))."
    }

    /// A1111's name for the sampler, with that of the schedule as its older versions had it.
    public var label: String { Self.label(kind, schedule) }

    private static func label(_ kind: SamplerKind, _ schedule: SamplingSchedule) -> String {
        schedule == .uniform ? kind.label : "\(kind.label) \(schedule.label)"
    }

    private static func schedule(
        of kind: SamplerKind, _ configuration: SchedulerConfiguration
    ) -> SamplingSchedule {
        guard kind.hasSchedules else { return .uniform }
        return configuration.schedule(readsKeys: kind != .eulerAncestral)
    }

    /// A sampler of this kind, for so many steps.
    ///
    /// - Throws: ``SamplerError/stepCount(_:reason:)`` when the number does not fit the schedule.
    public func sampler(stepCount: Int) throws(SamplerError) -> any Sampler {
        try kind.makeSampler(configuration, stepCount: stepCount)
    }

    /// The key whose value the sampler does not know.
    private static func unknownKey(
        of kind: SamplerKind, _ configuration: SchedulerConfiguration
    ) throws(SamplerError) -> (key: String, value: String, error: SamplerError)? {
        do throws(SamplerError) {
            let count = max(1, min(20, configuration.trainingStepCount / 2))
            _ = try kind.settled(by: configuration).makeSampler(configuration, stepCount: count)
            return nil
        } catch {
            switch error {
            case .unsupported(let key, let value, _, _): return (key, value, error)
            // The number that is wanted in the end may fit.
            case .stepCount: return nil
            default: throw error
            }
        }
    }
}

extension SchedulerConfiguration {
    /// The nearest that a sampler knows to the value of a key that it does not know; nil where
    /// nothing is near.
    fileprivate func replacing(
        _ key: String, for kind: SamplerKind
    ) -> (SamplerKind, SchedulerConfiguration)? {
        var result = self
        switch key {
        case "solver_order" where solverOrder > 2: result.solverOrder = kind == .uniPC ? 5 : 2
        // The same equation, solved for the clean latents.
        case "predict_x0" where !predictsClean: result.predictsClean = true
        case "solver_type" where solverType != "midpoint": result.solverType = "midpoint"
        case "algorithm_type" where !algorithmType.hasSuffix("dpmsolver++"):
            result.algorithmType =
                algorithmType.hasPrefix("sde-") ? "sde-dpmsolver++" : "dpmsolver++"
        // Only DDPM knows these.
        case "beta_schedule" where kind != .ddpm: return (.ddpm, result)
        // The network says what is clean, from which these can go on.
        case "prediction_type" where kind == .pndm: return (.ddim, result)
        case "prediction_type" where kind.hasSchedules && kind != .euler: return (.euler, result)
        default: return nil
        }
        return (kind, result)
    }
}

extension ModelSource {
    /// What a person should know before pictures are painted with a model: what was taken for
    /// granted of it, and which sampler takes the place of a missing one.
    ///
    /// - Throws: as ``SamplerChoice/init(_:schedule:for:)``.
    public func paintingNotices(
        _ sampler: SamplerKind? = nil, schedule: SamplingSchedule? = nil
    ) throws(SamplerError) -> [String] {
        let choice = try SamplerChoice(sampler, schedule: schedule, for: schedulerConfiguration)
        return notices + [choice.notice].compactMap { $0 }
    }
}
