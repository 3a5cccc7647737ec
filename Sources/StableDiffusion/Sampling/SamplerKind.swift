/// The samplers that can be asked for by name.
public enum SamplerKind: String, CaseIterable, Codable, Sendable {
    case ddpm
    case ddim
    case pndm
    case euler
    case eulerKarras = "euler-karras"
    case eulerAncestral = "euler-ancestral"
    case dpmPlusPlus2M = "dpm++-2m"
    case dpmPlusPlus2MKarras = "dpm++-2m-karras"

    /// Reads one of the names here, A1111's label (`Euler a`, `DPM++ 2M Karras`, `PLMS`) or the
    /// name of the diffusers class, whatever the case and the punctuation.
    ///
    /// - Throws: ``SamplerError/unknown(_:)``, which lists the names.
    public init(named name: String) throws(SamplerError) {
        let plain = SamplerKind.plain(name)
        guard let kind = SamplerKind.allCases.first(where: { $0.plainNames.contains(plain) }) else {
            throw .unknown(name)
        }
        self = kind
    }

    /// This sampler, with Karras sigmas where the configuration asks for them.
    public func settled(by configuration: SchedulerConfiguration) -> SamplerKind {
        switch self {
        case .euler where configuration.usesKarrasSigmas: .eulerKarras
        case .dpmPlusPlus2M where configuration.usesKarrasSigmas: .dpmPlusPlus2MKarras
        default: self
        }
    }

    /// A1111's name for it, as the `parameters` text of a picture has it.
    public var label: String {
        switch self {
        case .ddpm: "DDPM"
        case .ddim: "DDIM"
        case .pndm: "PLMS"
        case .euler: "Euler"
        case .eulerKarras: "Euler Karras"
        case .eulerAncestral: "Euler a"
        case .dpmPlusPlus2M: "DPM++ 2M"
        case .dpmPlusPlus2MKarras: "DPM++ 2M Karras"
        }
    }

    /// The diffusers class that it follows.
    public var className: String {
        switch self {
        case .ddpm: "DDPMScheduler"
        case .ddim: "DDIMScheduler"
        case .pndm: "PNDMScheduler"
        case .euler, .eulerKarras: "EulerDiscreteScheduler"
        case .eulerAncestral: "EulerAncestralDiscreteScheduler"
        case .dpmPlusPlus2M, .dpmPlusPlus2MKarras: "DPMSolverMultistepScheduler"
        }
    }

    /// A sampler of this kind; keys of `configuration` that belong to other samplers are ignored.
    ///
    /// - Parameters:
    ///   - configuration: the model's own, whatever class it was written for.
    ///   - stepCount: how many steps; PNDM calls the network once more (with Runge-Kutta steps,
    ///     nine times more).
    ///   - eta: how much noise DDIM adds in a step, from 0 (none) to 1 (as much as DDPM); the
    ///     others do not know it.
    /// - Throws: ``SamplerError`` when the configuration or the number of steps does not fit.
    public func makeSampler(
        _ configuration: SchedulerConfiguration, stepCount: Int, eta: Double = 0
    ) throws(SamplerError) -> any Sampler {
        guard stepCount > 0 else { throw .stepCount(stepCount, reason: "at least 1 is needed") }
        let limit = configuration.trainingStepCount
        guard stepCount <= limit else {
            throw .stepCount(
                stepCount, reason: "the model was trained on \(limit) steps; take at most as many")
        }
        var configuration = configuration
        switch self {
        case .eulerKarras, .dpmPlusPlus2MKarras:
            configuration.usesKarrasSigmas = true
            configuration.usesExponentialSigmas = false
            configuration.usesBetaSigmas = false
        default: break
        }
        switch self {
        case .ddpm: return try DDPMSampler(configuration, stepCount: stepCount)
        case .ddim: return try DDIMSampler(configuration, stepCount: stepCount, eta: eta)
        case .pndm: return try PNDMSampler(configuration, stepCount: stepCount)
        case .euler, .eulerKarras:
            return try EulerSampler(configuration, stepCount: stepCount)
        case .eulerAncestral:
            return try EulerAncestralSampler(configuration, stepCount: stepCount)
        case .dpmPlusPlus2M, .dpmPlusPlus2MKarras:
            return try DPMPlusPlus2MSampler(configuration, stepCount: stepCount)
        }
    }

    private var plainNames: Set<String> {
        let more: [String] =
            switch self {
            case .ddpm, .ddim, .pndm: []
            case .euler: ["k_euler"]
            case .eulerKarras: ["k_euler_karras"]
            case .eulerAncestral: ["k_euler_a", "euler_ancestral_discrete"]
            case .dpmPlusPlus2M: ["dpmpp_2m", "k_dpmpp_2m"]
            case .dpmPlusPlus2MKarras: ["dpmpp_2m_karras", "k_dpmpp_2m_karras"]
            }
        let isKarras = self == .eulerKarras || self == .dpmPlusPlus2MKarras
        let classNames = isKarras ? [] : [className]
        return Set(([rawValue, label] + classNames + more).map(SamplerKind.plain))
    }

    private static func plain(_ name: String) -> String {
        name.lowercased().replacing("++", with: "pp").filter { $0.isLetter || $0.isNumber }
    }
}
