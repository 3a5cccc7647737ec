import ArgumentParser
import Foundation
import Imaging
import StableDiffusion
import Torch

/// What methods have made, laid over a model for painting: LoRA files, embeddings, hypernetworks.
struct AdditionOptions: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: "LoRA files, each with a strength if wanted: robot.safetensors:0.8")
    var lora: [FileWithStrength] = []

    @Option(
        parsing: .upToNextOption,
        help: "Embeddings of textual inversion; their words can then be used in prompts.")
    var embedding: [String] = []

    @Option(
        parsing: .upToNextOption,
        help: "Hypernetworks, each with a strength if wanted: robot.pt:0.8")
    var hypernetwork: [FileWithStrength] = []

    /// Opens the files.
    func read(for source: ModelSource) throws -> Additions {
        var result = Additions()
        result.adapters = try lora.map { ($0, try AdapterFile($0.url)) }
        result.embeddings = try embedding.map { try Self.embedding(URL(filePath: $0)) }
        // Words that a LoRA brings along; one that is given by itself counts before them.
        let given = Set(result.embeddings.map(\.token))
        result.embeddings += try result.adapters.flatMap { try $0.1.embeddings() }
            .filter { !given.contains($0.token) }
        try TextualInversion.validate(result.embeddings, for: source)
        result.hypernetworks = try hypernetwork.map { reference in
            let network = try HypernetworkFile.read(reference.url)
            network.strength = reference.strength
            return network
        }
        return result
    }

    private static func embedding(_ url: URL) throws -> TextualInversion {
        guard TextualInversionFile.isPNG(url) else {
            return try TextualInversionFile(url).embedding
        }
        guard let card = try PNGText.value(TextualInversionFile.pngKeyword, of: url) else {
            throw TextualInversionError.picture(file: url.path)
        }
        return try TextualInversionFile(pngText: card, name: url).embedding
    }
}

/// The opened files.
struct Additions {
    var adapters: [(FileWithStrength, AdapterFile)] = []
    var embeddings: [TextualInversion] = []
    var hypernetworks: [Hypernetwork] = []

    /// Sees whether the adapters fit, before anything is loaded.
    func check(_ source: ModelSource) throws {
        guard !adapters.isEmpty else { return }
        let layers = try source.layers()
        for (_, file) in adapters { _ = try file.adapters(for: layers, model: source.name) }
    }

    /// Puts all of them into force.
    func lay(over pipeline: Pipeline) throws {
        let layers = AdaptedLayer.all(unet: pipeline.unet, textEncoder: pipeline.textEncoder)
        for (reference, file) in adapters {
            let set = try file.adapters(for: layers, model: pipeline.source.name)
            set.setStrength(unet: reference.strength, textEncoder: reference.secondStrength)
            // Half precision would round small changes of the weights away.
            if pipeline.precision == .float32 { set.merge() } else { set.attach() }
        }
        pipeline.embeddings = embeddings
        for network in hypernetworks { try network.attach(to: pipeline.unet) }
    }
}

/// `FILE`, `FILE:STRENGTH` or, for LoRA, `FILE:STRENGTH:TEXT-ENCODER STRENGTH`.
struct FileWithStrength: ExpressibleByArgument {
    let url: URL
    let strength: Double
    let secondStrength: Double

    /// A file in full strength.
    init(url: URL) {
        self.url = url
        strength = 1
        secondStrength = 1
    }

    init?(argument: String) {
        var parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        var strengths: [Double] = []
        // Only numbers at the end are strengths: a path may have colons itself.
        while strengths.count < 2, parts.count > 1, let last = parts.last,
            let strength = Double(last), strength.isFinite
        {
            strengths.insert(strength, at: 0)
            parts.removeLast()
        }
        let path = parts.joined(separator: ":")
        guard !path.isEmpty else { return nil }
        url = URL(filePath: path)
        strength = strengths.first ?? 1
        secondStrength = strengths.last ?? 1
    }
}
