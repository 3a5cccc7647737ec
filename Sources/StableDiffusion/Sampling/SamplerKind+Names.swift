import Files

/// What people call samplers: the names here, A1111's labels, ComfyUI's names, those of the classes
/// of diffusers, and those of older settings files.
extension SamplerKind {
    /// Reads one of the names here, A1111's label (`Euler a`, `DPM++ 2M SDE`, `PLMS`), ComfyUI's
    /// name or that of the diffusers class, whatever the case and the punctuation.
    ///
    /// - Throws: ``SamplerError/unknown(_:)``, which lists the names.
    public init(named name: String) throws(SamplerError) {
        let plain = SamplerKind.plain(name)
        guard let kind = SamplerKind.allCases.first(where: { $0.plainNames.contains(plain) }) else {
            throw .unknown(name)
        }
        self = kind
    }

    /// Reads a name that may end in a schedule's, as in `DPM++ 2M Karras`.
    ///
    /// - Throws: ``SamplerError/unknown(_:)``, which lists the names, or
    ///   ``SamplerError/noSchedule(_:sampler:)``.
    public static func withSchedule(
        named name: String
    ) throws(SamplerError) -> (kind: SamplerKind, schedule: SamplingSchedule?) {
        if let kind = try? SamplerKind(named: name) { return (kind, nil) }
        guard let (rest, schedule) = SamplingSchedule.divide(name),
            let kind = try? SamplerKind(named: rest)
        else { throw .unknown(name) }
        guard kind.takes(schedule) else {
            throw .noSchedule(schedule.rawValue, sampler: kind.rawValue)
        }
        return (kind, schedule)
    }

    /// Reads what ``init(named:)`` does, so that files of older versions and of other programs serve.
    public init(from decoder: any Decoder) throws {
        self = try SamplerKind(named: decoder.singleValueContainer().decode(String.self))
    }

    /// The names that other programs have for it, as they write them.
    public var otherNames: [String] {
        let more: [String] =
            switch self {
            case .ddpm, .ddim, .pndm, .deis, .lcm, .restart: []
            case .euler: ["k_euler"]
            case .eulerAncestral: ["k_euler_a", "euler_ancestral"]
            case .heun: ["k_heun"]
            case .lms: ["k_lms"]
            case .dpm2: ["dpm_2", "k_dpm_2"]
            case .dpm2Ancestral: ["dpm_2_ancestral", "k_dpm_2_a", "k_dpm_2_ancestral"]
            case .dpmPlusPlus2SAncestral: ["dpmpp_2s_ancestral", "k_dpmpp_2s_a"]
            case .dpmPlusPlus2M: ["dpmpp_2m", "k_dpmpp_2m", "dpmsolver++"]
            case .dpmPlusPlusSDE: ["dpmpp_sde", "dpmpp_sde_gpu", "k_dpmpp_sde"]
            case .dpmPlusPlus2MSDE:
                ["dpmpp_2m_sde", "dpmpp_2m_sde_gpu", "k_dpmpp_2m_sde", "sde-dpmsolver++"]
            case .dpmPlusPlus3MSDE: ["dpmpp_3m_sde", "dpmpp_3m_sde_gpu", "k_dpmpp_3m_sde"]
            case .uniPC: ["uni_pc", "uni_pc_bh2"]
            }
        // The class of two samplers means the one without noise.
        let own = self == .dpmPlusPlus2MSDE ? nil : className
        return [label] + [own].compactMap { $0 } + more
    }

    /// All of them, for comparison.
    private var plainNames: Set<String> {
        // `EulerAncestralDiscrete` and `KDPM2Discrete` will do.
        let shortened = otherNames.filter { $0.hasSuffix("Scheduler") }.map {
            String($0.dropLast("Scheduler".count))
        }
        return Set(([rawValue] + otherNames + shortened).map(SamplerKind.plain))
    }

    /// A name without what people spell differently.
    static func plain(_ name: String) -> String {
        name.lowercased().replacing("++", with: "pp").filter { $0.isLetter || $0.isNumber }
    }

    /// What a name that nothing has was perhaps meant to be, as it is spelt here.
    static func nearest(to name: String) -> String? {
        let plain = plain(name)
        let schedule = SamplingSchedule.divide(name)
        var spelt: [String: String] = [:]
        for kind in allCases {
            for known in kind.plainNames { spelt[known] = kind.rawValue }
            guard let schedule, kind.takes(schedule.schedule) else { continue }
            for known in kind.plainNames {
                spelt[known + SamplerKind.plain(schedule.schedule.rawValue)] =
                    "\(kind.rawValue) \(schedule.schedule.rawValue)"
            }
        }
        return EditDistance.nearest(to: plain, among: spelt.keys).flatMap { spelt[$0] }
    }
}

extension SamplingSchedule {
    /// Reads what ``init(named:)`` does.
    public init(from decoder: any Decoder) throws {
        self = try SamplingSchedule(named: decoder.singleValueContainer().decode(String.self))
    }

    /// As ``SamplerKind/nearest(to:)``.
    static func nearest(to name: String) -> String? {
        var spelt: [String: String] = [:]
        for schedule in allCases {
            for known in schedule.plainNames { spelt[known] = schedule.rawValue }
        }
        return EditDistance.nearest(to: SamplerKind.plain(name), among: spelt.keys)
            .flatMap { spelt[$0] }
    }
}
