/// A scheduler class of diffusers for which there is no sampler here, and whose noise is that of
/// Stable Diffusion all the same: a list of betas.
///
/// Source: the classes of diffusers' `schedulers`, with the defaults of their `__init__`.
enum ForeignScheduler: String {
    case ddimParallel = "DDIMParallelScheduler"
    case ddpmParallel = "DDPMParallelScheduler"
    case deis = "DEISMultistepScheduler"
    case dpmSinglestep = "DPMSolverSinglestepScheduler"
    case dpmSDE = "DPMSolverSDEScheduler"
    case heun = "HeunDiscreteScheduler"
    case kdpm2 = "KDPM2DiscreteScheduler"
    case kdpm2Ancestral = "KDPM2AncestralDiscreteScheduler"
    case lcm = "LCMScheduler"
    case lms = "LMSDiscreteScheduler"
    case saSolver = "SASolverScheduler"
    case tcd = "TCDScheduler"
    case uniPC = "UniPCMultistepScheduler"

    init?(className: String) { self.init(rawValue: className) }

    /// The sampler that is nearest to it: of the same family, or of the same equation.
    var nearest: SamplerKind {
        switch self {
        case .ddimParallel, .tcd: .ddim
        case .ddpmParallel: .ddpm
        case .deis, .dpmSinglestep, .dpmSDE, .saSolver, .uniPC: .dpmPlusPlus2M
        case .heun, .kdpm2, .lms: .euler
        // Both of them add noise after every step.
        case .kdpm2Ancestral, .lcm: .eulerAncestral
        }
    }

    /// Sets what a file of this class means by leaving it out.
    func applyDefaults(to configuration: inout SchedulerConfiguration) {
        switch self {
        case .dpmSDE, .heun, .kdpm2, .kdpm2Ancestral:
            (configuration.betaStart, configuration.betaEnd) = (0.00085, 0.012)
        case .lcm, .tcd:
            (configuration.betaStart, configuration.betaEnd) = (0.00085, 0.012)
            configuration.betaSchedule = .scaledLinear
            configuration.clipsSample = false
            configuration.timestepSpacing = .leading
        case .ddimParallel, .ddpmParallel, .deis, .dpmSinglestep, .lms, .saSolver, .uniPC: break
        }
    }
}
