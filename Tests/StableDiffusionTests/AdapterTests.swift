import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

/// LoRA and its relatives against PEFT and LyCORIS.
@Suite struct AdapterTests {
    static let files = [
        "peft-lora", "peft-rslora", "peft-dora", "locon", "locon-tucker", "loha", "loha-tucker",
        "lokr", "lokr-whole", "dora-input", "dora-output",
    ]

    /// tiny-sd1 and the inputs of the fixtures.
    private struct Bench {
        let fixture: SafetensorsFile
        let unet: UNet
        let text: TextEncoder

        init() throws {
            fixture = try Fixture.file("adapters/outputs.safetensors")
            let source = try ModelSource(Fixture.url("models/tiny-sd1"))
            unet = try source.unet()
            text = try source.textEncoder()
        }

        var layers: [AdaptedLayer] { AdaptedLayer.all(unet: unet, textEncoder: text) }

        func predicted() throws -> Tensor {
            unet(
                try fixture.require("sample"), timesteps: try fixture.require("timesteps"),
                context: try fixture.require("context"))
        }

        func encoded() throws -> Tensor { text(try fixture.require("ids")) }

        func expect(_ name: String) throws {
            try withoutGradients {
                let unet = Distance(try predicted(), try fixture.require("\(name).unet"))
                #expect(unet.isWithin(absolute: 1e-4, relative: 1e-4), "\(name): \(unet)")
                let text = Distance(try encoded(), try fixture.require("\(name).text"))
                #expect(text.isWithin(absolute: 1e-4, relative: 1e-4), "\(name): \(text)")
            }
        }

        func read(_ name: String) throws -> AdapterSet {
            try AdapterFile(Fixture.url("adapters/\(name).safetensors"))
                .adapters(for: layers, model: "tiny-sd1")
        }
    }

    @Test(arguments: files) func filesOfOthersDoWhatTheyDoThere(name: String) throws {
        let bench = try Bench()
        let set = try bench.read(name)
        let before = try withoutGradients { try bench.predicted() }
        set.attach()
        try bench.expect(name)
        set.detach()
        let after = try withoutGradients { try bench.predicted() }
        #expect(Distance(after, before).absolute == 0)
        set.merge()
        try bench.expect(name)
    }

    @Test(arguments: ["peft-lora", "peft-rslora", "peft-dora"])
    func gradientsMatchPEFT(name: String) throws {
        let bench = try Bench()
        let set = try bench.read(name)
        set.attach()
        for parameter in set.parameters { parameter.tensor.requiresGradient = true }
        let loss =
            try bench.predicted().squared().mean() + (try bench.encoded()).squared().mean()
        loss.backward()
        let tensors = Dictionary(uniqueKeysWithValues: set.parameters.map { ($0.name, $0.tensor) })
        let keys = bench.fixture.keys.filter { $0.hasPrefix("\(name).gradient.") }
        #expect(keys.count >= 16)
        for key in keys {
            let tensor = try #require(tensors[String(key.dropFirst("\(name).gradient.".count))])
            let expected = try bench.fixture.require(key)
            let found = try #require(tensor.gradient).reshaped(expected.shape)
            let distance = Distance(found, expected)
            #expect(distance.isWithin(absolute: 1e-5, relative: 1e-3), "\(key): \(distance)")
        }
    }

    private static func configurations() -> [AdapterConfiguration] {
        AdapterConfiguration.Kind.allCases.flatMap { kind in
            [false, true].map { usesMagnitudes in
                var configuration = AdapterConfiguration()
                configuration.kind = kind
                configuration.rank = 3
                configuration.preset = .all
                configuration.usesMagnitudes = usesMagnitudes
                return configuration
            }
        }
    }

    @Test(arguments: configurations())
    func newAdaptersChangeNothing(configuration: AdapterConfiguration) throws {
        let bench = try Bench()
        let before = try withoutGradients { try bench.predicted() }
        let set = try AdapterSet(
            configuration, layers: bench.layers, generator: Generator(seed: 1))
        #expect(set.entries.count > 100)
        set.attach()
        let after = try withoutGradients { try bench.predicted() }
        // DoRA divides norms by themselves.
        let bound = configuration.usesMagnitudes ? 1e-4 : 0
        #expect(Distance(after, before).absolute <= bound)
    }

    /// What is written is read again as the same change, and says so in both spellings.
    @Test(arguments: configurations())
    func writtenFilesAreReadAgain(configuration: AdapterConfiguration) throws {
        let folder = try TemporaryFolder()
        let bench = try Bench()
        let set = try AdapterSet(
            configuration, layers: bench.layers, generator: Generator(seed: 2))
        let generator = Generator(seed: 3)
        withoutGradients {
            for (_, tensor) in set.parameters {
                tensor.add(Tensor.randn(tensor.shape, generator: generator), scale: 0.1)
            }
        }
        set.attach()
        let wanted = try withoutGradients { try bench.predicted() }
        set.detach()
        for format in AdapterWriter.Format.allCases {
            let url = folder.url.appending(path: "\(format).safetensors")
            if format == .peft, configuration.kind != .lora {
                #expect(throws: AdapterError.self) {
                    try AdapterWriter.write(set, to: url, format: format, dtype: .float32)
                }
                #expect(!FileManager.default.fileExists(atPath: url.path))
                continue
            }
            try AdapterWriter.write(set, to: url, format: format, dtype: .float32)
            let file = try AdapterFile(url)
            #expect(file.ranks.first == 3 || configuration.kind == .lokr)
            let again = try file.adapters(for: bench.layers, model: "tiny-sd1")
            #expect(again.entries.count == set.entries.count)
            again.attach()
            let distance = Distance(try withoutGradients { try bench.predicted() }, wanted)
            #expect(distance.isWithin(absolute: 1e-5, relative: 1e-5), "\(format): \(distance)")
            again.detach()
        }
    }

    @Test func strengthCountsLinearly() throws {
        let bench = try Bench()
        let set = try bench.read("locon")
        set.attach()
        set.setStrength(unet: 0, textEncoder: 0)
        let none = try withoutGradients { try bench.encoded() }
        set.detach()
        #expect(Distance(none, try withoutGradients { try bench.encoded() }).absolute == 0)
    }

    @Test func foreignFilesAreRefusedByName() throws {
        let source = try ModelSource(Fixture.url("models/tiny-sd2"))
        let layers = AdaptedLayer.all(unet: try source.unet(), textEncoder: nil)
        let file = try AdapterFile(Fixture.url("adapters/locon.safetensors"))
        do {
            _ = try file.adapters(for: layers, model: "tiny-sd2")
            Issue.record("a LoRA of another model was accepted")
        } catch {
            let text = "\(error)"
            #expect(text.contains("locon.safetensors") && text.contains("tiny-sd2"))
            #expect(text.contains("does not fit"))
        }
        #expect(throws: AdapterError.self) {
            _ = try AdapterFile(Fixture.url("adapters/outputs.safetensors"))
        }
    }

    @Test func ranksAndPatternsAreChecked() throws {
        let bench = try Bench()
        var configuration = AdapterConfiguration()
        configuration.rank = 4096
        do {
            _ = try AdapterSet(
                configuration, layers: bench.layers, generator: Generator(seed: 1))
            Issue.record("a rank above the width was accepted")
        } catch {
            #expect("\(error)".contains("rank 4096 is more than"))
        }
        configuration.rank = 2
        configuration.pattern = "nowhere"
        #expect(throws: AdapterError.self) {
            _ = try AdapterSet(
                configuration, layers: bench.layers, generator: Generator(seed: 1))
        }
        configuration.pattern = #"attn2\.to_[kv]$"#
        let set = try AdapterSet(
            configuration, layers: bench.layers, generator: Generator(seed: 1))
        #expect(set.entries.allSatisfy { $0.place.name.contains("attn2.to_") })
    }
}
