import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

/// What stands beside the tensors of PEFT and diffusers, against the differences of weights that
/// PEFT makes of it.
@Suite final class PEFTFileTests {
    private let folder = FileManager.default.temporaryDirectory
        .appending(path: "peft-files-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func layers() throws -> [AdaptedLayer] {
        let source = try ModelSource(Fixture.url("models/tiny-sd1"))
        return AdaptedLayer.all(unet: try source.unet(), textEncoder: try source.textEncoder())
    }

    private static let folders = [
        "unet-lora", "unet-dora", "unet-loha", "unet-loha-effective", "unet-lokr",
        "unet-lokr-effective", "unet-lokr-whole", "text-encoder",
    ]

    private static let files = ["pattern", "named", "old-text-encoder"]

    /// The file, or the folder that PEFT saved.
    private static func url(_ name: String) -> URL {
        Fixture.url(files.contains(name) ? "peft/\(name).safetensors" : "peft/\(name)")
    }

    @Test(arguments: folders + files)
    func differencesArePEFTs(name: String) throws {
        let expected = try Fixture.file("peft/differences.safetensors")
        let file = try AdapterFile(Self.url(name))
        let set = try file.adapters(for: try layers(), model: "tiny-sd1")
        var keys: Set<String> = []
        for entry in set.entries {
            let key = "\(name).\(entry.place.diffusersName)"
            let weight = entry.place.layer.weight
            let wanted = try expected.require("\(key).weight").reshaped(weight.shape)
            let distance = Distance(entry.adapter.weightDifference(weight), wanted)
            // DoRA divides norms of its own kind.
            #expect(distance.relative < 2e-6, "\(key): \(distance)")
            keys.insert("\(key).weight")
            guard let bias = entry.adapter.biasDifference else { continue }
            let apart = Distance(bias, try expected.require("\(key).bias"))
            #expect(apart.relative < 2e-6, "\(key).bias: \(apart)")
            keys.insert("\(key).bias")
        }
        if name == "old-text-encoder" {
            let old = try AdapterFile(Fixture.url("peft/\(name).bin"))
            let again = try old.adapters(for: try layers(), model: "tiny-sd1")
            #expect(
                again.parameters.map { $0.tensor.rawBytes() }
                    == set.parameters.map { $0.tensor.rawBytes() })
            let facts = try FileDescription(old.url).facts
            #expect(facts.contains { $0.label == "Kind" && $0.value == "LoRA" })
        }
        #expect(keys == Set(expected.keys.filter { $0.hasPrefix("\(name).") }))
        #expect(file.assumption == nil)
    }

    // MARK: - What is assumed

    private func copied(_ name: String, _ config: String?) throws -> URL {
        let url = folder.appending(path: "adapter_model.safetensors")
        try FileManager.default.copyItem(
            at: Self.url(name).appending(path: url.lastPathComponent), to: url)
        if let config {
            try Data(config.utf8).write(to: folder.appending(path: "adapter_config.json"))
        }
        return url
    }

    @Test(arguments: ["unet-lora", "unet-lokr-whole"])
    func whatIsAssumedIsTold(name: String) throws {
        let url = try copied(name, nil)
        let text = try #require(try AdapterFile(url).assumption)
        #expect(text.contains("adapter_model.safetensors") && text.contains("adapter_config.json"))
        let facts = try FileDescription(url).facts
        #expect(facts.contains { $0.label == "Assumed" && $0.value == text })
        let told = try FileDescription(Self.url(name)).facts
        #expect(!told.contains { $0.label == "Assumed" })
        let scale = name == "unet-lora" ? "1.25, 2.5, 5.333" : "1.5"
        #expect(told.first { $0.label == "Scale" }?.value == scale)
    }

    @Test func ownFilesNeedNoAssumption() throws {
        let layers = try layers()
        let set = try AdapterFile(Fixture.url("adapters/locon.safetensors"))
            .adapters(for: layers, model: "tiny-sd1")
        for format in AdapterWriter.Format.allCases {
            let url = folder.appending(path: "own.safetensors")
            try AdapterWriter.write(set, to: url, format: format)
            #expect(try AdapterFile(url).assumption == nil)
        }
    }

    // MARK: - Settings that cannot be

    @Test(arguments: [
        ("[]", "no JSON object"), ("{", "no JSON object"),
        (#"{"lora_alpha": "a"}"#, "lora_alpha"), (#"{"lora_alpha": 2, "r": 0}"#, "r,"),
        (#"{"lora_alpha": 2, "alpha_pattern": []}"#, "alpha_pattern"),
        (#"{"lora_alpha": 2, "alpha_pattern": {"(": 3}}"#, "\"(\" in alpha_pattern"),
        (#"{"lora_alpha": 2, "r": 7}"#, "rank 7"),
        (#"{"lora_alpha": 2, "r": 2, "rank_pattern": {"to_v": 9}}"#, "rank 9"),
        (#"{"lora_alpha": 2, "r": 2, "init_lora_weights": "pissa_niter_4"}"#, "pissa_niter_4"),
    ])
    func settingsThatCannotBeAreNamed(text: String, part: String) throws {
        let url = try copied("unet-lora", text)
        let layers = try layers()
        let error = #expect(throws: AdapterError.self) {
            _ = try AdapterFile(url).adapters(for: layers, model: "tiny-sd1")
        }
        let sentence = error?.description ?? ""
        #expect(sentence.contains("adapter_config.json"), "\(sentence)")
        #expect(sentence.contains(part), "\(part) is not in: \(sentence)")
    }

    private func written(
        _ tensors: [(String, Tensor)], metadata: [String: String] = [:]
    ) throws -> URL {
        let url = folder.appending(path: "file.safetensors")
        try SafetensorsWriter.write(
            tensors.map { (name: $0.0, tensor: $0.1) }, to: url, metadata: metadata)
        return url
    }

    private static let layer = "unet.mid_block.attentions.0.transformer_blocks.0.attn2.to_k"

    @Test func headersThatCannotBeAreNamed() throws {
        let url = try written(
            [
                ("\(Self.layer).lora_A.weight", .zeros([2, 32])),
                ("\(Self.layer).lora_B.weight", .zeros([24, 2])),
            ], metadata: ["lora_adapter_metadata": "?"])
        let error = #expect(throws: AdapterError.self) { try AdapterFile(url) }
        #expect(error?.description.contains("lora_adapter_metadata") == true)
    }

    /// diffusers' `save_lora_adapter` of a network writes its names and settings without a prefix.
    @Test func settingsWithoutANetworkAreOfAllLayers() throws {
        let short = String(Self.layer.dropFirst("unet.".count))
        let url = try written(
            [
                ("\(short).lora_A.weight", .full([2, 32], 1)),
                ("\(short).lora_B.weight", .full([24, 2], 1)),
            ], metadata: ["lora_adapter_metadata": #"{"r": 2, "lora_alpha": 6}"#])
        let set = try AdapterFile(url).adapters(for: try layers(), model: "tiny-sd1")
        let entry = try #require(set.entries.first)
        let found = entry.adapter.weightDifference(entry.place.layer.weight)
        #expect(Distance(found, .full([24, 32], 6)).absolute == 0)
    }

    // MARK: - Names of adapters

    @Test(arguments: ["default", "default_0", "my_robot", "v1-5"])
    func anyNameOfAnAdapterIsRead(name: String) throws {
        for (parameter, shape) in [
            ("lora_A.\(name).weight", [2, 32]), ("lora_B.\(name).weight", [24, 2]),
            ("lora_magnitude_vector.\(name).weight", [24]),
            ("lora_magnitude_vector.\(name)", [24]), ("hada_w1_a.\(name)", [24, 2]),
            ("lokr_w2.\(name)", [6, 8]),
        ] {
            let url = try written([("\(Self.layer).\(parameter)", .zeros(shape))])
            #expect(try AdapterFile(url).layerCounts == (1, 0))
        }
    }

    @Test func severalAdaptersInOneFileAreRefused() throws {
        let tensors: [(String, Tensor)] = ["first", "second"].flatMap { name in
            [
                ("\(Self.layer).lora_A.\(name).weight", Tensor.zeros([2, 32])),
                ("\(Self.layer).lora_B.\(name).weight", Tensor.zeros([24, 2])),
            ]
        }
        let url = try written(tensors)
        let error = #expect(throws: AdapterError.self) { try AdapterFile(url) }
        #expect(error?.description.contains(".lora_A.second.weight") == true)
        let apart = try written([
            ("\(Self.layer).lora_A.first.weight", .zeros([2, 32])),
            ("\(Self.layer).lora_B.second.weight", .zeros([24, 2])),
        ])
        let other = #expect(throws: AdapterError.self) { try AdapterFile(apart) }
        #expect(other?.description.contains("first, second") == true)
    }
}
