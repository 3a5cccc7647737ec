import StableDiffusion

extension SamplerChoice {
    /// A1111's words since its version 1.9: the sampler without its schedule, and the schedule
    /// where it is not plainly that of every sampler.
    var infotext: (sampler: String, schedule: String?) {
        guard kind.hasSchedules else { return (kind.label, nil) }
        let isPlain = schedule == .uniform && !kind.isSpacedInWebUIs
        return (kind.label, isPlain ? nil : schedule.label)
    }
}

extension SamplerKind {
    /// Whether A1111 spaces its sigmas where nothing is said, so that others must be named.
    ///
    /// Source: its `samplers_k_diffusion`, where the option `scheduler` of a sampler has it.
    fileprivate var isSpacedInWebUIs: Bool {
        switch self {
        case .dpm2, .dpm2Ancestral, .dpmPlusPlus2SAncestral, .dpmPlusPlus2M, .dpmPlusPlusSDE,
            .dpmPlusPlus2MSDE, .dpmPlusPlus3MSDE:
            true
        default: false
        }
    }
}
