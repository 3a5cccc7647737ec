package import Foundation

/// Damage to files, for the tests that look whether it crashes anything.
package enum Mutation {
    /// How long tests with random starts go on, by `ATTUNE_FUZZ_SECONDS`; nil: they do not run.
    package static let seconds = ProcessInfo.processInfo.environment["ATTUNE_FUZZ_SECONDS"]
        .flatMap(Double.init)

    /// Calls `body` until the seconds are over, and says how often that was.
    ///
    /// The seed is printed, and `ATTUNE_FUZZ_SEED` repeats a run.
    package static func forAsLongAsAsked(_ body: (inout Dice) throws -> Void) rethrows -> Int {
        let end = ContinuousClock.now + .seconds(seconds ?? 0)
        let asked = ProcessInfo.processInfo.environment["ATTUNE_FUZZ_SEED"].flatMap(UInt64.init)
        let seed = asked ?? .random(in: .min ... .max)
        print("ATTUNE_FUZZ_SEED=\(seed)")
        var dice = Dice(state: seed)
        var count = 0
        while ContinuousClock.now < end {
            try body(&dice)
            count += 1
        }
        return count
    }

    /// One change: a bit, a byte, numbers at the edges of their types, bytes lost, doubled, or taken
    /// from one of `files`.
    package static func apply(_ bytes: inout Data, _ files: [Data], _ dice: inout Dice) {
        guard bytes.count > 8 else { return }
        let place = Int.random(in: 0..<bytes.count, using: &dice)
        let length = min(Int.random(in: 1...64, using: &dice), bytes.count - place)
        switch Int.random(in: 0..<6, using: &dice) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &dice)
        case 1: bytes[place] = .random(in: .min ... .max, using: &dice)
        case 2:
            let edge: [UInt8] = [0x00, 0x7F, 0x80, 0xFF]
            let filler = edge[Int.random(in: 0..<4, using: &dice)]
            for offset in 0..<min(8, length) { bytes[place + offset] = filler }
        case 3: bytes.removeSubrange(place..<(place + length))
        case 4: bytes.insert(contentsOf: bytes[place..<(place + length)], at: place)
        default:
            let other = files[Int.random(in: 0..<files.count, using: &dice)]
            let start = Int.random(in: 0..<other.count, using: &dice)
            let piece = other[start..<min(other.count, start + length)]
            bytes.replaceSubrange(place..<(place + length), with: piece)
        }
    }
}
