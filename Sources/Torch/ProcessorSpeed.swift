extension Compute {
    /// How fast this processor convolves in bf16, as a multiple of fp32: about 2 where it
    /// multiplies bf16 by itself, a tenth where it cannot. Measured once in a process, in a few
    /// hundredths of a second: instruction flags do not tell.
    public static let bfloat16Speed: Double = {
        seconds(.float32) / max(seconds(.bfloat16), 1e-9)
    }()

    /// Below this the difference is no accident of the measurement.
    private static let slow = 0.5

    /// Whether bf16 costs more time than it saves memory here.
    public static var hasSlowBFloat16: Bool { bfloat16Speed < slow }

    private static func seconds(_ dtype: DType) -> Double {
        withoutGradients {
            let input = Tensor.full([1, 64, 32, 32], 0.5, dtype: dtype)
            let weight = Tensor.full([64, 64, 3, 3], 0.01, dtype: dtype)
            // The first one compiles.
            return (0..<4).map { _ in
                let start = ContinuousClock.now
                _ = input.conv2d(weight: weight, bias: nil, padding: 1)
                return (ContinuousClock.now - start) / .seconds(1)
            }.dropFirst().min() ?? 0
        }
    }
}
