internal import CTorch

/// A source of random numbers: PyTorch's own, so that one seed gives the numbers that
/// `torch.Generator(device).manual_seed(seed)` gives.
public final class Generator {
    let handle: ct_generator
    /// Where numbers are drawn; other devices give other numbers.
    public let device: Device

    /// A generator that begins at this seed, as after `manual_seed(seed)`.
    public init(seed: UInt64, device: Device = .cpu) {
        var out = ct_generator(impl: nil)
        trapOnFailure(ct_generator_create(device.code, seed, &out), "Generator", [])
        handle = out
        self.device = device
    }

    deinit { ct_generator_release(handle) }

    /// Begins anew, as a generator of this seed.
    public func reseed(_ seed: UInt64) {
        withExtendedLifetime(self) {
            trapOnFailure(ct_generator_seed(handle, seed), "reseed", [])
        }
    }

    /// All that decides the numbers to come, as a uint8 vector.
    public var state: Tensor {
        get {
            withExtendedLifetime(self) { produce("state", []) { ct_generator_state(handle, $0) } }
        }
        set {
            withExtendedLifetime(self) {
                perform("state", [newValue]) { ct_generator_set_state(handle, newValue.handle) }
            }
        }
    }
}

extension Tensor {
    /// Standard normal numbers, drawn on the generator's device and moved to `device`.
    public static func randn(
        _ shape: [Int], generator: Generator, dtype: DType = .float32, device: Device? = nil
    ) -> Tensor {
        random(CT_NORMAL, shape, generator, dtype, device)
    }

    /// Numbers in [0, 1).
    public static func rand(
        _ shape: [Int], generator: Generator, dtype: DType = .float32, device: Device? = nil
    ) -> Tensor {
        random(CT_UNIFORM, shape, generator, dtype, device)
    }

    private static func random(
        _ distribution: ct_distribution, _ shape: [Int], _ generator: Generator, _ dtype: DType,
        _ device: Device?
    ) -> Tensor {
        withExtendedLifetime(generator) {
            produce("random", []) {
                ct_random(
                    distribution, shape.wide, shape.count, generator.handle, dtype.code,
                    (device ?? generator.device).code, $0)
            }
        }
    }

    /// Whole numbers in `range`, as int64.
    public static func randint(
        _ range: Range<Int>, _ shape: [Int], generator: Generator, device: Device? = nil
    ) -> Tensor {
        withExtendedLifetime(generator) {
            produce("randint", []) {
                ct_random_integers(
                    Int64(range.lowerBound), Int64(range.upperBound), shape.wide, shape.count,
                    generator.handle, (device ?? generator.device).code, $0)
            }
        }
    }

    /// The numbers below `count` in random order, as int64.
    public static func randperm(_ count: Int, generator: Generator) -> Tensor {
        withExtendedLifetime(generator) {
            produce("randperm", []) { ct_random_permutation(Int64(count), generator.handle, $0) }
        }
    }
}
