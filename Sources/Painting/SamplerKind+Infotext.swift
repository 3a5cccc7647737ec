import StableDiffusion

extension SamplerKind {
    /// A1111's words since its version 1.9: the sampler without its schedule, and the schedule
    /// where it is not what that sampler has by itself.
    ///
    /// `DPM++ 2M` alone has Karras sigmas there, so that others must be named.
    func infotext(
        _ configuration: SchedulerConfiguration
    ) -> (sampler: String, schedule: String?) {
        switch self {
        case .eulerKarras: return (SamplerKind.euler.label, "Karras")
        case .dpmPlusPlus2MKarras: return (SamplerKind.dpmPlusPlus2M.label, "Karras")
        case .euler, .dpmPlusPlus2M:
            if configuration.usesKarrasSigmas { return (label, "Karras") }
            if configuration.usesExponentialSigmas { return (label, "Exponential") }
            return (label, self == .euler ? nil : "Uniform")
        default: return (label, nil)
        }
    }
}
