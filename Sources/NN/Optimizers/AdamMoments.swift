import Torch

/// The moments of one parameter in float32, and how often it was moved.
struct AdamMoments {
    let first: Tensor
    let second: Tensor
    let stepCount: Tensor

    init(of parameter: TrainedParameters.Element) {
        first = parameter.zeros()
        second = parameter.zeros()
        stepCount = Tensor.zeros([], device: parameter.tensor.device)
    }

    /// `NAME.first_moment`, `NAME.second_moment` and `NAME.step`.
    func state(_ name: String) -> [(name: String, tensor: Tensor)] {
        [
            ("\(name).first_moment", first), ("\(name).second_moment", second),
            ("\(name).step", stepCount),
        ]
    }

    /// A parameter that a step moves.
    typealias Moved = (
        index: Int, element: TrainedParameters.Element, gradient: Tensor, moments: AdamMoments
    )

    /// Moves parameters of one group with LibTorch's fused kernel: the float32 ones in one call,
    /// the bfloat16 ones one by one, so that no two of them exist in float32 together.
    static func step(
        _ moved: [Moved], learningRate: Double, settings: AdamW.Settings, rounding: UpdateRounding
    ) {
        guard let group = moved.first?.element else { return }
        func move(_ moved: [Moved], values: [Tensor], gradients: [Tensor]) {
            Foreach.adamW(
                parameters: values, gradients: gradients,
                firstMoments: moved.map(\.moments.first),
                secondMoments: moved.map(\.moments.second), steps: moved.map(\.moments.stepCount),
                learningRate: learningRate * group.learningRateScale,
                betas: (settings.beta1, settings.beta2), weightDecay: group.weightDecay,
                epsilon: settings.epsilon)
        }
        let whole = moved.filter { $0.element.tensor.dtype == .float32 }
        if !whole.isEmpty {
            move(whole, values: whole.map(\.element.tensor), gradients: whole.map(\.gradient))
        }
        for one in moved where one.element.tensor.dtype != .float32 {
            rounding.update(one.index, gradient: one.gradient) { value, gradient in
                move([one], values: [value], gradients: [gradient])
            }
        }
    }
}
