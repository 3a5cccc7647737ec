public import Torch

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv 1711.05101, algorithm 2),
/// in LibTorch's fused kernel; its numbers are those of `torch.optim.AdamW`.
///
/// It owns two moments and a step count per parameter; the parameters stay the caller's.
public final class AdamW {
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
    /// What is trained, in the order of the moments.
    public let parameters: [(name: String, tensor: Tensor)]
    private let firstMoments: [Tensor]
    private let secondMoments: [Tensor]
    private let steps: [Tensor]

    /// - Parameter parameters: leaves that collect gradients, each under a name of its own.
    public init(_ parameters: [(name: String, tensor: Tensor)], settings: Settings = Settings()) {
        self.settings = settings
        self.parameters = parameters
        // The fused kernel walks through memory and looks at no strides, so the moments must lie
        // in memory as their parameters do: a clone does.
        func zero(like tensor: Tensor) -> Tensor {
            let moment = tensor.detached().copied()
            moment.fill(with: 0)
            return moment
        }
        firstMoments = withoutGradients { parameters.map { zero(like: $0.tensor) } }
        secondMoments = withoutGradients { parameters.map { zero(like: $0.tensor) } }
        steps = parameters.map { Tensor.zeros([], device: $0.tensor.device) }
    }

    /// Moves every parameter that has a gradient by one step, in place; the others stay as they
    /// are, and so do their moments.
    public func step(learningRate: Double) {
        let moved = parameters.indices.compactMap { index in
            parameters[index].tensor.gradient.map { (index, $0) }
        }
        if moved.isEmpty { return }
        Foreach.adamW(
            parameters: moved.map { parameters[$0.0].tensor }, gradients: moved.map(\.1),
            firstMoments: moved.map { firstMoments[$0.0] },
            secondMoments: moved.map { secondMoments[$0.0] }, steps: moved.map { steps[$0.0] },
            learningRate: learningRate, betas: (settings.beta1, settings.beta2),
            weightDecay: settings.weightDecay, epsilon: settings.epsilon)
    }

    /// The gradients collected so far, of the parameters that have one.
    public var gradients: [Tensor] { parameters.compactMap(\.tensor.gradient) }

    /// Lets the next backward begin from nothing.
    public func clearGradients() {
        for parameter in parameters { parameter.tensor.gradient = nil }
    }

    /// All that the next step depends on besides parameters and gradients: for each parameter
    /// `NAME.first_moment`, `NAME.second_moment` and `NAME.step`.
    ///
    /// The tensors are the optimizer's own, not copies.
    public var state: [(name: String, tensor: Tensor)] {
        parameters.indices.flatMap { index in
            let name = parameters[index].name
            return [
                ("\(name).first_moment", firstMoments[index]),
                ("\(name).second_moment", secondMoments[index]),
                ("\(name).step", steps[index]),
            ]
        }
    }
}
