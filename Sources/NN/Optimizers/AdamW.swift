public import Torch

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv 1711.05101, algorithm 2),
/// in LibTorch's fused kernel; its numbers are those of `torch.optim.AdamW`.
///
/// It owns two moments and a step count per parameter; the parameters stay the caller's.
public final class AdamW: Optimizer {
    /// The settings that stay the same from step to step.
    public struct Settings: Codable, Sendable, Equatable {
        /// The decay of the first moment, in [0, 1).
        public var beta1 = 0.9
        /// The decay of the second moment, in [0, 1).
        public var beta2 = 0.999
        /// What a step takes off a weight, times the learning rate.
        public var weightDecay = 1e-2
        /// Keeps the division from zero.
        public var epsilon = 1e-8

        /// PyTorch's defaults.
        public init() {}
    }

    /// What was given.
    public let settings: Settings
    private let trained: TrainedParameters
    private let moments: [AdamMoments]
    private let rounding: UpdateRounding

    /// - Parameters:
    ///   - groups: float32 parameters, or bfloat16 ones, which are rounded stochastically.
    ///   - roundingSeed: decides that rounding.
    public init(
        groups: [ParameterGroup], settings: Settings = Settings(), roundingSeed: UInt64 = 0
    ) {
        self.settings = settings
        trained = TrainedParameters(groups, weightDecay: settings.weightDecay)
        moments = withoutGradients { [trained] in trained.elements.map(AdamMoments.init(of:)) }
        rounding = UpdateRounding(trained, seed: roundingSeed)
    }

    /// - Parameter parameters: leaves that collect gradients, each under a name of its own.
    public convenience init(
        _ parameters: [(name: String, tensor: Tensor)], settings: Settings = Settings()
    ) {
        self.init(
            groups: [ParameterGroup(name: "parameters", parameters: parameters)],
            settings: settings)
    }

    /// What is trained, in the order of the moments.
    public var parameters: [(name: String, tensor: Tensor)] { trained.named }

    /// Moves every parameter of the range that has a gradient by one step, in place; the others
    /// stay as they are, and so do their moments.
    public func step(_ range: Range<Int>, learningRate: Double) {
        withoutGradients {
            for span in trained.spans {
                let moved = trained.moved(in: span.clamped(to: range))
                AdamMoments.step(
                    moved.map { ($0.index, $0.element, $0.gradient, moments[$0.index]) },
                    learningRate: learningRate, settings: settings, rounding: rounding)
            }
        }
    }

    /// All that the next step depends on besides parameters and gradients: for each parameter
    /// `NAME.first_moment`, `NAME.second_moment` and `NAME.step`.
    ///
    /// The tensors are the optimizer's own, not copies.
    public var state: [(name: String, tensor: Tensor)] {
        zip(trained.elements, moments).flatMap { $1.state($0.name) } + rounding.state
    }
}
