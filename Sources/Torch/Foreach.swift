internal import CTorch

/// Operations over whole lists of tensors, each one call into LibTorch.
public enum Foreach {
    /// One AdamW step with LibTorch's fused kernel (Loshchilov and Hutter 2019, algorithm 2), in
    /// place; `steps` are float32 scalars that count the steps and are advanced here.
    public static func adamW(
        parameters: [Tensor], gradients: [Tensor], firstMoments: [Tensor],
        secondMoments: [Tensor], steps: [Tensor], learningRate: Double, betas: (Double, Double),
        weightDecay: Double, epsilon: Double
    ) {
        perform("adamW", parameters + gradients + firstMoments + secondMoments + steps) {
            ct_fused_adamw(
                parameters.map(\.handle), gradients.map(\.handle), firstMoments.map(\.handle),
                secondMoments.map(\.handle), steps.map(\.handle), parameters.count,
                learningRate, betas.0, betas.1, weightDecay, epsilon)
        }
    }

    /// The Euclidean norm of all elements of all tensors together.
    public static func totalNorm(_ tensors: [Tensor]) -> Tensor {
        let handles = tensors.map(\.handle)
        return produce("totalNorm", tensors) { ct_total_norm(handles, handles.count, $0) }
    }

    /// Multiplies every tensor in place by one number, itself a tensor.
    public static func scale(_ tensors: [Tensor], by factor: Tensor) {
        let handles = tensors.map(\.handle)
        perform("scale", tensors + [factor]) {
            ct_scale_all(handles, handles.count, factor.handle)
        }
    }

    /// Moves every average in place towards its tensor: `a += weight * (t - a)`.
    public static func interpolate(_ averages: [Tensor], towards tensors: [Tensor], weight: Double)
    {
        perform("interpolate", averages + tensors) {
            ct_lerp_all(averages.map(\.handle), tensors.map(\.handle), averages.count, weight)
        }
    }
}
