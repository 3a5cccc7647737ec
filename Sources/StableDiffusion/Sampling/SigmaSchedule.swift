import Foundation
import Torch

/// The noise-to-signal ratio that samplers other than DDPM, DDIM, PNDM and LCM count in: `sqrt((1 - a) / a)` of every training
/// step, and the ways to choose some of them.
///
/// What is float here is fp32 in diffusers, and what is double is float64 there.
struct SigmaSchedule {
    /// Of every training step, rising.
    let sigmas: [Float]
    private let logarithms: [Float]
    private let sigmaMin: Double?
    private let sigmaMax: Double?

    init(_ alphasCumulative: [Float], _ configuration: SchedulerConfiguration) {
        var alphas = alphasCumulative
        // After the rescaling to zero SNR. Next to zero, so that the sigma is finite: fp16's
        // smallest number, as in diffusers.
        if alphas.last == 0 { alphas[alphas.count - 1] = 0x1p-24 }
        // LibTorch's root, bit for bit: Brownian noise follows the last bit of a sigma.
        let signal = Tensor(alphas)
        sigmas = ((1 - signal) / signal).squareRoot().floats()
        logarithms = sigmas.map { Foundation.log($0) }
        sigmaMin = configuration.sigmaMin
        sigmaMax = configuration.sigmaMax
    }

    /// The sigmas at training steps that need not be whole; beyond the ends it is that of the end.
    func interpolated(at timesteps: [Double]) -> [Double] {
        let last = sigmas.count - 1
        return timesteps.map { time in
            if time <= 0 { return Double(sigmas[0]) }
            if time >= Double(last) { return Double(sigmas[last]) }
            let low = Int(time)
            let slope = Double(sigmas[low + 1]) - Double(sigmas[low])
            return slope * (time - Double(low)) + Double(sigmas[low])
        }
    }

    /// One sigma more than `count`, spaced evenly by their logarithms over the whole schedule.
    func logarithmicallySpaced(_ count: Int) -> [Double] {
        guard let low = logarithms.first, let high = logarithms.last else { return [] }
        return Tensor.linspace(Double(high), Double(low), count: count + 1).exp().floats()
            .map { Double($0) }
    }

    /// The training step whose sigma this is, between two of them if need be.
    func timestep(of sigma: Double) -> Double {
        let logarithm = Foundation.log(max(sigma, 1e-10))
        let found = logarithms.lastIndex { logarithm - Double($0) >= 0 } ?? 0
        let low = min(found, logarithms.count - 2)
        let width = Double(logarithms[low] - logarithms[low + 1])
        let weight = min(max((Double(logarithms[low]) - logarithm) / width, 0), 1)
        return (1 - weight) * Double(low) + weight * Double(low + 1)
    }

    /// Karras et al. 2022, arXiv 2206.00364, equation 5, between the ends of `range`.
    func karras(_ count: Int, from range: (first: Double, last: Double)) -> [Double] {
        let rho = 7.0
        let low = pow(sigmaMin ?? range.last, 1 / rho)
        let high = pow(sigmaMax ?? range.first, 1 / rho)
        return evenlySpaced(0, 1, count: count).map { pow(high + $0 * (low - high), rho) }
    }

    /// The same as k-diffusion's `get_sigmas_karras` rounds it, in fp32.
    static func webUIKarras(_ count: Int, from first: Double, to last: Double) -> [Double] {
        let rho = 7.0
        let (low, high) = (pow(last, 1 / rho), pow(first, 1 / rho))
        let ramp = Tensor.linspace(0, 1, count: count)
        return (high + ramp * (low - high)).power(rho).floats().map { Double($0) }
    }

    /// Evenly spaced logarithms, between the ends of `range`.
    func exponential(_ count: Int, from range: (first: Double, last: Double)) -> [Double] {
        let low = Foundation.log(sigmaMin ?? range.last)
        let high = Foundation.log(sigmaMax ?? range.first)
        return evenlySpaced(high, low, count: count).map { Foundation.exp($0) }
    }

    /// Lu et al. 2022, arXiv 2206.00927: evenly spaced over the whole schedule by the logarithm of
    /// the signal-to-noise ratio.
    func lu(_ count: Int) -> [Double] {
        guard let low = logarithms.first, let high = logarithms.last else { return [] }
        return evenlySpaced(0, 1, count: count).map {
            Foundation.exp(Double(high) + $0 * (Double(low) - Double(high)))
        }
    }

    /// The sigma at which the last step ends.
    func final(
        _ configuration: SchedulerConfiguration, sampler: String
    ) throws(SamplerError) -> Float {
        switch configuration.finalSigmasType {
        case "zero": return 0
        case "sigma_min": return sigmas[0]
        default:
            throw .unsupported(
                key: "final_sigmas_type", value: configuration.finalSigmasType, sampler: sampler,
                expected: "zero or sigma_min")
        }
    }
}

extension SigmaSchedule {
    /// The sigmas of a schedule and the training steps that they stand at; nil for `uniform`,
    /// which goes by the training steps themselves.
    ///
    /// - Parameter range: between which sigmas the schedules lie that know a first and a last.
    func spaced(
        _ schedule: SamplingSchedule, _ count: Int, from range: (first: Double, last: Double)
    ) -> (sigmas: [Double], timesteps: [Double])? {
        let chosen: [Double]
        switch schedule {
        case .automatic, .uniform: return nil
        case .karras: chosen = karras(count, from: range)
        case .exponential, .polyexponential: chosen = exponential(count, from: range)
        case .beta: chosen = beta(count, from: range)
        case .sgmUniform:
            let times = evenlySpaced(Double(sigmas.count - 1), 0, count: count + 1).dropLast()
            return (times.map(logarithmicallyInterpolated), Array(times))
        case .simple:
            let stride = Double(sigmas.count) / Double(count)
            let places = (0..<count).map { sigmas.count - 1 - Int(Double($0) * stride) }
            return (places.map { Double(sigmas[$0]) }, places.map { Double($0) })
        }
        return (chosen, chosen.map { timestep(of: $0) })
    }

    /// "Beta Sampling is All You Need" (Lee et al. 2024, arXiv 2407.12173), with both parameters
    /// 0.6, as diffusers' `_convert_to_beta` and A1111 have it.
    private func beta(_ count: Int, from range: (first: Double, last: Double)) -> [Double] {
        let distribution = BetaDistribution(shape: 0.6)
        let low = sigmaMin ?? range.last
        let high = sigmaMax ?? range.first
        return evenlySpaced(0, 1, count: count).map {
            low + distribution.quantile(1 - $0) * (high - low)
        }
    }

    /// k-diffusion's `t_to_sigma`.
    private func logarithmicallyInterpolated(at time: Double) -> Double {
        let low = min(Int(time), logarithms.count - 2)
        let weight = time - Double(low)
        return Foundation.exp(
            (1 - weight) * Double(logarithms[low]) + weight * Double(logarithms[low + 1]))
    }
}

extension SchedulerConfiguration {
    /// Traps for keys that samplers of sigmas share, and that would change the picture if ignored.
    func checkSigmaKeys(sampler: String) throws(SamplerError) {
        let asked = [usesKarrasSigmas, usesExponentialSigmas, usesBetaSigmas].filter { $0 }.count
        guard asked < 2 else {
            throw .unsupported(
                key: "use_karras_sigmas", value: "true beside another kind of sigmas",
                sampler: sampler,
                expected: "one of use_karras_sigmas, use_exponential_sigmas, use_beta_sigmas")
        }
    }
}
