internal import Torch

/// Restart (Xu et al. 2023, arXiv 2306.14878) with steps of Heun: near the end it goes up again,
/// with fresh noise, and down once more; the numbers are those of A1111's `restart_sampler`.
///
/// Its sigmas are always Karras'; from 20 steps on those of the repetition are taken from the others.
final class RestartSampler: Sampler {
    let timesteps: [Double]
    let initialNoiseScale: Double
    private let calls: [Call]
    private let predictionType: PredictionType
    private var start: (latents: Tensor, derivative: Tensor)?
    private var unrounded = UnroundedLatents()

    /// One call of the network.
    private struct Call {
        let sigma: Double
        /// The step that it is of.
        let step: HeunStep
        let ends: Bool
        /// The noise on top of what comes out, for the way up.
        let up: Double
    }

    private struct HeunStep {
        let from: Double
        let to: Double
    }

    init(_ configuration: SchedulerConfiguration, stepCount: Int) throws(SamplerError) {
        let sampler = SamplerKind.restart
        try configuration.checkSigmaKeys(sampler: sampler.rawValue)
        guard configuration.predictionType != .sample else {
            throw .unsupported(
                key: "prediction_type", value: "sample", sampler: sampler.rawValue,
                expected: "epsilon or v_prediction")
        }
        let begun = try EulerSteps(configuration, stepCount: stepCount, sampler: sampler)
        let spaced = begun.spaced(configuration.scheduled(.karras))
        let steps = RestartSampler.steps(spaced.sigmas.map { Double($0) } + [0])
        var calls: [Call] = []
        for (index, step) in steps.enumerated() {
            let next = index + 1 < steps.count ? steps[index + 1].from : 0
            let up = next > step.to ? (next * next - step.to * step.to).squareRoot() : 0
            // To zero noise, the second call would divide by it.
            let isHeun = step.to > 0
            calls.append(Call(sigma: step.from, step: step, ends: !isHeun, up: isHeun ? 0 : up))
            if isHeun { calls.append(Call(sigma: step.to, step: step, ends: true, up: up)) }
        }
        self.calls = calls
        let own = Dictionary(
            zip(spaced.sigmas.map { Double($0) }, spaced.timesteps), uniquingKeysWith: { $1 })
        timesteps = calls.map { own[$0.sigma] ?? begun.schedule.timestep(of: $0.sigma) }
        predictionType = configuration.predictionType
        initialNoiseScale = EulerSteps.initialNoiseScale(spaced.sigmas, configuration)
    }

    /// All steps in order; one that does not begin where the last ended begins above it.
    private static func steps(_ sigmas: [Double]) -> [HeunStep] {
        let count = sigmas.count - 1
        func plain(_ sigmas: [Double]) -> [HeunStep] {
            zip(sigmas, sigmas.dropFirst()).map { HeunStep(from: $0, to: $1) }
        }
        guard count >= 20 else { return plain(sigmas) }
        let (width, times) = count >= 36 ? (count / 4, 2) : (9, 1)
        let main =
            SigmaSchedule.webUIKarras(
                count - width * times, from: sigmas[0], to: sigmas[count - 1]) + [0]
        func nearest(_ value: Double) -> Int {
            main.indices.min { abs(main[$0] - value) < abs(main[$1] - value) } ?? 0
        }
        let (bottom, top) = (nearest(0.1), nearest(2))
        guard top < bottom else { return plain(main) }
        let again = plain(
            SigmaSchedule.webUIKarras(width + 1, from: main[top], to: main[bottom]))
        return plain(Array(main[...bottom])) + Array(repeating: again, count: times).joined()
            + plain(Array(main[bottom...]))
    }

    /// The calls with which a step ends.
    var endingCalls: [Int] { calls.indices.filter { calls[$0].ends } }

    func scaledInput(_ latents: Tensor, step: Int) -> Tensor {
        let sigma = calls[step].sigma
        return latents / (sigma * sigma + 1).squareRoot()
    }

    func step(
        _ modelOutput: Tensor, step: Int, latents: Tensor, noise: (_ shape: [Int]) -> Tensor
    ) -> Tensor {
        let call = calls[step]
        let exact = unrounded.exact(latents, call: step)
        let clean = predictionType.clean(
            modelOutput.cast(to: exact.dtype), latents: exact, sigma: call.sigma)
        let derivative = (exact - clean) / call.sigma
        let width = call.step.to - call.step.from
        var result: Tensor
        if call.sigma == call.step.from {
            start = (exact, derivative)
            result = exact + derivative * width
        } else {
            let begun = start ?? (exact, derivative)
            result = begun.latents + (begun.derivative + derivative) / 2 * width
        }
        if call.ends, call.up > 0 { result = result + noise(latents.shape) * call.up }
        return unrounded.rounded(result)
    }
}

extension SamplerKind {
    /// The calls of the network that end a step; nil: each does.
    package static func endingCalls(of sampler: any Sampler) -> [Int]? {
        (sampler as? RestartSampler)?.endingCalls
    }
}
