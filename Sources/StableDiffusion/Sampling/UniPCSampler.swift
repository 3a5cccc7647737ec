import Foundation
internal import Torch

/// UniPC (Zhao et al. 2023, arXiv 2302.04867, algorithms 5 and 6): every call of the network first
/// corrects the step that led to it, then predicts the next; the numbers are those of diffusers'
/// `UniPCMultistepScheduler`.
final class UniPCSampler: Sampler {
    let timesteps: [Double]
    private let sigmas: [Float]
    private let clipped: ClippedPrediction
    private let configuration: SchedulerConfiguration
    /// The clean latents of the last steps, the newest first.
    private var history: [Tensor] = []
    /// The latents that the last step began with, and its order.
    private var last: (latents: Tensor, order: Int)?

    init(_ configuration: SchedulerConfiguration, stepCount: Int) throws(SamplerError) {
        let sampler = SamplerKind.uniPC
        guard configuration.predictsClean else {
            throw .unsupported(
                key: "predict_x0", value: "false", sampler: sampler.rawValue, expected: "true")
        }
        guard (1...5).contains(configuration.solverOrder) else {
            throw .unsupported(
                key: "solver_order", value: "\(configuration.solverOrder)",
                sampler: sampler.rawValue, expected: "1 to 5")
        }
        let steps = try MultistepSteps(
            configuration, stepCount: stepCount, sampler: sampler, readsRange: false)
        timesteps = steps.timesteps
        sigmas = steps.sigmas
        clipped = ClippedPrediction(configuration, clips: false)
        self.configuration = configuration
    }

    func step(
        _ modelOutput: Tensor, step: Int, latents: Tensor, noise: (_ shape: [Int]) -> Tensor
    ) -> Tensor {
        if step == 0 { (history, last) = ([], nil) }
        let clean = clipped(
            configuration.predictionType.clean(
                modelOutput.cast(to: .float32), latents: latents,
                level: NoiseLevel(sigmas[step])))
        var corrected = latents
        if let last, !configuration.uncorrectedSteps.contains(step - 1) {
            corrected = moved(last.latents, step: step - 1, order: last.order, correctedBy: clean)
        }
        history = Array(([clean] + history).prefix(configuration.solverOrder))
        let remaining = timesteps.count - step
        // Beyond the first order, the way to no noise at all is infinite.
        let limit = configuration.usesLowerOrderFinal ? remaining : sigmas[step + 1] > 0 ? 5 : 1
        let order = min(history.count, limit)
        last = (corrected, order)
        return moved(corrected, step: step, order: order)
    }

    /// The end of a step.
    ///
    /// - Parameter end: the clean latents there, when they are known; nil: the step is predicted.
    private func moved(
        _ latents: Tensor, step: Int, order: Int, correctedBy end: Tensor? = nil
    ) -> Tensor {
        let (now, next) = (NoiseLevel(sigmas[step]), NoiseLevel(sigmas[step + 1]))
        let width = Double(next.lambda) - Double(now.lambda)
        guard width > 0 else { return latents }
        let growth = Foundation.expm1(-width)
        let scale = configuration.solverType == "bh1" ? -width : growth
        let clean = history[0]
        var result =
            Double(next.sigma / now.sigma) * latents - Double(next.alpha) * growth * clean
        var ratios = (1..<order).map {
            (Double(NoiseLevel(sigmas[step - $0]).lambda) - Double(now.lambda)) / width
        }
        var slopes = (1..<order).map { (history[$0] - clean) / ratios[$0 - 1] }
        if let end {
            ratios.append(1)
            slopes.append(end - clean)
        }
        let weights = UniPCSampler.weights(ratios, width: width, scale: scale)
        for (weight, slope) in zip(weights, slopes) {
            result = result - Double(next.alpha) * scale * weight * slope
        }
        return result
    }

    /// What the slopes at these places count, so that the step is exact for polynomials.
    private static func weights(_ ratios: [Double], width: Double, scale: Double) -> [Double] {
        // Of order two or one, the paper and its authors' code take a half.
        guard ratios.count > 1 else { return [0.5] }
        var rows: [[Double]] = []
        var term = Foundation.expm1(-width) / -width - 1
        var factorial = 1.0
        for power in ratios.indices {
            rows.append(ratios.map { pow($0, Double(power)) } + [term * factorial / scale])
            factorial *= Double(power + 2)
            term = term / -width - 1 / factorial
        }
        return solved(rows)
    }

    /// Gaussian elimination; every row ends with its right side.
    private static func solved(_ system: [[Double]]) -> [Double] {
        var rows = system
        for column in rows.indices {
            let pivot =
                (column..<rows.count).max { abs(rows[$0][column]) < abs(rows[$1][column]) }
                ?? column
            rows.swapAt(column, pivot)
            for row in rows.indices where row != column {
                let factor = rows[row][column] / rows[column][column]
                rows[row] = zip(rows[row], rows[column]).map { $0 - factor * $1 }
            }
        }
        return rows.indices.map { (rows[$0].last ?? 0) / rows[$0][$0] }
    }
}
