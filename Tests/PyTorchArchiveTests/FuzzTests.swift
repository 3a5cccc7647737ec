import Foundation
import PyTorchArchive
import TestSupport
import Testing

/// Damaged files give an error or values, never a crash.
///
/// Every fixture is the start of mutations that are the same in every run. With
/// `ATTUNE_FUZZ_SECONDS` set they go on for that long from other starts each time; the seed is
/// printed, and `ATTUNE_FUZZ_SEED` repeats a run. The file that is being read is kept under its
/// name in the temporary folder when the process ends in it.
@Suite struct FuzzTests {
    private static let corpus = [
        "dtypes.pt", "dtypes.legacy.pt", "views.protocol4.pt", "nested.pt", "nested.protocol4.pt",
        "nested.legacy.pt", "nested.legacy4.pt", "embedding.pt", "hypernetwork.pt",
        "lightning.ckpt",
    ]
    private static let seconds = ProcessInfo.processInfo.environment["ATTUNE_FUZZ_SECONDS"]
        .flatMap(Double.init)

    /// One byte changed in each; zips mostly in the pickle, where most can happen.
    @Test(arguments: corpus)
    func singleBytes(name: String) throws {
        let whole = try Data(contentsOf: Fixture.url("archive/\(name)"))
        let scratch = try Scratch()
        var dice = Dice(state: 1)
        var opened = 0
        for turn in 0..<2_000 {
            var bytes = whole
            let limit = turn.isMultiple(of: 2) ? whole.count : min(whole.count, 1_200)
            bytes[Int.random(in: 0..<limit, using: &dice)] = .random(
                in: .min ... .max, using: &dice)
            opened +=
                try exhaust(bytes, at: scratch.url, skippingUnknownObjects: turn % 3 == 0)
                ? 1 : 0
        }
        // Bytes of numbers and padding may be anything; those of structure may not.
        #expect(opened > 0 && opened < 2_000)
    }

    @Test(.enabled(if: seconds != nil)) func forAsLongAsAsked() throws {
        let end = ContinuousClock.now + .seconds(Self.seconds ?? 0)
        let asked = ProcessInfo.processInfo.environment["ATTUNE_FUZZ_SEED"].flatMap(UInt64.init)
        let seed = asked ?? .random(in: .min ... .max)
        print("ATTUNE_FUZZ_SEED=\(seed)")
        var dice = Dice(state: seed)
        let files = try Self.corpus.map { try Data(contentsOf: Fixture.url("archive/\($0)")) }
        let scratch = try Scratch()
        var count = 0
        while ContinuousClock.now < end {
            var bytes = files[Int.random(in: 0..<files.count, using: &dice)]
            for _ in 0..<Int.random(in: 1...8, using: &dice) {
                Self.mutate(&bytes, files, &dice)
            }
            try exhaust(bytes, at: scratch.url, skippingUnknownObjects: .random(using: &dice))
            count += 1
        }
        print("\(count) damaged files of PyTorch were read or refused")
    }

    private static func mutate(_ bytes: inout Data, _ files: [Data], _ dice: inout Dice) {
        guard bytes.count > 8 else { return }
        let place = Int.random(in: 0..<bytes.count, using: &dice)
        let length = min(Int.random(in: 1...64, using: &dice), bytes.count - place)
        switch Int.random(in: 0..<6, using: &dice) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &dice)
        case 1: bytes[place] = .random(in: .min ... .max, using: &dice)
        case 2:
            // Numbers at the edges of their types.
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
