internal import Torch

/// A linear multistep method of fourth order, as k-diffusion's `sample_lms` has it; the numbers
/// are those of diffusers' `LMSDiscreteScheduler`.
final class LMSSampler: Sampler {
    let timesteps: [Double]
    let initialNoiseScale: Double
    private let sigmas: [Float]
    private let predictionType: PredictionType
    /// The newest first.
    private var derivatives: [Tensor] = []
    private static let order = 4

    init(_ configuration: SchedulerConfiguration, stepCount: Int) throws(SamplerError) {
        try configuration.checkSigmaKeys(sampler: SamplerKind.lms.rawValue)
        let steps = try EulerSteps(configuration, stepCount: stepCount, sampler: .lms)
        let spaced = steps.spaced(configuration)
        timesteps = spaced.timesteps
        sigmas = spaced.sigmas + [0]
        predictionType = configuration.predictionType
        initialNoiseScale = EulerSteps.initialNoiseScale(sigmas, configuration)
    }

    func scaledInput(_ latents: Tensor, step: Int) -> Tensor {
        latents / Double((sigmas[step] * sigmas[step] + 1).squareRoot())
    }

    func step(
        _ modelOutput: Tensor, step: Int, latents: Tensor, noise: (_ shape: [Int]) -> Tensor
    ) -> Tensor {
        if step == 0 { derivatives = [] }
        let sigma = sigmas[step]
        let clean = predictionType.clean(
            modelOutput.cast(to: .float32), latents: latents, sigma: sigma)
        derivatives.insert((latents - clean) / Double(sigma), at: 0)
        derivatives = Array(derivatives.prefix(LMSSampler.order))
        var result = latents
        for (index, derivative) in derivatives.enumerated() {
            result = result + weight(of: index, step: step) * derivative
        }
        return result
    }

    /// The integral, over the step, of the polynomial that is 1 at one of the known sigmas and 0 at
    /// the others. It is at most cubic, for which two points of Gauss and Legendre are exact.
    private func weight(of index: Int, step: Int) -> Double {
        let known = derivatives.indices.map { Double(sigmas[step - $0]) }
        func polynomial(_ sigma: Double) -> Double {
            known.indices.filter { $0 != index }.reduce(1) {
                $0 * (sigma - known[$1]) / (known[index] - known[$1])
            }
        }
        let (start, end) = (Double(sigmas[step]), Double(sigmas[step + 1]))
        let (center, half) = ((start + end) / 2, (end - start) / 2)
        let offset = half / 3.0.squareRoot()
        return half * (polynomial(center - offset) + polynomial(center + offset))
    }
}
