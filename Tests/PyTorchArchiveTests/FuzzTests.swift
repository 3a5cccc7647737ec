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

    @Test(.enabled(if: Mutation.seconds != nil, "only `make fuzz` sets ATTUNE_FUZZ_SECONDS"))
    func forAsLongAsAsked() throws {
        let files = try Self.corpus.map { try Data(contentsOf: Fixture.url("archive/\($0)")) }
        let scratch = try Scratch()
        let count = try Mutation.forAsLongAsAsked { dice in
            var bytes = files[Int.random(in: 0..<files.count, using: &dice)]
            for _ in 0..<Int.random(in: 1...8, using: &dice) {
                Mutation.apply(&bytes, files, &dice)
            }
            try exhaust(bytes, at: scratch.url, skippingUnknownObjects: .random(using: &dice))
        }
        print("\(count) damaged files of PyTorch were read or refused")
    }
}
