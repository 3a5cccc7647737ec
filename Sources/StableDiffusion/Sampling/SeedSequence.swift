/// numpy's `SeedSequence` (after O'Neill 2015, "Developing a seed_seq Alternative"): any number of
/// seeds out of one, each far from its neighbours.
package struct SeedSequence {
    private let pool: [UInt32]

    /// - Parameters:
    ///   - key: which of the many sequences of this seed.
    ///   - poolSize: how many words are mixed.
    package init(_ seed: UInt64, key: [UInt64] = [], poolSize: Int = 4) {
        var entropy = SeedSequence.words(seed)
        if !key.isEmpty, entropy.count < poolSize {
            entropy += Array(repeating: 0, count: poolSize - entropy.count)
        }
        entropy += key.flatMap(SeedSequence.words)

        var hash = Hash(constant: 0x43b0_d7e5, multiplier: 0x931e_8875)
        var pool = (0..<poolSize).map { hash($0 < entropy.count ? entropy[$0] : 0) }
        for source in pool.indices {
            for target in pool.indices where target != source {
                pool[target] = SeedSequence.mixed(pool[target], hash(pool[source]))
            }
        }
        for word in entropy.dropFirst(poolSize) {
            for target in pool.indices {
                pool[target] = SeedSequence.mixed(pool[target], hash(word))
            }
        }
        self.pool = pool
    }

    /// The first words of the sequence: numpy's `generate_state`.
    package func words(_ count: Int) -> [UInt32] {
        var hash = Hash(constant: 0x8b51_f9dd, multiplier: 0x58f3_8ded)
        return (0..<count).map { hash(pool[$0 % pool.count]) }
    }

    /// The lower half first, and the upper where there is one.
    private static func words(_ number: UInt64) -> [UInt32] {
        let low = UInt32(truncatingIfNeeded: number)
        let high = UInt32(truncatingIfNeeded: number >> 32)
        return high == 0 ? [low] : [low, high]
    }

    private static func mixed(_ one: UInt32, _ other: UInt32) -> UInt32 {
        let result = one &* 0xca01_f9dd &- other &* 0x4973_f715
        return result ^ result >> 16
    }

    private struct Hash {
        var constant: UInt32
        let multiplier: UInt32

        mutating func callAsFunction(_ word: UInt32) -> UInt32 {
            var value = word ^ constant
            constant = constant &* multiplier
            value = value &* constant
            return value ^ value >> 16
        }
    }
}
