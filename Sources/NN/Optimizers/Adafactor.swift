#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif
public import Torch

/// Adam without its memory: of a matrix' second moment it keeps the means of rows and columns
/// (Shazeer and Stern 2018, arXiv 1804.04235, algorithms 4 and 6); its numbers are those of
/// `transformers.optimization.Adafactor`.
public final class Adafactor: Optimizer {
    /// The settings that stay the same from step to step.
    public struct Settings: Codable, Sendable, Equatable {
        /// Keeps squared gradients from zero.
        public var epsilon = 1e-30
        /// What the size of a parameter counts as, at least, for ``scaleParameter``.
        public var scaleEpsilon = 1e-3
        /// The root mean square of an update, at most, before the learning rate.
        public var clipThreshold = 1.0
        /// The second moment's decay in step t is `1 - t^decayRate`.
        public var decayRate = -0.8
        /// The decay of a first moment, in [0, 1); nil: none is kept.
        public var beta1: Double?
        /// What a step takes off a weight, times the learning rate.
        public var weightDecay = 0.0
        /// Multiplies the rate by the root mean square of the parameter.
        public var scaleParameter = true
        /// Sets the rate itself, to `1 / √t` and 1e-2 at most; the one given has no meaning then.
        public var relativeStep = true
        /// Lets that rate rise, from 1e-6 in step 1.
        public var warmupInit = false

        /// The defaults of transformers.
        public init() {}
    }

    private struct Moments {
        /// Of the mean square over the last axis and over the last but one; of vectors one for all.
        let rows: Tensor
        let columns: Tensor?
        let first: Tensor?
        let stepCount = HostNumber()
    }

    /// What was given.
    public let settings: Settings
    private let trained: TrainedParameters
    private let moments: [Moments]
    private let rounding: UpdateRounding

    /// - Parameters:
    ///   - groups: float32 parameters, or bfloat16 ones, which are rounded stochastically.
    ///   - roundingSeed: decides that rounding.
    public init(
        groups: [ParameterGroup], settings: Settings = Settings(), roundingSeed: UInt64 = 0
    ) {
        precondition(
            !settings.warmupInit || settings.relativeStep, "only a relative step warms itself up")
        self.settings = settings
        trained = TrainedParameters(groups, weightDecay: settings.weightDecay)
        rounding = UpdateRounding(trained, seed: roundingSeed)
        moments = withoutGradients { [trained] in
            trained.elements.map { element -> Moments in
                let shape = element.tensor.shape
                let device = element.tensor.device
                let first = settings.beta1.map { _ in element.zeros() }
                guard shape.count >= 2 else {
                    return Moments(rows: element.zeros(), columns: nil, first: first)
                }
                let columns = Array(shape.dropLast(2)) + [shape[shape.count - 1]]
                return Moments(
                    rows: Tensor.zeros(Array(shape.dropLast()), device: device),
                    columns: Tensor.zeros(columns, device: device), first: first)
            }
        }
    }

    /// What is trained, in the order of the groups.
    public var parameters: [(name: String, tensor: Tensor)] { trained.named }

    /// Not with a relative step.
    public var usesLearningRate: Bool { !settings.relativeStep }

    /// Moves every parameter of the range that has a gradient by one step.
    public func step(_ range: Range<Int>, learningRate: Double) {
        withoutGradients {
            for (index, element, gradient) in trained.moved(in: range) {
                let stepCount = moments[index].stepCount.increment()
                let base = settings.relativeStep ? relativeRate(stepCount) : learningRate
                rounding.update(index, gradient: gradient) { value, gradient in
                    move(
                        value, gradient, moments[index], stepCount: stepCount,
                        rate: base * element.learningRateScale, weightDecay: element.weightDecay)
                }
            }
        }
    }

    private func relativeRate(_ stepCount: Double) -> Double {
        min(settings.warmupInit ? 1e-6 * stepCount : 1e-2, 1 / stepCount.squareRoot())
    }

    private func move(
        _ value: Tensor, _ gradient: Tensor, _ moments: Moments, stepCount: Double, rate: Double,
        weightDecay: Double
    ) {
        // All of this stays on the parameter's device: no step waits for a GPU.
        var scale = Tensor.full([], rate, device: value.device)
        if settings.scaleParameter {
            scale = rootMeanSquare(value).clamped(settings.scaleEpsilon, .infinity) * rate
        }

        let update = normalized(gradient, moments, stepCount: stepCount)
        let excess = (rootMeanSquare(update) / settings.clipThreshold).clamped(1, .infinity)
        var change = update / excess * scale
        if let beta1 = settings.beta1, let first = moments.first {
            first.multiply(by: beta1)
            first.add(change, scale: 1 - beta1)
            change = first
        }
        if weightDecay != 0 { value.add(value * (scale * weightDecay), scale: -1) }
        value.add(change, scale: -1)
    }

    /// The gradient divided by the root of its second moment.
    private func normalized(_ gradient: Tensor, _ moments: Moments, stepCount: Double) -> Tensor {
        let decay = 1 - pow(stepCount, settings.decayRate)
        let squares = gradient.squared() + settings.epsilon
        guard let columns = moments.columns else {
            moments.rows.multiply(by: decay)
            moments.rows.add(squares, scale: 1 - decay)
            return moments.rows.reciprocalSquareRoot() * gradient
        }
        let rows = moments.rows
        rows.multiply(by: decay)
        rows.add(squares.mean([-1]), scale: 1 - decay)
        columns.multiply(by: decay)
        columns.add(squares.mean([-2]), scale: 1 - decay)
        let rowFactors = (rows / rows.mean([-1], keepsAxes: true)).reciprocalSquareRoot()
        let columnFactors = columns.unsqueezed(-2).reciprocalSquareRoot()
        return rowFactors.unsqueezed(-1) * columnFactors * gradient
    }

    private func rootMeanSquare(_ tensor: Tensor) -> Tensor {
        tensor.norm() / Double(tensor.count).squareRoot()
    }

    /// For each parameter `NAME.second_moment` or, of two axes and more,
    /// `NAME.second_moment_rows` and `NAME.second_moment_columns`; `NAME.first_moment` where one
    /// is kept; and `NAME.step`.
    public var state: [(name: String, tensor: Tensor)] {
        typealias Entries = [(name: String, tensor: Tensor)]
        let all = zip(trained.elements, moments).flatMap { element, moments -> Entries in
            let name = element.name
            var result: Entries = []
            if let columns = moments.columns {
                result.append(("\(name).second_moment_rows", moments.rows))
                result.append(("\(name).second_moment_columns", columns))
            } else {
                result.append(("\(name).second_moment", moments.rows))
            }
            if let first = moments.first { result.append(("\(name).first_moment", first)) }
            result.append(("\(name).step", moments.stepCount.tensor))
            return result
        }
        return all + rounding.state
    }
}
