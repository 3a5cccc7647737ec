/// The samplers that can be asked for by name.
public enum SamplerKind: String, CaseIterable, Codable, Sendable {
    case ddpm
    case ddim
    case pndm
    case euler
    case eulerAncestral = "euler-ancestral"
    case heun
    case lms
    case dpm2
    case dpm2Ancestral = "dpm2-ancestral"
    case dpmPlusPlus2SAncestral = "dpm++-2s-ancestral"
    case dpmPlusPlus2M = "dpm++-2m"
    case dpmPlusPlusSDE = "dpm++-sde"
    case dpmPlusPlus2MSDE = "dpm++-2m-sde"
    case dpmPlusPlus3MSDE = "dpm++-3m-sde"
    case uniPC = "unipc"
    case deis
    case lcm
    case restart

    /// Whether it goes by sigmas, so that a ``SamplingSchedule`` can space them.
    public var hasSchedules: Bool {
        switch self {
        case .ddpm, .ddim, .pndm, .lcm, .restart: false
        default: true
        }
    }

    /// Whether it can be had with a schedule that a person asks for.
    func takes(_ schedule: SamplingSchedule) -> Bool {
        hasSchedules || schedule == .automatic || self == .restart && schedule == .karras
    }

    /// This sampler, with noise where the configuration of DPM++ 2M asks for it.
    func settled(by configuration: SchedulerConfiguration) -> SamplerKind {
        self == .dpmPlusPlus2M && configuration.algorithmType == "sde-dpmsolver++"
            ? .dpmPlusPlus2MSDE : self
    }

    /// A1111's name for it, as the `parameters` text of a picture has it.
    public var label: String {
        switch self {
        case .ddpm: "DDPM"
        case .ddim: "DDIM"
        case .pndm: "PLMS"
        case .euler: "Euler"
        case .eulerAncestral: "Euler a"
        case .heun: "Heun"
        case .lms: "LMS"
        case .dpm2: "DPM2"
        case .dpm2Ancestral: "DPM2 a"
        case .dpmPlusPlus2SAncestral: "DPM++ 2S a"
        case .dpmPlusPlus2M: "DPM++ 2M"
        case .dpmPlusPlusSDE: "DPM++ SDE"
        case .dpmPlusPlus2MSDE: "DPM++ 2M SDE"
        case .dpmPlusPlus3MSDE: "DPM++ 3M SDE"
        case .uniPC: "UniPC"
        case .deis: "DEIS"
        case .lcm: "LCM"
        case .restart: "Restart"
        }
    }

    /// The diffusers class that it follows; nil for those of k-diffusion that have none of their
    /// own.
    public var className: String? {
        switch self {
        case .ddpm: "DDPMScheduler"
        case .ddim: "DDIMScheduler"
        case .pndm: "PNDMScheduler"
        case .euler: "EulerDiscreteScheduler"
        case .eulerAncestral: "EulerAncestralDiscreteScheduler"
        case .heun: "HeunDiscreteScheduler"
        case .lms: "LMSDiscreteScheduler"
        case .dpm2: "KDPM2DiscreteScheduler"
        case .dpm2Ancestral: "KDPM2AncestralDiscreteScheduler"
        case .dpmPlusPlusSDE: "DPMSolverSDEScheduler"
        case .dpmPlusPlus2M, .dpmPlusPlus2MSDE: "DPMSolverMultistepScheduler"
        case .uniPC: "UniPCMultistepScheduler"
        case .deis: "DEISMultistepScheduler"
        case .lcm: "LCMScheduler"
        case .dpmPlusPlus2SAncestral, .dpmPlusPlus3MSDE, .restart: nil
        }
    }

    /// A sampler of this kind; keys of `configuration` that belong to other samplers are ignored.
    ///
    /// - Parameters:
    ///   - configuration: the model's own, whatever class it was written for.
    ///   - stepCount: how many steps; PNDM calls the network once more (with Runge-Kutta steps,
    ///     nine times more), and Heun, DPM2, DPM++ 2S, DPM++ SDE and Restart twice in all steps but
    ///     the last.
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
        if let schedule = configuration.askedSchedule, !takes(schedule) {
            throw .noSchedule(schedule.rawValue, sampler: rawValue)
        }
        switch self {
        case .ddpm: return try DDPMSampler(configuration, stepCount: stepCount)
        case .ddim: return try DDIMSampler(configuration, stepCount: stepCount, eta: eta)
        case .pndm: return try PNDMSampler(configuration, stepCount: stepCount)
        case .euler: return try EulerSampler(configuration, stepCount: stepCount)
        case .eulerAncestral:
            return try EulerAncestralSampler(configuration, stepCount: stepCount)
        case .heun: return try HeunSampler(configuration, stepCount: stepCount)
        case .lms: return try LMSSampler(configuration, stepCount: stepCount)
        case .dpm2: return try DPM2Sampler(configuration, stepCount: stepCount)
        case .dpm2Ancestral: return try DPM2AncestralSampler(configuration, stepCount: stepCount)
        case .dpmPlusPlus2SAncestral:
            return try DPMPlusPlus2SAncestralSampler(configuration, stepCount: stepCount)
        case .dpmPlusPlus2M: return try DPMPlusPlus2MSampler(configuration, stepCount: stepCount)
        case .dpmPlusPlusSDE: return try DPMPlusPlusSDESampler(configuration, stepCount: stepCount)
        case .dpmPlusPlus2MSDE:
            return try DPMPlusPlus2MSDESampler(configuration, stepCount: stepCount)
        case .dpmPlusPlus3MSDE:
            return try DPMPlusPlus3MSDESampler(configuration, stepCount: stepCount)
        case .uniPC: return try UniPCSampler(configuration, stepCount: stepCount)
        case .deis: return try DEISSampler(configuration, stepCount: stepCount)
        case .lcm: return try LCMSampler(configuration, stepCount: stepCount)
        case .restart: return try RestartSampler(configuration, stepCount: stepCount)
        }
    }
}
