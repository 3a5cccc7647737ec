extension TimestepSpacing {
    /// The training steps to visit, from noisy to clean, as DDPM, DDIM, PNDM and the two Euler
    /// samplers space them; whole numbers, except for Euler's `linspace`.
    func timesteps(
        _ stepCount: Int, of trainingStepCount: Int, offset: Int, roundsLinspace: Bool
    ) -> [Double] {
        switch self {
        case .leading:
            let stride = trainingStepCount / stepCount
            return (0..<stepCount).reversed().map { Double($0 * stride + offset) }
        case .trailing:
            return trailing(from: trainingStepCount, stepCount, of: trainingStepCount)
        case .linspace:
            let steps = evenlySpaced(0, Double(trainingStepCount - 1), count: stepCount)
            return steps.reversed().map { roundsLinspace ? $0.rounded(.toNearestOrEven) : $0 }
        }
    }

    /// The same as DPM++ spaces them: it divides one step more, and leaves out the cleanest.
    ///
    /// - Parameter last: how many training steps are in use; fewer than all where
    ///   `lambda_min_clipped` cuts the noisiest off.
    func multistepTimesteps(
        _ stepCount: Int, of trainingStepCount: Int, last: Int, offset: Int
    ) -> [Double] {
        switch self {
        case .leading:
            let stride = last / (stepCount + 1)
            return (1...stepCount).reversed().map { Double($0 * stride + offset) }
        case .trailing:
            return trailing(from: last, stepCount, of: trainingStepCount)
        case .linspace:
            let steps = evenlySpaced(0, Double(last - 1), count: stepCount + 1)
            return steps.dropFirst().reversed().map { $0.rounded(.toNearestOrEven) }
        }
    }

    private func trailing(
        from last: Int, _ stepCount: Int, of trainingStepCount: Int
    ) -> [Double] {
        let ratio = Double(trainingStepCount) / Double(stepCount)
        let start = Double(last)
        // numpy's `arange` steps by the difference of its first two elements.
        let step = (start - ratio) - start
        let count = Int((start / ratio).rounded(.up))
        let steps = (0..<count).map {
            (start + Double($0) * step).rounded(.toNearestOrEven) - 1
        }
        // Rounding of the count may add one step below the cleanest.
        return steps.filter { $0 >= 0 }
    }
}

/// numpy's `linspace`, in double precision: both ends included.
func evenlySpaced(_ start: Double, _ end: Double, count: Int) -> [Double] {
    guard count > 1 else { return count == 1 ? [start] : [] }
    let step = (end - start) / Double(count - 1)
    return (0..<count).map { $0 == count - 1 ? end : Double($0) * step + start }
}
