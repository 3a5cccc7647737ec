internal import Files
public import Foundation
internal import Imaging
package import StableDiffusion
internal import Torch

/// A file that is laid over a model: a LoRA or one of its kin, an embedding of textual inversion
/// or a hypernetwork, with its strength.
///
/// It is opened here and belongs to no model yet; an ``OverlayStack`` puts it over one.
public final class Overlay {
    /// What there is to lay over a model.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// LoRA, LoHa, LoKr, DoRA and their kin.
        case lora
        /// Learned vectors that words in prompts stand for.
        case embedding
        /// Small networks in the attention of the U-Net.
        case hypernetwork
    }

    /// Which of them it is.
    public let kind: Kind
    /// The file.
    public let file: URL
    /// How much it counts: 1 is what was trained. Embeddings have no other.
    public let strength: Double
    /// The same for the text encoder's layers, which only LoRA has.
    public let textEncoderStrength: Double
    /// What web UIs know the file by.
    ///
    /// Twelve digits for LoRA (of what its metadata or its tensors' bytes say, as in A1111's "Lora
    /// hashes") and embeddings ("TI hashes"), and ten for hypernetworks.
    public let hash: String
    /// The words that prompts may use once it is laid over: an embedding's, and those that a LoRA
    /// brings along.
    public let words: [String]
    /// What was assumed or has no effect, a sentence each.
    public let notices: [String]
    /// Whether the prompt asks for it by a tag of its own.
    public internal(set) var isNamedInPrompt = false
    let content: Content

    enum Content {
        case adapters(AdapterFile, words: [TextualInversion])
        case embedding(TextualInversion)
        case hypernetwork(Hypernetwork)
    }

    /// The file's name without its ending: the name that web UIs list it by.
    public var name: String { file.deletingPathExtension().lastPathComponent }

    /// Opens a LoRA or one of its kin.
    ///
    /// - Parameter textEncoderStrength: nil: as `strength`.
    /// - Throws: `AdapterError`, `CheckpointError` or `TextualInversionError`: one sentence that
    ///   names the file.
    public static func lora(
        _ url: URL, strength: Double = 1, textEncoderStrength: Double? = nil
    ) throws -> Overlay {
        let adapters = try AdapterFile(url)
        let words = try adapters.embeddings()
        return Overlay(
            .lora, url, strength: strength,
            textEncoderStrength: textEncoderStrength ?? strength,
            hash: try OverlayHash.lora(adapters.url, metadata: adapters.metadata),
            words: words.map(\.token),
            notices: adapters.notices(
                unetStrength: strength, textEncoderStrength: textEncoderStrength ?? strength),
            content: .adapters(adapters, words: words))
    }

    /// Opens an embedding, in a picture too.
    ///
    /// - Parameter token: the word for prompts; nil: what the file says.
    /// - Throws: `TextualInversionError` or what reading throws: one sentence that names the file.
    public static func embedding(_ url: URL, token: String? = nil) throws -> Overlay {
        let embedding = try read(url, token: token)
        return Overlay(
            .embedding, url, hash: try OverlayHash.file(url, digits: 12),
            words: [embedding.token], content: .embedding(embedding))
    }

    /// Opens a hypernetwork.
    ///
    /// - Throws: `HypernetworkError` or `PyTorchArchiveError`: one sentence that names the file.
    public static func hypernetwork(_ url: URL, strength: Double = 1) throws -> Overlay {
        let network = try HypernetworkFile.read(url)
        network.strength = strength
        return Overlay(
            .hypernetwork, url, strength: strength,
            hash: try OverlayHash.file(url, digits: 10), content: .hypernetwork(network))
    }

    private init(
        _ kind: Kind, _ file: URL, strength: Double = 1, textEncoderStrength: Double = 1,
        hash: String, words: [String] = [], notices: [String] = [], content: Content
    ) {
        self.kind = kind
        self.file = file
        self.strength = strength
        self.textEncoderStrength = textEncoderStrength
        self.hash = hash
        self.words = words
        self.notices = notices
        self.content = content
    }

    private static func read(_ url: URL, token: String?) throws -> TextualInversion {
        guard TextualInversionFile.isPNG(url) else {
            return try TextualInversionFile(url, token: token).embedding
        }
        guard let card = try PNGText.value(TextualInversionFile.pngKeyword, of: url) else {
            throw TextualInversionError.picture(file: url.path)
        }
        return try TextualInversionFile(pngText: card, name: url, token: token).embedding
    }
}

extension Overlay {
    /// The adapters that it has for a model's layers, at its strengths; nil where it is no LoRA.
    ///
    /// - Parameter device: where they compute; nil: where the layers' weights are.
    func adapters(
        for layers: [AdaptedLayer], model: String, device: Device? = nil
    ) throws -> AdapterSet? {
        guard case .adapters(let file, _) = content else { return nil }
        let set = try file.adapters(for: layers, model: model, device: device)
        set.setStrength(unet: strength, textEncoder: textEncoderStrength)
        return set
    }

    var hypernetwork: Hypernetwork? {
        guard case .hypernetwork(let network) = content else { return nil }
        return network
    }
}

extension [Overlay] {
    /// The embeddings of all: those that were given by themselves, then those that LoRA bring
    /// along, of which one with a word that was given does not count.
    package func embeddings() -> [TextualInversion] {
        let given = compactMap { overlay -> TextualInversion? in
            guard case .embedding(let embedding) = overlay.content else { return nil }
            return embedding
        }
        let tokens = Set(given.map(\.token))
        return given
            + flatMap { overlay -> [TextualInversion] in
                guard case .adapters(_, let words) = overlay.content else { return [] }
                return words.filter { !tokens.contains($0.token) }
            }
    }
}
