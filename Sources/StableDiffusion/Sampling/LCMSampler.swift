internal import Torch

/// Sampling of a latent consistency model (Luo et al. 2023, arXiv 2310.04378, algorithm 3); the
/// numbers are those of diffusers' `LCMScheduler`.
final class LCMSampler: Sampler {
    private let alphas: [Float]
    private let visited: [Int]
    private let clipped: ClippedPrediction
    private let configuration: SchedulerConfiguration

    init(_ configuration: SchedulerConfiguration, stepCount: Int) throws(SamplerError) {
        let sampler = SamplerKind.lcm
        if configuration.betaSchedule == .sigmoid { throw .sigmoid(sampler) }
        alphas = NoiseSchedule(configuration).alphasCumulative
        let original = min(configuration.originalStepCount, alphas.count)
        guard stepCount <= original else {
            throw .stepCount(
                stepCount, reason: "the sampler \(sampler.rawValue) takes at most \(original)")
        }
        let stride = alphas.count / original
        visited = (0..<stepCount).map { step in
            // numpy's `linspace` without its end, rounded down.
            let place = Int(Double(step) * (Double(original) / Double(stepCount)))
            return (original - place) * stride - 1
        }
        if configuration.predictionType == .epsilon, alphas[visited[0]] == 0 {
            throw .noSignal(sampler: sampler.rawValue)
        }
        // Files of other classes mean their own samplers, of predictions that are not consistent.
        var own = configuration
        let isOwn = configuration.className == SamplerKind.lcm.className
        own.usesThresholding = isOwn && configuration.usesThresholding
        clipped = ClippedPrediction(own, clips: isOwn)
        self.configuration = configuration
    }

    var timesteps: [Double] { visited.map { Double($0) } }

    func step(
        _ modelOutput: Tensor, step: Int, latents: Tensor, noise: (_ shape: [Int]) -> Tensor
    ) -> Tensor {
        let signal = alphas[visited[step]]
        let clean = clipped(
            configuration.predictionType.clean(
                modelOutput.cast(to: .float32), latents: latents, signal: signal,
                spread: 1 - signal))
        // The boundary condition: at time 0, what is there is clean.
        let time = Double(visited[step]) * configuration.timestepScaling
        let total = time * time + 0.25
        let consistent = time / total.squareRoot() * clean + 0.25 / total * latents
        guard step + 1 < visited.count else { return consistent }
        let next = alphas[visited[step + 1]]
        return Double(next.squareRoot()) * consistent
            + Double((1 - next).squareRoot()) * noise(latents.shape)
    }
}
