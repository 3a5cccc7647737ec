/// What DDPM, DDIM and PNDM share: whole training steps, and the signal's share at each.
struct DiscreteSchedule {
    let alphas: [Float]
    let timesteps: [Int]
    let sampler: SamplerKind

    init(
        _ configuration: SchedulerConfiguration, stepCount: Int, sampler: SamplerKind
    ) throws(SamplerError) {
        if configuration.betaSchedule == .sigmoid, sampler != .ddpm {
            throw .sigmoid(sampler)
        }
        let schedule = NoiseSchedule(
            configuration,
            rescales: configuration.rescalesBetasToZeroSNR && sampler != .pndm)
        alphas = schedule.alphasCumulative
        timesteps = (configuration.timestepSpacing ?? .leading).timesteps(
            stepCount, of: alphas.count, offset: configuration.stepsOffset, roundsLinspace: true
        ).map { Int($0) }
        self.sampler = sampler
        try check(configuration, stepCount)
    }

    private func check(
        _ configuration: SchedulerConfiguration, _ stepCount: Int
    ) throws(SamplerError) {
        let highest = timesteps.first ?? 0
        try configuration.checkFirst(highest, stepCount: stepCount)
        if configuration.predictionType == .epsilon, alphas[highest] == 0 {
            throw .noSignal(sampler: sampler.rawValue)
        }
    }
}

extension SchedulerConfiguration {
    /// `steps_offset` can push the first of very many steps beyond those that the model knows.
    func checkFirst(_ timestep: Int, stepCount: Int) throws(SamplerError) {
        guard timestep < trainingStepCount else {
            throw .stepCount(
                stepCount,
                reason: "with steps_offset \(stepsOffset) the first would be \(timestep), and the "
                    + "model knows steps below \(trainingStepCount); take fewer")
        }
    }
}

extension SamplerError {
    static func sigmoid(_ sampler: SamplerKind) -> SamplerError {
        .unsupported(
            key: "beta_schedule", value: "sigmoid", sampler: sampler.rawValue,
            expected: "linear, scaled_linear or squaredcos_cap_v2")
    }
}
