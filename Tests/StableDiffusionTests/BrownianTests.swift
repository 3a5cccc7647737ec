import Foundation
import TestSupport
import Testing
import Torch

import StableDiffusion

/// Brownian paths and their seeds, against torchsde and numpy.
@Suite struct BrownianTests {
    private struct Table: Decodable {
        struct Increment: Decodable {
            let name: String
            let seed: String
            let range: [Double]
            let times: [Double]
        }
        struct Sequence: Decodable {
            let seed: String
            let spawn_key: [UInt64]
            let pool_size: Int
            let words: [UInt32]
        }
        let increments: [Increment]
        let sequences: [Sequence]
    }

    private func table() throws -> Table {
        try JSONDecoder().decode(
            Table.self, from: Data(contentsOf: Fixture.url("samplers/brownian.json")))
    }

    @Test func seedsAreNumpys() throws {
        for entry in try table().sequences {
            let sequence = SeedSequence(
                try #require(UInt64(entry.seed)), key: entry.spawn_key, poolSize: entry.pool_size)
            #expect(sequence.words(entry.words.count) == entry.words)
        }
    }

    /// Bit for bit: where two times are rounded differently, a path is somewhere else.
    @Test func incrementsAreTorchsdes() throws {
        let fixture = try Fixture.file("samplers/brownian.safetensors")
        for entry in try table().increments {
            let tree = BrownianTree(
                seed: try #require(UInt64(entry.seed)), shape: [1, 4, 4, 4],
                over: entry.range[0]...entry.range[1])
            let found = tree.increment(entry.times[0], entry.times[1])
            let reference = try fixture.require(entry.name).reshaped(1, 4, 4, 4)
            let error = (found - reference).abs().maximum().item()
            #expect(error <= 1e-6 * max(1, reference.abs().maximum().item()), "\(entry)")
        }
    }

    @Test func partsOfAPathAddUp() {
        let tree = BrownianTree(seed: 3, shape: [1, 4, 4, 4], over: 0.03...14.6)
        let sum = tree.increment(0.5, 2) + tree.increment(2, 7.25)
        #expect((sum - tree.increment(0.5, 7.25)).abs().maximum().item() < 1e-5)
        #expect(tree.increment(2, 2).abs().maximum().item() == 0)
        // Beyond its ends there is nothing.
        #expect((tree.increment(0, 100) - tree.increment(0.03, 14.6)).abs().maximum().item() == 0)
    }
}
