/// A sampler that cannot be had as asked, in one sentence.
public enum SamplerError: Error, CustomStringConvertible, Sendable, Equatable {
    /// No sampler has this name.
    case unknown(String)
    /// No schedule has this name.
    case unknownSchedule(String)
    /// A sampler that goes by training steps has no sigmas to space.
    case noSchedule(String, sampler: String)
    /// A `scheduler_config.json` that does not hold.
    case malformed(file: String, reason: String)
    /// A key of the configuration has a value that this sampler does not know.
    case unsupported(key: String, value: String, sampler: String, expected: String)
    /// The number of steps does not fit the schedule.
    case stepCount(Int, reason: String)
    /// A network that predicts noise cannot start where there is nothing but noise.
    case noSignal(sampler: String)

    /// Whether the sentence begins with the name of a setting, and not with that of a file.
    public var isOfSetting: Bool {
        switch self {
        case .unknown, .unknownSchedule, .noSchedule, .stepCount: true
        default: false
        }
    }

    /// The sentence for people.
    public var description: String {
        let names = SamplerKind.allCases.map(\.rawValue).joined(separator: ", ")
        return switch self {
        case .unknown(let name):
            "sampler \(name): there is no such sampler\(Self.advice(SamplerKind.nearest(to: name))) "
                + "choose one of \(names)."
        case .unknownSchedule(let name):
            "schedule \(name): there is no such schedule"
                + "\(Self.advice(SamplingSchedule.nearest(to: name))) choose one of "
                + SamplingSchedule.allCases.map(\.rawValue).joined(separator: ", ") + "."
        case .noSchedule(let schedule, let sampler):
            "schedule \(schedule): the sampler \(sampler) has none but its own; leave it out, or "
                + "choose another sampler."
        case .malformed(let file, let reason):
            "\(file) cannot be used: \(reason)."
        case .unsupported(let key, let value, let sampler, let expected):
            "scheduler_config.json: \(key) is \(value), which the sampler \(sampler) does not "
                + "have; use \(expected), or paint with another sampler."
        case .stepCount(let count, let reason):
            "steps \(count): \(reason)."
        case .noSignal(let sampler):
            "scheduler_config.json: rescale_betas_zero_snr needs a network that predicts "
                + "velocity, and prediction_type is epsilon; set it to v_prediction if the model "
                + "was trained so, or use timestep_spacing leading (sampler \(sampler))."
        }
    }

    private static func advice(_ nearest: String?) -> String {
        nearest.map { "; did you mean \($0)? Otherwise" } ?? ";"
    }
}
