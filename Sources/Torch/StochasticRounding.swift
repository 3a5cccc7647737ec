internal import CTorch

/// Rounding to bfloat16 that keeps the mean, so that steps far smaller than the distance of two
/// bfloat16 numbers still add up (Zamirai et al. 2020, arXiv 2010.06192).
public enum StochasticRounding {
    /// Overwrites `bf16` with `fp32`, each element rounded up or down at random: up with the
    /// probability of how far it lies on the way up. What bfloat16 can represent stays as it is.
    ///
    /// - Parameters:
    ///   - fp32: float32, of any shape.
    ///   - bf16: bfloat16, of the same shape.
    ///   - generator: one 16-bit number is drawn per element, on the generator's device.
    public static func round(_ fp32: Tensor, into bf16: Tensor, generator: Generator) {
        withExtendedLifetime(generator) {
            perform("round", [fp32, bf16]) {
                ct_round_stochastically(fp32.handle, bf16.handle, generator.handle)
            }
        }
    }
}
