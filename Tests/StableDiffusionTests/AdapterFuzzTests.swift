import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

/// Files of parameters that are put together by chance: they are refused or read, and never trap.
@Suite final class AdapterFuzzTests {
    private let folder = FileManager.default.temporaryDirectory
        .appending(path: "adapter-fuzz-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Knuth's generator (MMIX): the same numbers everywhere.
    private struct Chance: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 32) | (state << 32)
        }
    }

    /// Parameters that belong together, with the shapes that fit the middle block's `attn2.to_k`,
    /// `[24, 32]`, or its `conv1`, `[24, 24, 3, 3]`.
    private static let kinds: [[(name: String, shape: [Int])]] = [
        [("lora_down.weight", [2, 32]), ("lora_up.weight", [24, 2]), ("alpha", [])],
        [
            ("lora_down.weight", [2, 24, 1, 1]), ("lora_up.weight", [24, 2, 1, 1]),
            ("lora_mid.weight", [2, 2, 3, 3]),
        ],
        [
            ("hada_w1_a", [24, 2]), ("hada_w1_b", [2, 32]), ("hada_w2_a", [24, 2]),
            ("hada_w2_b", [2, 32]),
        ],
        [
            ("hada_w1_a", [2, 24]), ("hada_w1_b", [2, 24]), ("hada_t1", [2, 2, 3, 3]),
            ("hada_w2_a", [2, 24]), ("hada_w2_b", [2, 24]), ("hada_t2", [2, 2, 3, 3]),
        ],
        [("lokr_w1", [4, 4]), ("lokr_w2", [6, 8])],
        [("lokr_w1", [4, 4]), ("lokr_w2_a", [6, 2]), ("lokr_w2_b", [2, 8])],
        [
            ("lokr_w1_a", [4, 2]), ("lokr_w1_b", [2, 4]), ("lokr_t2", [2, 2, 3, 3]),
            ("lokr_w2_a", [2, 6]), ("lokr_w2_b", [2, 6]),
        ],
        [("oft_blocks", [6, 4, 4]), ("rescale", [24, 1]), ("alpha", [])],
        [("oft_blocks", [2, 6, 4, 4]), ("rescale", [24, 1])],
        [("weight", [32]), ("on_input", [])],
        [
            ("a1.weight", [32, 2]), ("a2.weight", [2, 32]), ("b1.weight", [24, 2]),
            ("b2.weight", [2, 32]),
        ],
        [("diff", [24, 32]), ("diff_b", [24])],
        [("w_norm", [24]), ("b_norm", [24])],
    ]

    private static let layers = [
        "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k",
        "lora_unet_mid_block_resnets_0_conv1", "lora_unet_mid_block_resnets_0_norm1",
    ]

    /// One change in a list of parameters: a size, an axis more or less, a part more or less.
    private func changed(
        _ parts: [(name: String, shape: [Int])], _ chance: inout Chance
    ) -> [(name: String, shape: [Int])] {
        var parts = parts
        let index = Int.random(in: 0..<parts.count, using: &chance)
        let sizes = [0, 1, 2, 3, 4, 6, 8, 9, 24, 32]
        switch Int.random(in: 0..<6, using: &chance) {
        case 0 where !parts[index].shape.isEmpty:
            let axis = Int.random(in: 0..<parts[index].shape.count, using: &chance)
            parts[index].shape[axis] = sizes.randomElement(using: &chance) ?? 1
        case 1:
            let axis = Int.random(in: 0...parts[index].shape.count, using: &chance)
            parts[index].shape.insert(sizes.randomElement(using: &chance) ?? 1, at: axis)
        case 2 where !parts[index].shape.isEmpty: parts[index].shape.removeLast()
        case 3 where parts.count > 1: parts.remove(at: index)
        case 4: parts[index].shape.reverse()
        default:
            let other = Self.kinds.randomElement(using: &chance)?.randomElement(using: &chance)
            let magnitude = (name: "dora_scale", shape: [[24, 1], [1, 32], [24]][index % 3])
            let part = Bool.random(using: &chance) ? magnitude : other ?? magnitude
            if !parts.contains(where: { $0.name == part.name }) { parts.append(part) }
        }
        return parts
    }

    @Test func filesByChanceNeverTrap() throws {
        var chance = Chance(state: 7)
        let layers = try ModelSource(Fixture.url("models/tiny-sd1")).layers()
        let url = folder.appending(path: "file.safetensors")
        var (readCount, refusedCount) = (0, 0)
        for round in 0..<1500 {
            var parts = Self.kinds[round % Self.kinds.count]
            for _ in 0..<Int.random(in: 0...3, using: &chance) { parts = changed(parts, &chance) }
            let layer = Self.layers.randomElement(using: &chance) ?? ""
            let entries = parts.map { name, shape in
                ("\(layer).\(name)", UncheckedSafetensors.Entry(Tensor.full(shape, 0.5)))
            }
            try UncheckedSafetensors.write(Dictionary(entries) { first, _ in first }, to: url)
            _ = try? FileDescription(url)
            do {
                let set = try AdapterFile(url).adapters(for: layers, model: "tiny-sd1")
                withoutGradients {
                    for entry in set.entries {
                        let weight = entry.place.layer.weight
                        #expect(entry.adapter.weightDifference(weight).shape == weight.shape)
                    }
                }
                readCount += 1
            } catch {
                #expect("\(error)".contains(url.path), "\(error)")
                refusedCount += 1
            }
        }
        #expect(readCount > 100 && refusedCount > 100)
    }
}
