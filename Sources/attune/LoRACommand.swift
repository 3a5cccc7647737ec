public import ArgumentParser
import Files
import Foundation
import Painting
public import StableDiffusion
import Torch

extension AdapterConfiguration.Preset: ExpressibleByArgument {}
extension AdapterWriter.Format: ExpressibleByArgument {}

/// `attune lora`
struct LoRACommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lora",
        abstract: "Merge, extract, resize and add LoRA files.",
        subcommands: [Merge.self, Extract.self, Resize.self, Add.self])

    /// `attune lora merge`
    struct Merge: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a model with LoRA files put into its weights.")

        @Option(help: "A diffusers folder or a single file (default: the embedded model).")
        var model: String?

        @Option(parsing: .upToNextOption, help: "LoRA files, each with a strength if wanted.")
        var lora: [FileWithStrength]

        @Option(help: "The folder for the new model.")
        var output: String

        @OptionGroup var overwriting: OverwriteOption

        func run() throws {
            let url = URL(filePath: output)
            var use = try FileUse(model: model, lora.map(\.url))
            use.writes(
                folder: url, "--output \(output)", entries: ModelWriter.entries,
                overwriting: overwriting.overwrite)
            try use.check()
            let base = try LoadedModel(model)
            let sets = try lora.map(base.read)
            if let entry = sets.flatMap(\.unmergeable).first {
                throw AdapterError.noPlaceForBias(layer: entry.place.diffusersName)
            }
            AdapterSet.merge(sets)
            try ModelWriter.write(
                to: url, source: base.source, unet: base.unet.parameters,
                textEncoder: base.textEncoder.parameters, replacing: overwriting.overwrite)
            print("The model is in \(output)")
        }
    }

    /// `attune lora extract`
    struct Extract: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the difference of two models as a LoRA.")

        @Option(help: "The base model (default: the embedded model).")
        var model: String?

        @Option(help: "The model that was made of it.")
        var tuned: String

        @Option(help: "The rank of the LoRA.")
        var rank = 16

        @Option(help: "Which layers: attention, transformer, linear or all.")
        var target = AdapterConfiguration.Preset.transformer

        @OptionGroup var file: LoRAOutputOptions

        func run() throws {
            try file.check(rank)
            var use = try FileUse(model: model)
            use.reads(URL(filePath: tuned), "the tuned model")
            try file.check(&use)
            let (base, other) = (try LoadedModel(model), try LoadedModel(tuned))
            var configuration = AdapterConfiguration()
            configuration.preset = target
            let set = try AdapterSet.extracting(
                from: base.layers, to: other.layers, rank: rank, configuration.includes)
            try file.write(set)
        }
    }

    /// `attune lora resize`
    struct Resize: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a LoRA (or LoHa, LoKr, DoRA) as plain LoRA of another rank.")

        @Option(help: "The model that it is for (default: the embedded model).")
        var model: String?

        @Option(help: "The file, with a strength if wanted.")
        var lora: FileWithStrength

        @Option(help: "The new rank.")
        var rank: Int

        @OptionGroup var file: LoRAOutputOptions

        func run() throws {
            try file.check(rank)
            var use = try FileUse(model: model, [lora.url])
            try file.check(&use)
            let set = try LoadedModel(model).read(lora)
            try file.write(try set.resized(rank: rank))
        }
    }

    /// `attune lora add`
    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the sum of several LoRA files, each at its strength.")

        @Option(help: "The model that they are for (default: the embedded model).")
        var model: String?

        @Option(parsing: .upToNextOption, help: "The files: a.safetensors:0.7 b.safetensors:0.3")
        var lora: [FileWithStrength]

        @Option(help: "The rank of the sum; that of all together loses nothing.")
        var rank = 32

        @OptionGroup var file: LoRAOutputOptions

        func run() throws {
            try file.check(rank)
            var use = try FileUse(model: model, lora.map(\.url))
            try file.check(&use)
            let base = try LoadedModel(model)
            try file.write(try .sum(try lora.map(base.read), rank: rank))
        }
    }
}

/// Where a LoRA goes, and how.
struct LoRAOutputOptions: ParsableArguments {
    @Option(help: "The file to write.")
    var output: String

    @Option(help: "kohya or peft.")
    var format = AdapterWriter.Format.kohya

    @Option(help: "fp32, fp16 or bf16 in the file.")
    var savePrecision = ComputePrecision.fp16

    @OptionGroup var overwriting: OverwriteOption

    func check(_ rank: Int) throws {
        guard rank >= 1 else { throw ValidationError("--rank \(rank): must be at least 1.") }
    }

    /// Before anything is read.
    func check(_ use: inout FileUse) throws {
        use.writes(
            file: URL(filePath: output), "--output \(output)",
            overwriting: overwriting.overwrite)
        try use.check()
    }

    func write(_ set: AdapterSet) throws {
        let dtype: DType =
            switch savePrecision {
            case .fp32: .float32
            case .bf16: .bfloat16
            case .fp16, .auto: .float16
            }
        let name = URL(filePath: output).deletingPathExtension().lastPathComponent
        try AdapterWriter.write(
            set, to: URL(filePath: output), format: format, dtype: dtype,
            metadata: [
                "ss_output_name": name, "ss_network_module": "networks.lora",
                "ss_network_dim": set.commonRank.map { String($0) } ?? "Dynamic",
                "ss_network_alpha": set.commonRank.map { String($0) } ?? "Dynamic",
            ], replacing: overwriting.overwrite)
        print("\(set.entries.count) layers in \(output)")
    }
}

extension FileUse {
    fileprivate init(model: String?, _ files: [URL] = []) throws {
        self.init()
        try reads(model: model)
        for file in files { reads(file, "the LoRA") }
    }
}

/// A model's networks in fp32 on the processor, where arithmetic is exact.
private struct LoadedModel {
    let source: ModelSource
    let unet: UNet
    let textEncoder: TextEncoder

    init(_ model: String?) throws {
        source = try ModelSource(model.map { URL(filePath: $0) } ?? EmbeddedModel.locate())
        for notice in source.notices { print("Note: \(notice)") }
        unet = try source.unet()
        textEncoder = try source.textEncoder()
    }

    var layers: [AdaptedLayer] { AdaptedLayer.all(unet: unet, textEncoder: textEncoder) }

    func read(_ reference: FileWithStrength) throws -> AdapterSet {
        let file = try AdapterFile(reference.url)
        let notices = file.notices(
            unetStrength: reference.strength, textEncoderStrength: reference.secondStrength)
        for notice in notices { print(notice) }
        let set = try file.adapters(for: layers, model: source.name)
        set.setStrength(unet: reference.strength, textEncoder: reference.secondStrength)
        return set
    }
}
