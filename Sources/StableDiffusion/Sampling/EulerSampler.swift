import Foundation
internal import Torch

/// Euler's method on the probability-flow equation (Karras et al. 2022, arXiv 2206.00364,
/// algorithm 2 without churn); the numbers are those of diffusers' `EulerDiscreteScheduler`.
final class EulerSampler: Sampler {
    let timesteps: [Double]
    let initialNoiseScale: Double
    private let sigmas: [Float]
    private let predictionType: PredictionType

    init(_ configuration: SchedulerConfiguration, stepCount: Int) throws(SamplerError) {
        let sampler = SamplerKind.euler.rawValue
        try configuration.checkSigmaKeys(sampler: sampler)
        let steps = try EulerSteps(configuration, stepCount: stepCount, sampler: .euler)
        let schedule = steps.schedule
        var timesteps = steps.timesteps
        var chosen: [Double]
        switch configuration.interpolationType {
        case "linear": chosen = schedule.interpolated(at: timesteps)
        case "log_linear": chosen = schedule.logarithmicallySpaced(stepCount)
        case let other:
            throw .unsupported(
                key: "interpolation_type", value: other, sampler: sampler,
                expected: "linear or log_linear")
        }
        let range = (first: chosen.first ?? 0, last: chosen.last ?? 0)
        if let spaced = schedule.spaced(configuration.schedule(), stepCount, from: range) {
            (chosen, timesteps) = spaced
        }
        let final = try schedule.final(configuration, sampler: sampler)
        sigmas = chosen.map { Float($0) } + [final]
        predictionType = configuration.predictionType

        switch configuration.timestepType {
        case "continuous" where predictionType == .vPrediction:
            self.timesteps = sigmas.dropLast().map { Double(0.25 * Foundation.log($0)) }
        case "discrete", "continuous":
            self.timesteps = timesteps.map { Double(Float($0)) }
        case let other:
            throw .unsupported(
                key: "timestep_type", value: other, sampler: sampler,
                expected: "discrete or continuous")
        }
        initialNoiseScale = EulerSteps.initialNoiseScale(sigmas, configuration)
    }

    func scaledInput(_ latents: Tensor, step: Int) -> Tensor {
        latents / Double((sigmas[step] * sigmas[step] + 1).squareRoot())
    }

    func step(
        _ modelOutput: Tensor, step: Int, latents: Tensor, noise: (_ shape: [Int]) -> Tensor
    ) -> Tensor {
        let sigma = sigmas[step]
        let clean = predictionType.clean(
            modelOutput.cast(to: .float32), latents: latents, sigma: sigma)
        let derivative = (latents - clean) / Double(sigma)
        return latents + derivative * Double(sigmas[step + 1] - sigma)
    }
}

/// What Euler's samplers and those that go on from them share.
struct EulerSteps {
    let schedule: SigmaSchedule
    /// Rounded to fp32, as diffusers has them.
    let timesteps: [Double]

    init(
        _ configuration: SchedulerConfiguration, stepCount: Int, sampler: SamplerKind
    ) throws(SamplerError) {
        if configuration.betaSchedule == .sigmoid { throw .sigmoid(sampler) }
        schedule = SigmaSchedule(NoiseSchedule(configuration).alphasCumulative, configuration)
        timesteps = (configuration.timestepSpacing ?? .linspace).timesteps(
            stepCount, of: configuration.trainingStepCount, offset: configuration.stepsOffset,
            roundsLinspace: false
        ).map { Double(Float($0)) }
        try configuration.checkFirst(Int(timesteps.first ?? 0), stepCount: stepCount)
    }

    /// The sigmas of the steps, without the last, which is 0; and their training steps.
    ///
    /// - Parameter readsKeys: as in ``SchedulerConfiguration/schedule(readsKeys:)``.
    func spaced(
        _ configuration: SchedulerConfiguration, readsKeys: Bool = true
    ) -> (sigmas: [Float], timesteps: [Double]) {
        let chosen = schedule.interpolated(at: timesteps)
        let range = (first: chosen.first ?? 0, last: chosen.last ?? 0)
        let spaced = schedule.spaced(
            configuration.schedule(readsKeys: readsKeys), chosen.count, from: range)
        return ((spaced?.sigmas ?? chosen).map { Float($0) }, spaced?.timesteps ?? timesteps)
    }

    static func initialNoiseScale(
        _ sigmas: [Float], _ configuration: SchedulerConfiguration
    ) -> Double {
        let highest = sigmas.max() ?? 1
        switch configuration.timestepSpacing ?? .linspace {
        case .linspace, .trailing: return Double(highest)
        case .leading: return Double((highest * highest + 1).squareRoot())
        }
    }
}

extension PredictionType {
    /// The clean latents that a prediction stands for, where `latents` are
    /// `clean + sigma * noise`.
    func clean<Number: BinaryFloatingPoint>(
        _ prediction: Tensor, latents: Tensor, sigma: Number
    ) -> Tensor {
        switch self {
        case .epsilon: return latents - Double(sigma) * prediction
        case .sample: return prediction
        case .vPrediction:
            let total = sigma * sigma + 1
            return prediction * Double(-sigma / total.squareRoot()) + latents / Double(total)
        }
    }
}
