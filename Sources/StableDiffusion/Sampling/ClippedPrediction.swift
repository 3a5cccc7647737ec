internal import Torch

/// What DDPM, DDIM and DPM++ do to the predicted clean latents when the configuration says so.
struct ClippedPrediction {
    private let usesThresholding: Bool
    private let range: Double?
    private let ratio: Double
    private let maximum: Double

    /// - Parameter clips: whether this sampler knows `clip_sample`.
    init(_ configuration: SchedulerConfiguration, clips: Bool) {
        usesThresholding = configuration.usesThresholding
        range = clips && configuration.clipsSample ? configuration.clipSampleRange : nil
        ratio = configuration.dynamicThresholdingRatio
        maximum = configuration.sampleMaxValue
    }

    func callAsFunction(_ clean: Tensor) -> Tensor {
        if usesThresholding { return thresholded(clean) }
        if let range { return clean.clamped(-range, range) }
        return clean
    }

    /// Dynamic thresholding (Saharia et al. 2022, arXiv 2205.11487, section 2.3): each row is cut
    /// at a quantile of its magnitudes, and scaled so that the cut is at 1.
    private func thresholded(_ clean: Tensor) -> Tensor {
        let batch = clean.size(0)
        let magnitudes = clean.abs().reshaped(batch, -1)
        let limits = (0..<batch).map { row in
            // `clamp(min: 1, max:)` of diffusers: the upper end wins where they cross.
            min(max(quantile(magnitudes.selected(0, row).floats().sorted()), 1), Float(maximum))
        }
        let shape = [batch] + Array(repeating: 1, count: clean.rank - 1)
        let limit = Tensor(limits, shape: shape, device: clean.device)
        return clean.minimum(limit).maximum(-limit) / limit
    }

    private func quantile(_ sorted: [Float]) -> Float {
        let rank = Float(ratio) * Float(sorted.count - 1)
        let low = Int(rank)
        let high = min(low + 1, sorted.count - 1)
        return sorted[low] + (rank - Float(low)) * (sorted[high] - sorted[low])
    }
}
