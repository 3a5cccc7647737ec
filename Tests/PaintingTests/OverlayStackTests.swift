import Files
import Foundation
import NN
import Painting
import StableDiffusion
import TestSupport
import Testing
import Torch

/// What is laid over a pipeline, put on and taken off again.
@Suite struct OverlayStackTests {
    private static let files = [
        "locon", "dora-output", "oft", "glora", "ia3-input", "peft-bias", "norms", "full",
    ]

    /// tiny-sd1, what its networks compute, and every byte of their weights.
    private struct Bench {
        let pipeline: Pipeline
        private let fixture: SafetensorsFile

        init(_ precision: DType = .float32) throws {
            pipeline = try Pipeline(
                ModelSource(Fixture.url("models/tiny-sd1")), precision: precision)
            fixture = try Fixture.file("adapters/outputs.safetensors")
        }

        func predicted() throws -> Tensor {
            try withoutGradients {
                let dtype = pipeline.precision
                return pipeline.unet(
                    try fixture.require("sample").cast(to: dtype),
                    timesteps: try fixture.require("timesteps"),
                    context: pipeline.encode(["a red robot", "<k> in the snow"]))
            }
        }

        func bytes() -> [[UInt8]] {
            (pipeline.unet.parameters.entries + pipeline.textEncoder.parameters.entries).map {
                [UInt8]($0.tensor.rawBytes())
            }
        }

        var attachedCount: Int {
            AdaptedLayer.all(unet: pipeline.unet, textEncoder: pipeline.textEncoder)
                .reduce(0) { $0 + $1.layer.adapters.count }
        }
    }

    private func lora(_ name: String, _ strength: Double = 1) throws -> Overlay {
        try .lora(Fixture.url("adapters/\(name).safetensors"), strength: strength)
    }

    private func word(_ token: String, in folder: Folder) throws -> Overlay {
        let url = folder.url.appending(path: "word.safetensors")
        let vectors = Tensor.randn([2, 32], generator: Generator(seed: 4))
        try TextualInversionFile.write(TextualInversion(token: token, vectors: vectors), to: url)
        return try .embedding(url)
    }

    private final class Folder {
        let url = FileManager.default.temporaryDirectory
            .appending(path: "overlays-\(UUID().uuidString)")

        init() throws {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        }

        deinit { try? FileManager.default.removeItem(at: url) }
    }

    @Test(
        arguments: [OverlayStack.Placement.merged, .attached],
        [DType.float32, .float16, .bfloat16])
    func whatIsTakenOffLeavesNothingBehind(
        placement: OverlayStack.Placement, precision: DType
    ) throws {
        let folder = try Folder()
        let bench = try Bench(precision)
        let (before, bytes) = (try bench.predicted(), bench.bytes())
        var overlays = try Self.files.map { try lora($0, 0.7) }
        overlays.insert(try word("<k>", in: folder), at: 2)
        overlays.insert(
            try .hypernetwork(Fixture.url("hypernetworks/first.pt"), strength: 0.5), at: 4)
        let stack = OverlayStack(over: bench.pipeline, placement: placement)
        // Apart and together, then off in two orders, neither of them that of putting on.
        for order in [[3, 0, 9, 5, 1, 2, 8, 4, 7, 6], [9, 1, 0, 2, 4, 3, 6, 5, 8, 7]] {
            try stack.put(Array(overlays[..<3]))
            try stack.put(Array(overlays[3...]))
            #expect(Distance(try bench.predicted(), before).relative > 0.01)
            #expect(stack.overlays.map(\.name) == overlays.map(\.name))
            for index in order { stack.remove(overlays[index]) }
            #expect(bench.bytes() == bytes)
            #expect(bench.attachedCount == 0 && bench.pipeline.embeddings.isEmpty)
            #expect(try bench.predicted().rawBytes() == before.rawBytes())
        }
        try stack.put(overlays)
        stack.removeAll()
        #expect(stack.overlays.isEmpty && bench.bytes() == bytes)
    }

    /// What is left when one is taken off is what the others alone would be.
    @Test func whatIsLeftIsWhatTheOthersAre() throws {
        let (first, second) = (try Bench(), try Bench())
        let overlays = try ["locon", "dora-output", "ia3-output"].map { try lora($0) }
        let stack = OverlayStack(over: first.pipeline)
        #expect(stack.placement == .merged)
        try stack.put(overlays)
        stack.remove(overlays[0])
        let others = OverlayStack(over: second.pipeline)
        try others.put([try lora("dora-output"), try lora("ia3-output")])
        #expect(try first.predicted().rawBytes() == second.predicted().rawBytes())
    }

    @Test(
        arguments: [
            "dora-output", "dora-input", "oft", "boft", "glora", "ia3-input", "ia3-output",
        ],
        [DType.float32, .float16])
    func mergingGivesWhatLayingOverGives(name: String, precision: DType) throws {
        // In half precision the weights themselves have three digits.
        let bound = precision == .float32 ? 1e-5 : 4e-3
        let attached = try Bench(precision)
        let files = try [lora("locon", 1.5), lora(name, 0.8)]
        try OverlayStack(over: attached.pipeline, placement: .attached).put(files)
        let expected = try attached.predicted()
        for order in [files, files.reversed()] {
            let merged = try Bench(precision)
            try OverlayStack(
                over: merged.pipeline, placement: .merged, keepsOriginals: false
            ).put(order)
            let distance = Distance(try merged.predicted(), expected)
            #expect(distance.relative < bound, "\(name): \(distance)")
        }
    }

    @Test func whatDoesNotFitLeavesAllAsItWas() throws {
        let folder = try Folder()
        let url = folder.url.appending(path: "other.safetensors")
        try SafetensorsWriter.write(
            [
                ("lora_unet_mid_block_attentions_9_proj_in.lora_down.weight", .zeros([1, 8])),
                ("lora_unet_mid_block_attentions_9_proj_in.lora_up.weight", .zeros([8, 1])),
            ], to: url)
        let bench = try Bench()
        let bytes = bench.bytes()
        let stack = OverlayStack(over: bench.pipeline)
        let network = try Overlay.hypernetwork(Fixture.url("hypernetworks/first.pt"))
        #expect(throws: AdapterError.self) {
            try stack.put([network, try lora("locon"), try .lora(url)])
        }
        #expect(stack.overlays.isEmpty && bench.bytes() == bytes)
        try stack.put([network])
        #expect(throws: TextualInversionError.self) {
            try stack.put([try word("<k>", in: folder), try word("<k>", in: folder)])
        }
        #expect(stack.overlays.count == 1 && bench.pipeline.embeddings.isEmpty)
    }

    /// A word that is given by itself counts before the same word of a LoRA, which comes back when
    /// the other is taken off.
    @Test func givenWordsCountBeforeBundledOnes() throws {
        let folder = try Folder()
        let bench = try Bench()
        let layers = AdaptedLayer.all(unet: bench.pipeline.unet, textEncoder: nil)
        var configuration = AdapterConfiguration()
        configuration.rank = 1
        let set = try AdapterSet(configuration, layers: layers, generator: Generator(seed: 1))
        let url = folder.url.appending(path: "bundle.safetensors")
        try AdapterWriter.write(
            set, to: url, embeddings: [TextualInversion(token: "<k>", vectors: .full([1, 32], 2))])
        let bundle = try Overlay.lora(url)
        let given = try word("<k>", in: folder)
        #expect(bundle.words == ["<k>"] && given.words == ["<k>"])
        let stack = OverlayStack(over: bench.pipeline)
        try stack.put([bundle, given])
        #expect(bench.pipeline.embeddings.map(\.vectorCount) == [2])
        stack.remove(given)
        #expect(bench.pipeline.embeddings.map(\.vectorCount) == [1])
    }

    @Test func filesHaveTheNamesAndHashesOfWebUIs() throws {
        let folder = try Folder()
        let plain = try lora("locon", 0.5)
        #expect((plain.kind, plain.name, plain.strength) == (.lora, "locon", 0.5))
        #expect(plain.textEncoderStrength == 0.5 && plain.words.isEmpty)
        // The bytes after the header, when the file says nothing itself.
        let data = try Data(contentsOf: plain.file)
        let header = 8 + Int(data[0]) + Int(data[1]) << 8 + Int(data[2]) << 16
        #expect(
            plain.hash == SHA256.digest(of: data[header...]).hexadecimal(prefix: 12)
                && plain.hash.count == 12)
        let url = folder.url.appending(path: "said.safetensors")
        let hash = String(repeating: "0123456789abcdef", count: 4)
        try SafetensorsWriter.write(
            [
                ("lora_unet_mid_block_attentions_0_proj_in.lora_down.weight", .zeros([1, 24])),
                ("lora_unet_mid_block_attentions_0_proj_in.lora_up.weight", .zeros([24, 1])),
            ], to: url, metadata: ["sshs_model_hash": hash])
        #expect(try Overlay.lora(url).hash == "0123456789ab")
        let embedding = try word("<k>", in: folder)
        #expect((embedding.kind, embedding.name) == (.embedding, "word"))
        #expect(
            embedding.hash
                == (try SHA256.digest(ofFile: embedding.file).hexadecimal(prefix: 12)))
        let network = try Overlay.hypernetwork(
            Fixture.url("hypernetworks/first.pt"), strength: 2)
        #expect((network.kind, network.name, network.strength) == (.hypernetwork, "first", 2))
        #expect(
            network.hash == (try SHA256.digest(ofFile: network.file).hexadecimal(prefix: 10)))
    }
}
