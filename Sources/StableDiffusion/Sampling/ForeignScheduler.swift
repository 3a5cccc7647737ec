/// A scheduler class of diffusers whose defaults are its own, or for which there is no sampler
/// here, and whose noise is that of Stable Diffusion all the same: a list of betas.
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

    /// Its sampler, or the nearest to it: of the same family, or of the same equation.
    var nearest: SamplerKind {
        switch self {
        case .ddimParallel, .tcd: .ddim
        case .ddpmParallel: .ddpm
        case .dpmSinglestep, .saSolver: .dpmPlusPlus2M
        case .dpmSDE: .dpmPlusPlusSDE
        case .deis: .deis
        case .heun: .heun
        case .kdpm2: .dpm2
        case .kdpm2Ancestral: .dpm2Ancestral
        case .lcm: .lcm
        case .lms: .lms
        case .uniPC: .uniPC
        }
    }

    /// Sets what a file of this class means by leaving it out.
    func applyDefaults(to configuration: inout SchedulerConfiguration) {
        switch self {
        case .dpmSDE, .heun, .kdpm2, .kdpm2Ancestral:
            (configuration.betaStart, configuration.betaEnd) = (0.00085, 0.012)
            configuration.clipsSample = false
        case .lcm, .tcd:
            (configuration.betaStart, configuration.betaEnd) = (0.00085, 0.012)
            configuration.betaSchedule = .scaledLinear
            configuration.clipsSample = false
            configuration.timestepSpacing = .leading
        case .ddimParallel, .ddpmParallel, .deis, .dpmSinglestep, .lms, .saSolver, .uniPC: break
        }
    }
}
