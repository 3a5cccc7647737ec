internal import Torch

/// Pseudo numerical methods of Liu et al. 2022 (arXiv 2202.09778): linear multistep, started by
/// one step taken twice (`skip_prk_steps`, as in SD 1.5; known as PLMS) or by three Runge-Kutta
/// steps of four calls each. The numbers are those of diffusers' `PNDMScheduler`.
final class PNDMSampler: Sampler {
    private let alphas: [Float]
    private let finalSignal: Float
    private let predictsVelocity: Bool
    private let stride: Int
    private let rungeKutta: [Int]
    private let visited: [Int]

    /// The predictions of the last steps, at most four, the newest last.
    private var history: [Tensor] = []
    private var weightedSum: Tensor?
    private var startLatents: Tensor?

    init(_ configuration: SchedulerConfiguration, stepCount: Int) throws(SamplerError) {
        let sampler = SamplerKind.pndm
        let schedule = try DiscreteSchedule(configuration, stepCount: stepCount, sampler: sampler)
        guard configuration.predictionType != .sample else {
            throw .unsupported(
                key: "prediction_type", value: "sample", sampler: sampler.rawValue,
                expected: "epsilon or v_prediction")
        }
        alphas = schedule.alphas
        finalSignal = configuration.setsAlphaToOne ?? false ? 1 : alphas[0]
        predictsVelocity = configuration.predictionType == .vPrediction
        stride = configuration.trainingStepCount / stepCount
        let steps = schedule.timesteps
        if configuration.skipsPRKSteps {
            rungeKutta = []
            // The second step comes twice: the first time it corrects the first step.
            visited = steps.count > 1 ? [steps[0], steps[1]] + steps[1...] : steps
        } else {
            guard steps.count >= 4 else {
                throw .stepCount(
                    stepCount, reason: "the sampler pndm with skip_prk_steps false needs 4 or more")
            }
            let half = stride / 2
            // Each step, its middle twice, and its end; the end is also the next step's start.
            rungeKutta = (0..<3).flatMap { index in
                let middle = steps[index + 1] + half
                return [steps[index], middle, middle, steps[index + 1]]
            }
            visited = rungeKutta + steps[3...]
        }
    }

    var timesteps: [Double] { visited.map { Double($0) } }

    func step(
        _ modelOutput: Tensor, step: Int, latents: Tensor, noise: (_ shape: [Int]) -> Tensor
    ) -> Tensor {
        if step == 0 {
            history = []
            weightedSum = nil
            startLatents = nil
        }
        let output = modelOutput.cast(to: .float32)
        return step < rungeKutta.count
            ? rungeKuttaStep(output, step, latents) : multistep(output, step, latents)
    }

    private func rungeKuttaStep(_ output: Tensor, _ step: Int, _ latents: Tensor) -> Tensor {
        let next = rungeKutta[step] - (step % 2 == 0 ? stride / 2 : 0)
        let timestep = rungeKutta[step / 4 * 4]
        var prediction = output
        switch step % 4 {
        case 0:
            weightedSum = 1.0 / 6 * output
            history.append(output)
            startLatents = latents
        case 3:
            prediction = (weightedSum ?? output) + 1.0 / 6 * output
            weightedSum = nil
        default:
            weightedSum = weightedSum.map { $0 + 1.0 / 3 * output }
        }
        return moved(startLatents ?? latents, from: timestep, to: next, prediction)
    }

    private func multistep(_ output: Tensor, _ step: Int, _ latents: Tensor) -> Tensor {
        let timestep = visited[step]
        if rungeKutta.isEmpty, step == 1, let first = history.last {
            let start = startLatents ?? latents
            startLatents = nil
            return moved(start, from: timestep + stride, to: timestep, (output + first) / 2)
        }
        history = history.suffix(3) + [output]
        if step == 0 { startLatents = latents }
        let recent = Array(history.reversed())
        let prediction =
            switch recent.count {
            case 1: output
            case 2: (3 * recent[0] - recent[1]) / 2
            case 3: (23 * recent[0] - 16 * recent[1] + 5 * recent[2]) / 12
            default:
                1.0 / 24
                    * (55 * recent[0] - 59 * recent[1] + 37 * recent[2] - 9 * recent[3])
            }
        return moved(latents, from: timestep, to: timestep - stride, prediction)
    }

    /// Equation 9 of the paper.
    private func moved(
        _ latents: Tensor, from timestep: Int, to next: Int, _ prediction: Tensor
    ) -> Tensor {
        let signal = alphas[timestep]
        let nextSignal = next >= 0 ? alphas[next] : finalSignal
        let spread = 1 - signal
        let nextSpread = 1 - nextSignal
        var predictedNoise = prediction
        if predictsVelocity {
            predictedNoise =
                Double(signal.squareRoot()) * prediction + Double(spread.squareRoot()) * latents
        }
        let scale = (nextSignal / signal).squareRoot()
        let divisor =
            signal * nextSpread.squareRoot() + (signal * spread * nextSignal).squareRoot()
        return Double(scale) * latents
            - Double(nextSignal - signal) * predictedNoise / Double(divisor)
    }
}
