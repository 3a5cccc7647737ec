/// What a person wants to know before choosing a sampler.
extension SamplerKind {
    /// Calls of the network in a step.
    public var callsPerStep: Int {
        switch self {
        case .heun, .dpm2, .dpm2Ancestral, .dpmPlusPlus2SAncestral, .dpmPlusPlusSDE, .restart: 2
        default: 1
        }
    }

    /// Whether it draws fresh noise on the way, so that more steps go on changing the picture.
    public var addsNoise: Bool {
        switch self {
        case .ddpm, .eulerAncestral, .dpm2Ancestral, .dpmPlusPlus2SAncestral, .dpmPlusPlusSDE,
            .dpmPlusPlus2MSDE, .dpmPlusPlus3MSDE, .lcm, .restart:
            true
        default: false
        }
    }

    /// Steps that it does well with.
    public var usualSteps: ClosedRange<Int> {
        switch self {
        case .ddpm: 100...1000
        case .ddim, .pndm, .lms: 30...50
        case .euler, .eulerAncestral: 20...40
        case .heun, .dpm2, .dpm2Ancestral, .dpmPlusPlus2SAncestral, .dpmPlusPlusSDE: 10...20
        case .dpmPlusPlus2M, .dpmPlusPlus2MSDE: 20...30
        case .dpmPlusPlus3MSDE: 30...50
        case .uniPC, .deis: 10...20
        case .lcm: 4...8
        case .restart: 20...50
        }
    }

    /// What is special about it, in a few words.
    public var summary: String {
        switch self {
        case .ddpm: "the way a model is trained, backwards; slow"
        case .ddim: "the first quick one"
        case .pndm: "what Stable Diffusion 1.x came with"
        case .euler: "plain and steady"
        case .eulerAncestral: "Euler with fresh noise in every step; soft"
        case .heun: "Euler, corrected by a second call"
        case .lms: "Euler with a memory of four steps"
        case .dpm2: "a second call in the middle of each step"
        case .dpm2Ancestral: "DPM2 with fresh noise"
        case .dpmPlusPlus2SAncestral: "DPM++ of two calls with fresh noise"
        case .dpmPlusPlus2M: "a memory of two steps; quick and sharp"
        case .dpmPlusPlusSDE: "two calls and Brownian noise; much detail"
        case .dpmPlusPlus2MSDE: "DPM++ 2M with Brownian noise"
        case .dpmPlusPlus3MSDE: "a memory of three steps and Brownian noise"
        case .uniPC: "predicts and corrects; good with few steps"
        case .deis: "exact where the network changes slowly; few steps"
        case .lcm: "for models distilled for it"
        case .restart: "Heun that goes back up near the end"
        }
    }
}

extension SamplingSchedule {
    /// What is special about it, in a few words.
    public var summary: String {
        switch self {
        case .automatic: "what the model's scheduler_config.json says"
        case .uniform: "even training steps"
        case .karras: "many steps where there is little noise"
        case .exponential: "even by the logarithm of the noise"
        case .polyexponential: "exponential, by the name of web UIs"
        case .sgmUniform: "even training steps without the cleanest"
        case .simple: "even training steps from the noisiest"
        case .beta: "many steps at both ends"
        }
    }
}
