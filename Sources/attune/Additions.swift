import ArgumentParser
import Foundation
import Painting

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
    func read() throws -> [Overlay] {
        try lora.map {
            try Overlay.lora(
                $0.url, strength: $0.strength, textEncoderStrength: $0.secondStrength)
        } + embedding.map { try Overlay.embedding(URL(filePath: $0)) }
            + hypernetwork.map { try Overlay.hypernetwork($0.url, strength: $0.strength) }
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
