import Foundation
internal import Torch

/// DPM-Solver++(2M) of Lu et al. 2022 (arXiv 2211.01095, algorithm 2); the numbers are those of
/// diffusers' `DPMSolverMultistepScheduler` with `dpmsolver++`.
final class DPMPlusPlus2MSampler: Sampler {
    let timesteps: [Double]
    private let sigmas: [Float]
    private let predictionType: PredictionType
    private let clipped: ClippedPrediction
    private let configuration: SchedulerConfiguration
    private var previousClean: Tensor?

    init(_ configuration: SchedulerConfiguration, stepCount: Int) throws(SamplerError) {
        try DPMPlusPlus2MSampler.check(configuration)
        let steps = try MultistepSteps(configuration, stepCount: stepCount, sampler: .dpmPlusPlus2M)
        timesteps = steps.timesteps
        sigmas = steps.sigmas
        predictionType = configuration.predictionType
        clipped = ClippedPrediction(configuration, clips: false)
        self.configuration = configuration
    }

    func step(
        _ modelOutput: Tensor, step: Int, latents: Tensor, noise: (_ shape: [Int]) -> Tensor
    ) -> Tensor {
        if step == 0 { previousClean = nil }
        let now = NoiseLevel(sigmas[step])
        let clean = clipped(
            predictionType.clean(modelOutput.cast(to: .float32), latents: latents, level: now))
        defer { previousClean = clean }

        let next = NoiseLevel(sigmas[step + 1])
        let width = next.lambda - now.lambda
        let decay = next.alpha * (Foundation.exp(-width) - 1)
        let first = Double(next.sigma / now.sigma) * latents - Double(decay) * clean
        guard let previousClean, configuration.solverOrder == 2, !isFirstOrder(step) else {
            return first
        }
        // Two sigmas may be equal at the end of `sigma_min`; then there is nothing to correct.
        guard width != 0 else { return first }
        let ratio = (now.lambda - NoiseLevel(sigmas[step - 1]).lambda) / width
        let slope = Double(1 / ratio) * (clean - previousClean)
        return configuration.solverType == "heun"
            ? first + Double(next.alpha * ((Foundation.exp(-width) - 1) / width + 1)) * slope
            : first - Double(0.5 * decay) * slope
    }

    private func isFirstOrder(_ step: Int) -> Bool {
        configuration.isFirstOrderEnd(step, of: timesteps.count)
    }

    /// Traps for what the two samplers of `DPMSolverMultistepScheduler` do not know.
    static func check(
        _ configuration: SchedulerConfiguration, sampler: SamplerKind = .dpmPlusPlus2M
    ) throws(SamplerError) {
        func require(
            _ holds: Bool, _ key: String, _ value: String, _ expected: String
        ) throws(SamplerError) {
            guard holds else {
                throw .unsupported(
                    key: key, value: value, sampler: sampler.rawValue, expected: expected)
            }
        }
        // diffusers reads `deis`, `logrho`, `bh1` and `bh2`, which other classes write, so too.
        let algorithms =
            sampler == .dpmPlusPlus2M
            ? ["dpmsolver++", "deis"] : ["sde-dpmsolver++", "dpmsolver++", "deis"]
        try require(
            algorithms.contains(configuration.algorithmType), "algorithm_type",
            configuration.algorithmType, "dpmsolver++")
        try require(
            ["midpoint", "heun", "logrho", "bh1", "bh2"].contains(configuration.solverType),
            "solver_type", configuration.solverType, "midpoint or heun")
        try require(
            (1...2).contains(configuration.solverOrder), "solver_order",
            "\(configuration.solverOrder)", "1 or 2")
        try require(!configuration.usesFlowSigmas, "use_flow_sigmas", "true", "false")
        try require(!configuration.usesDynamicShifting, "use_dynamic_shifting", "true", "false")
        // DDPM's kinds of variance may stand in the same file; they mean nothing here.
        let variance = configuration.varianceType ?? "none"
        try require(
            !["learned", "learned_range"].contains(variance), "variance_type", variance,
            "fixed_small")
    }
}
