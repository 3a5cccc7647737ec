import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

/// Values that are not finite, and shapes that hold nothing, in what is laid over a model.
@Suite final class NotFiniteAdapterTests {
    private let folder = FileManager.default.temporaryDirectory
        .appending(path: "not-finite-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func layers() throws -> [AdaptedLayer] {
        let source = try ModelSource(Fixture.url("models/tiny-sd1"))
        return AdaptedLayer.all(unet: try source.unet(), textEncoder: nil)
    }

    private static let layer = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k"

    private func written(_ tensors: [(name: String, shape: [Int], value: Float)]) throws -> URL {
        let entries = tensors.map { name, shape, value in
            var values = [Float](repeating: 0.5, count: shape.reduce(1, *))
            if !values.isEmpty { values[values.count - 1] = value }
            return (name, UncheckedSafetensors.Entry(Tensor(values, shape: shape)))
        }
        let url = folder.appending(path: "file.safetensors")
        try UncheckedSafetensors.write(
            Dictionary(uniqueKeysWithValues: entries), to: url, metadata: [:])
        return url
    }

    private func lora(
        _ rank: Int = 2, down: Float = 0.5, up: Float = 0.5, alpha: Float = 2
    ) throws -> URL {
        try written([
            ("\(Self.layer).lora_down.weight", [rank, 32], down),
            ("\(Self.layer).lora_up.weight", [24, rank], up), ("\(Self.layer).alpha", [], alpha),
        ])
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func valuesThatAreNotFiniteAreNamed(value: Float) throws {
        let layers = try layers()
        _ = try AdapterFile(try lora()).adapters(for: layers, model: "tiny-sd1")
        for key in ["lora_down.weight", "lora_up.weight", "alpha"] {
            let url = try lora(
                down: key == "lora_down.weight" ? value : 1,
                up: key == "lora_up.weight" ? value : 1, alpha: key == "alpha" ? value : 1)
            let error = #expect(throws: CheckpointError.self) {
                _ = try AdapterFile(url).adapters(for: layers, model: "tiny-sd1")
            }
            let text = error?.description ?? ""
            #expect(text.contains(url.path) && text.contains("\(Self.layer).\(key)"), "\(text)")
            let damage = try FileDescription(url).facts.first { $0.label == "Damaged" }
            #expect(damage?.value.contains("\(Self.layer).\(key)") == true)
        }
    }

    @Test func aRankOfZeroIsNamed() throws {
        let layers = try layers()
        let url = try lora(0)
        let error = #expect(throws: AdapterError.self) {
            _ = try AdapterFile(url).adapters(for: layers, model: "tiny-sd1")
        }
        let text = error?.description ?? ""
        #expect(text.contains(url.path) && text.contains("[0, 32]"), "\(text)")
        #expect(try FileDescription(url).facts.contains { $0.label == "Rank" && $0.value == "0" })
    }

    @Test func upMatricesWithAnAreaAreRefused() throws {
        let url = try written([
            ("\(Self.layer).lora_down.weight", [2, 32], 1),
            ("\(Self.layer).lora_up.weight", [24, 2, 3, 3], 1),
        ])
        let layers = try layers()
        #expect(throws: AdapterError.self) {
            _ = try AdapterFile(url).adapters(for: layers, model: "tiny-sd1")
        }
    }

    /// Finite factors whose product is not, and finite values of any size.
    @Test func changesThatAreNotFiniteAreNoLoRA() throws {
        let layers = try layers()
        let set = try AdapterFile(try lora(down: 1e38, up: 1e38))
            .adapters(for: layers, model: "tiny-sd1")
        for attempt in [
            { try set.resized(rank: 1) }, { try AdapterSet.sum([set, set], rank: 2) },
        ] {
            let error = #expect(throws: AdapterError.self) { _ = try attempt() }
            #expect(error?.description.contains("attn2.to_k") == true)
        }
        for value: Float in [1e-30, 3e38] {
            let large = try AdapterFile(try lora(up: value))
                .adapters(for: layers, model: "tiny-sd1")
            #expect(try large.resized(rank: 1).entries.count == 1)
        }
    }

    @Test func modelsThatAreNotFiniteAreNotTheSame() throws {
        for (isBase, name) in [(true, "the base model"), (false, "the tuned model")] {
            let (base, tuned) = (try layers(), try layers())
            let place = try #require(
                (isBase ? base : tuned).first { $0.name.hasSuffix("attn2.to_k") })
            withoutGradients {
                place.layer.weight.copy(from: Tensor.full(place.layer.weight.shape, .nan))
            }
            let error = #expect(throws: AdapterError.self) {
                _ = try AdapterSet.extracting(from: base, to: tuned, rank: 2) { _ in true }
            }
            let text = error?.description ?? ""
            #expect(text.contains(name) && text.contains("attn2.to_k"), "\(text)")
        }
    }

    @Test func inspectingDamagedEmbeddingsSaysSo() throws {
        let url = try written([("<robot>", [2, 32], .nan)])
        let facts = try FileDescription(url).facts
        #expect(facts.contains { $0.label == "Damaged" && $0.value.contains("<robot>") })
        #expect(throws: TextualInversionError.self) { try TextualInversionFile(url) }
    }
}
