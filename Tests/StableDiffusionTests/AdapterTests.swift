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
        "lokr", "lokr-whole", "dora-input", "dora-output", "oft", "oft-constrained", "boft",
        "ia3-input", "ia3-output", "glora", "full", "norms", "peft-bias",
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

    /// kohya's own OFT, of which the U-Net is the same as LyCORIS' with the same constraint.
    @Test func kohyaRotationsDoTheSame() throws {
        let bench = try Bench()
        let set = try bench.read("oft-kohya")
        #expect(set.entries.allSatisfy { $0.place.network == .unet })
        set.attach()
        let expected = try bench.fixture.require("oft-constrained.unet")
        let distance = Distance(try withoutGradients { try bench.predicted() }, expected)
        #expect(distance.isWithin(absolute: 1e-4, relative: 1e-4), "\(distance)")
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

/// Arithmetic with adapters.
@Suite struct AdapterArithmeticTests {
    private func layers() throws -> [AdaptedLayer] {
        let source = try ModelSource(Fixture.url("models/tiny-sd1"))
        return AdaptedLayer.all(unet: try source.unet(), textEncoder: try source.textEncoder())
    }

    private func read(_ name: String, _ layers: [AdaptedLayer]) throws -> AdapterSet {
        try AdapterFile(Fixture.url("adapters/\(name).safetensors"))
            .adapters(for: layers, model: "tiny-sd1")
    }

    private func expectEqual(_ a: AdapterSet, _ b: AdapterSet, relative: Double = 1e-5) {
        #expect(a.entries.count == b.entries.count)
        for (x, y) in zip(a.entries, b.entries) {
            #expect(x.place.name == y.place.name)
            let weight = x.place.layer.weight
            let distance = Distance(
                x.adapter.weightDifference(weight), y.adapter.weightDifference(weight))
            #expect(distance.relative < relative, "\(x.place.name): \(distance)")
        }
    }

    /// The difference that a merged LoRA makes is of its rank, so extracting gives it back.
    @Test func extractingGivesBackWhatWasMerged() throws {
        let (base, tuned) = (try layers(), try layers())
        try read("locon", tuned).merge()
        let extracted = try AdapterSet.extracting(from: base, to: tuned, rank: 2) { _ in true }
        expectEqual(extracted, try read("locon", base), relative: 1e-4)
        #expect(throws: AdapterError.self) {
            _ = try AdapterSet.extracting(from: base, to: try layers(), rank: 2) { _ in true }
        }
    }

    @Test func resizingToEnoughRankLosesNothing() throws {
        let layers = try layers()
        let set = try read("locon", layers)
        expectEqual(try set.resized(rank: 4), set)
        // LoHa's matrices have up to the square of its rank.
        let loha = try read("loha", layers)
        expectEqual(try loha.resized(rank: 4), loha, relative: 1e-4)
        let cut = try set.resized(rank: 1)
        #expect(cut.commonRank == 1)
        for (before, after) in zip(set.entries, cut.entries) {
            // Of the best matrix of rank 1 the singular value is the first.
            let weight = before.place.layer.weight
            let whole = before.adapter.weightDifference(weight).reshaped(weight.size(0), -1)
            let one = after.adapter.weightDifference(weight).reshaped(weight.size(0), -1)
            let first = whole.singularValues().s.floats()[0]
            #expect(abs(one.singularValues().s.floats()[0] - first) <= 1e-4 * first)
        }
    }

    /// Norms and biases are no matrices: they stay whole, in a resized file too.
    @Test(arguments: ["norms", "full"])
    func whatHasNoRankStaysWhole(name: String) throws {
        let folder = try TemporaryFolder()
        let layers = try layers()
        let set = try read(name, layers)
        let resized = try set.resized(rank: 1000)
        expectEqual(resized, set, relative: 1e-4)
        let url = folder.url.appending(path: "resized.safetensors")
        try AdapterWriter.write(resized, to: url, dtype: .float32)
        let again = try AdapterFile(url).adapters(for: layers, model: "tiny-sd1")
        expectEqual(again, set, relative: 1e-4)
        for (a, b) in zip(again.entries, set.entries) {
            #expect((a.adapter.biasDifference == nil) == (b.adapter.biasDifference == nil))
            guard let found = a.adapter.biasDifference, let wanted = b.adapter.biasDifference
            else { continue }
            #expect(found.rawBytes() == wanted.rawBytes())
        }
    }

    @Test func kindsThatAreReadOnlySaySo() throws {
        let folder = try TemporaryFolder()
        let layers = try layers()
        for name in ["oft", "boft", "ia3-input", "glora"] {
            let set = try read(name, layers)
            let url = folder.url.appending(path: "\(name).safetensors")
            let error = #expect(throws: AdapterError.self) {
                try AdapterWriter.write(set, to: url)
            }
            #expect(error?.description.contains("attune lora resize") == true)
            try AdapterWriter.write(try set.resized(rank: 1000), to: url, dtype: .float32)
            expectEqual(
                try AdapterFile(url).adapters(for: layers, model: "tiny-sd1"), set,
                relative: 1e-4)
        }
    }

    @Test func sumsAddUp() throws {
        let layers = try layers()
        let (first, second) = (try read("locon", layers), try read("lokr-whole", layers))
        first.setStrength(unet: 0.7, textEncoder: 0.7)
        second.setStrength(unet: -0.5, textEncoder: -0.5)
        let sum = try AdapterSet.sum([first, second], rank: 64)
        for entry in sum.entries {
            let weight = entry.place.layer.weight
            func part(_ set: AdapterSet, _ factor: Double) -> Tensor? {
                set.entries.first { $0.place.diffusersName == entry.place.diffusersName }.map {
                    $0.adapter.weightDifference(weight) * factor
                }
            }
            let wanted = [part(first, 0.7), part(second, -0.5)].compactMap { $0 }
            let total = wanted.dropFirst().reduce(wanted[0]) { $0 + $1 }
            let distance = Distance(entry.adapter.weightDifference(weight), total)
            #expect(distance.relative < 1e-4, "\(entry.place.name): \(distance)")
        }
    }

    @Test func filesAreDescribed() throws {
        func facts(_ path: String) throws -> [String: String] {
            Dictionary(try FileDescription(Fixture.url(path)).facts.map { ($0, $1) }) { $1 }
        }
        #expect(try facts("adapters/locon.safetensors")["Kind"] == "LoRA")
        #expect(try facts("adapters/locon.safetensors")["Rank"] == "2")
        #expect(try facts("adapters/dora-input.safetensors")["Kind"] == "DoRA, LoRA")
        #expect(try facts("adapters/loha.safetensors")["Kind"] == "LoHa")
        for (name, kind) in [
            ("oft", "OFT"), ("boft", "BOFT"), ("ia3-input", "IA3"), ("glora", "GLoRA"),
            ("norms", "norms"), ("full", "biases, whole differences"),
            ("peft-bias", "LoRA, biases"), ("lokr", "LoKr"),
        ] {
            let found = try facts("adapters/\(name).safetensors")
            #expect(found["Kind"] == kind)
            #expect(found["SHA-256"]?.count == 64)
        }
        #expect(try facts("adapters/locon.safetensors")["Alpha"] == "1.5")
        #expect(
            try facts("adapters/locon.safetensors")["Made for"] == "a model whose text is 32 wide")
        #expect(try facts("textual-inversion/files/a1111.pt")["Vectors"] == "3 of width 32")
        #expect(try facts("hypernetworks/first.pt")["Kind"] == "hypernetwork")
        #expect(try facts("models/tiny-sd1")["Kind"] == "Stable Diffusion model")
        #expect(throws: (any Error).self) { _ = try facts("text/prompts.json") }
    }
}
