import Torch

/// Which picture an example is: all pictures once in random order, then again in another order.
///
/// The order is a function of seed and position and has no state, so that a resumed run finds
/// its place without going through what came before.
public struct ExampleOrder {
    /// Decides the order.
    public let seed: UInt64
    /// Pictures in an epoch.
    public let count: Int
    private var epoch = -1
    private var order: [Int] = []

    /// The order of a run.
    public init(seed: UInt64, count: Int) {
        precondition(count > 0, "an epoch without pictures")
        self.seed = seed
        self.count = count
    }

    /// The picture at a position of the run, in `0..<count`.
    public mutating func index(at position: Int) -> Int {
        if position / count != epoch {
            epoch = position / count
            let generator = Generator(seed: Seeds.derived(from: seed, .order, UInt64(epoch)))
            order = Tensor.randperm(count, generator: generator).integers()
        }
        return order[position % count]
    }
}

/// Seeds for things that must not depend on how often others draw.
enum Seeds {
    enum Purpose: UInt64 {
        case order = 1
        case crop = 2
        case adapters = 3
        case vectors = 4
        case measure = 5
    }

    /// SplitMix64's mixing (Steele et al. 2014) over the parts.
    static func derived(from seed: UInt64, _ purpose: Purpose, _ index: UInt64) -> UInt64 {
        var state = seed
        for part in [purpose.rawValue, index] {
            state = state &+ 0x9E37_79B9_7F4A_7C15 &* (part &+ 1)
            state = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
            state = (state ^ (state >> 27)) &* 0x94D0_49BB_1331_11EB
            state ^= state >> 31
        }
        return state
    }
}
