/// A small deterministic generator: the same seed gives the same numbers on every machine.
///
/// Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators" (2014).
public struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Starts the stream that belongs to `seed`.
    public init(seed: UInt64) {
        state = seed
    }

    /// Starts a stream of its own for one `index` under one `seed`.
    public init(seed: UInt64, index: UInt64) {
        var outer = SplitMix64(seed: seed)
        var inner = SplitMix64(seed: index ^ 0xA076_1D64_78BD_642F)
        state = outer.next() ^ inner.next()
    }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    /// A number in `0..<1`.
    mutating func unit() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// A number in `low..<high`.
    mutating func range(_ low: Double, _ high: Double) -> Double {
        low + (high - low) * unit()
    }

    /// A whole number in `0..<bound`.
    mutating func below(_ bound: Int) -> Int {
        Swift.min(bound - 1, Int(unit() * Double(bound)))
    }

    /// True with the given probability.
    mutating func chance(_ probability: Double) -> Bool {
        unit() < probability
    }

    /// Plus or minus one.
    mutating func sign() -> Double {
        chance(0.5) ? 1 : -1
    }

    /// One of `items`, all equally likely.
    mutating func pick<Item>(_ items: [Item]) -> Item {
        items[below(items.count)]
    }

    /// One of `items`, as likely as its weight.
    mutating func pick<Item>(weighted items: [(Item, Double)]) -> Item {
        var rest = unit() * items.reduce(0) { $0 + $1.1 }
        for (item, weight) in items {
            rest -= weight
            if rest < 0 { return item }
        }
        return items[items.count - 1].0
    }
}
