public import Torch

/// Stochastic gradient descent, with momentum (Sutskever et al. 2013) where it is set; its numbers
/// are those of `torch.optim.SGD`.
public final class SGD: Optimizer {
    /// The settings that stay the same from step to step.
    public struct Settings: Codable, Sendable, Equatable {
        /// The decay of the sum of gradients, in [0, 1); 0: no momentum, and no state.
        public var momentum = 0.0
        /// Looks one step of the momentum ahead, as Nesterov does.
        public var nesterov = false
        /// How much of a weight is added to its gradient.
        public var weightDecay = 0.0

        /// PyTorch's defaults.
        public init() {}
    }

    /// What was given.
    public let settings: Settings
    private let trained: TrainedParameters
    private let momenta: [Tensor]
    private let rounding: UpdateRounding

    /// - Parameters:
    ///   - groups: float32 parameters, or bfloat16 ones, which are rounded stochastically.
    ///   - roundingSeed: decides that rounding.
    public init(
        groups: [ParameterGroup], settings: Settings = Settings(), roundingSeed: UInt64 = 0
    ) {
        precondition(
            !settings.nesterov || settings.momentum > 0, "Nesterov's method needs a momentum")
        self.settings = settings
        trained = TrainedParameters(groups, weightDecay: settings.weightDecay)
        momenta = withoutGradients { [trained] in
            settings.momentum == 0 ? [] : trained.elements.map { $0.zeros() }
        }
        rounding = UpdateRounding(trained, seed: roundingSeed)
    }

    /// What is trained, in the order of the groups.
    public var parameters: [(name: String, tensor: Tensor)] { trained.named }

    /// Moves every parameter of the range that has a gradient by one step.
    public func step(_ range: Range<Int>, learningRate: Double) {
        withoutGradients {
            for (index, element, gradient) in trained.moved(in: range) {
                rounding.update(index, gradient: gradient) { value, gradient in
                    let rate = learningRate * element.learningRateScale
                    let decay = element.weightDecay
                    let slope = decay == 0 ? gradient : gradient + value * decay
                    value.add(direction(of: slope, index), scale: -rate)
                }
            }
        }
    }

    private func direction(of slope: Tensor, _ index: Int) -> Tensor {
        if momenta.isEmpty { return slope }
        momenta[index].multiply(by: settings.momentum)
        momenta[index].add(slope)
        return settings.nesterov ? slope + momenta[index] * settings.momentum : momenta[index]
    }

    /// For each parameter `NAME.momentum`, where there is one.
    public var state: [(name: String, tensor: Tensor)] {
        zip(trained.elements, momenta).map { ("\($0.name).momentum", $1) } + rounding.state
    }
}
