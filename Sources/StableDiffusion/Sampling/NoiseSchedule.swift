import Foundation
public import Torch

/// How much of the picture and how much noise each training step holds: a value on the host, used
/// by training and by the samplers.
///
/// Latents at step t are `sqrt(a[t]) * clean + sqrt(1 - a[t]) * noise`, where `a` is
/// ``alphasCumulative`` (Ho et al. 2020, arXiv 2006.11239, equation 4). The numbers are those of
/// diffusers' `DDPMScheduler`, which its training scripts use whatever the model's sampler is.
public struct NoiseSchedule: Sendable, Equatable {
    /// What ``target(latents:noise:timesteps:)`` gives.
    public let predictionType: PredictionType
    /// The signal's share of the variance after each step, in [0, 1], falling; in fp32.
    public let alphasCumulative: [Float]

    /// How many training steps there are.
    public var trainingStepCount: Int { alphasCumulative.count }

    /// `a / (1 - a)` for every step; 0 at the last step of a zero-terminal-SNR schedule.
    public var signalToNoise: [Double] {
        alphasCumulative.map { Double($0) / (1 - Double($0)) }
    }

    /// The schedule of a model, rescaled to zero terminal SNR where its configuration says so.
    public init(_ configuration: SchedulerConfiguration) {
        self.init(configuration, rescales: configuration.rescalesBetasToZeroSNR)
    }

    /// PNDM does not know the rescaling to zero terminal SNR.
    init(_ configuration: SchedulerConfiguration, rescales: Bool) {
        predictionType = configuration.predictionType
        var betas = NoiseSchedule.betas(configuration)
        if rescales { betas = NoiseSchedule.rescaledToZeroSNR(betas) }
        alphasCumulative = NoiseSchedule.cumulative(betas)
    }

    /// Adds noise to clean latents.
    ///
    /// - Parameters:
    ///   - latents: `[batch, …]`, as the autoencoder gives them, scaled.
    ///   - noise: standard normal numbers of the same shape.
    ///   - timesteps: one training step per row, in `0..<trainingStepCount`.
    public func noisy(_ latents: Tensor, noise: Tensor, timesteps: [Int]) -> Tensor {
        let (signal, spread) = weights(timesteps, like: latents)
        return signal * latents + spread * noise
    }

    /// What the network should predict: the noise, the velocity or the clean latents, according
    /// to ``predictionType``. Shapes as in ``noisy(_:noise:timesteps:)``.
    public func target(latents: Tensor, noise: Tensor, timesteps: [Int]) -> Tensor {
        switch predictionType {
        case .epsilon: return noise
        case .sample: return latents
        case .vPrediction:
            let (signal, spread) = weights(timesteps, like: latents)
            return signal * noise - spread * latents
        }
    }

    private func weights(_ timesteps: [Int], like latents: Tensor) -> (Tensor, Tensor) {
        precondition(
            timesteps.count == latents.size(0), "\(timesteps.count) timesteps for \(latents)")
        let shape = [timesteps.count] + Array(repeating: 1, count: latents.rank - 1)
        func column(_ value: (Float) -> Float) -> Tensor {
            let values = timesteps.map { value(alphasCumulative[$0]).squareRoot() }
            return Tensor(values, shape: shape)
                .converted(to: latents.dtype, device: latents.device)
        }
        return (column { $0 }, column { 1 - $0 })
    }
}

extension NoiseSchedule {
    /// The variance that each training step adds.
    private static func betas(_ configuration: SchedulerConfiguration) -> [Float] {
        if let trained = configuration.trainedBetas { return trained.map { Float($0) } }
        let count = configuration.trainingStepCount
        let (start, end) = (configuration.betaStart, configuration.betaEnd)
        switch configuration.betaSchedule {
        case .linear:
            return Tensor.linspace(start, end, count: count).floats()
        case .scaledLinear:
            return Tensor.linspace(start.squareRoot(), end.squareRoot(), count: count)
                .squared().floats()
        case .squaredCosine:
            // Nichol & Dhariwal 2021, arXiv 2102.09672, equation 17.
            func remaining(_ time: Double) -> Double {
                let cosine = Foundation.cos((time + 0.008) / 1.008 * Double.pi / 2)
                return cosine * cosine
            }
            return (0..<count).map { index in
                let before = remaining(Double(index) / Double(count))
                let after = remaining(Double(index + 1) / Double(count))
                return Float(min(1 - after / before, 0.999))
            }
        case .sigmoid:
            return (Tensor.linspace(-6, 6, count: count).sigmoid() * (end - start) + start)
                .floats()
        }
    }

    /// Stretches a schedule so that its last step is noise alone (Lin et al. 2023,
    /// arXiv 2305.08891, algorithm 1).
    private static func rescaledToZeroSNR(_ betas: [Float]) -> [Float] {
        // LibTorch's root is not rounded as Swift's is; here every bit is to be the reference's.
        var roots = Tensor(cumulative(betas)).squareRoot().floats()
        guard let first = roots.first, let last = roots.last else { return betas }
        let stretch = first / (first - last)
        roots = roots.map { ($0 - last) * stretch }
        let products = roots.map { $0 * $0 }
        return products.indices.map { index in
            1 - (index == 0 ? products[0] : products[index] / products[index - 1])
        }
    }

    private static func cumulative(_ betas: [Float]) -> [Float] {
        Tensor(betas.map { 1 - $0 }).cumulativeProduct(0).floats()
    }
}
