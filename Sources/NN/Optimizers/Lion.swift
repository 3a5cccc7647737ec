public import Torch

/// Steps of the same size for every weight, in the direction of a momentum's sign (Chen et al.
/// 2023, arXiv 2302.06675, program 1). It wants a learning rate 3 to 10 times below AdamW's.
public final class Lion: Optimizer {
    /// The settings that stay the same from step to step.
    public struct Settings: Codable, Sendable, Equatable {
        /// How much of the momentum is in the direction of a step, in [0, 1).
        public var beta1 = 0.9
        /// The decay of the momentum, in [0, 1).
        public var beta2 = 0.99
        /// What a step takes off a weight, times the learning rate.
        public var weightDecay = 0.0

        /// The paper's betas, without decay.
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
        self.settings = settings
        trained = TrainedParameters(groups, weightDecay: settings.weightDecay)
        momenta = withoutGradients { [trained] in trained.elements.map { $0.zeros() } }
        rounding = UpdateRounding(trained, seed: roundingSeed)
    }

    /// What is trained, in the order of the groups.
    public var parameters: [(name: String, tensor: Tensor)] { trained.named }

    /// Moves every parameter of the range that has a gradient by one step.
    public func step(_ range: Range<Int>, learningRate: Double) {
        withoutGradients {
            for (index, element, gradient) in trained.moved(in: range) {
                let rate = learningRate * element.learningRateScale
                let momentum = momenta[index]
                rounding.update(index, gradient: gradient) { value, gradient in
                    if element.weightDecay != 0 {
                        value.multiply(by: 1 - rate * element.weightDecay)
                    }
                    let direction = momentum * settings.beta1
                    direction.add(gradient, scale: 1 - settings.beta1)
                    value.add(direction.sign(), scale: -rate)
                    momentum.multiply(by: settings.beta2)
                    momentum.add(gradient, scale: 1 - settings.beta2)
                }
            }
        }
    }

    /// For each parameter `NAME.momentum`.
    public var state: [(name: String, tensor: Tensor)] {
        zip(trained.elements, momenta).map { ("\($0.name).momentum", $1) } + rounding.state
    }
}
