internal import Torch

/// What rounding to fp32 takes from a sampler's latents, kept from call to call.
///
/// Where a schedule begins at a sigma of 4096, fp32 rounds latents by 2e-4; a second call in the same
/// step divides that by a small sigma and multiplies it by the whole way, up to 7e-2.
struct UnroundedLatents {
    private var lost: Tensor?

    /// The latents as the last call left them, in double precision.
    func exact(_ latents: Tensor, call: Int) -> Tensor {
        let wide = latents.cast(to: latents.device.widest)
        guard call > 0, let lost else { return wide }
        return wide + lost
    }

    /// The latents for the caller.
    mutating func rounded(_ latents: Tensor) -> Tensor {
        let result = latents.cast(to: .float32)
        lost = latents - result.cast(to: latents.dtype)
        return result
    }
}

extension Device {
    /// The widest type that it computes in: Apple's GPUs have no double precision.
    var widest: DType { if case .mps = self { .float32 } else { .float64 } }
}
