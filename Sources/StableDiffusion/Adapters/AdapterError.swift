public import Foundation

/// Adapters that cannot be made, read or laid over a model, as one sentence.
public enum AdapterError: Error, Sendable, CustomStringConvertible, LocalizedError {
    /// No layer has a name that fits.
    case nothingMatches(pattern: String, example: String)
    /// More rows than the layer has.
    case rankTooHigh(rank: Int, layer: String, limit: Int)
    /// The file holds no adapters.
    case noAdapters(file: String)
    /// Names or shapes that this model does not have.
    case otherModel(file: String, madeFor: String, model: String, keys: [String])
    /// Tensors that do not fit together.
    case malformed(file: String, key: String, problem: String)
    /// Two models that are no versions of one another.
    case otherLayers(name: String)
    /// Two models with the same weights.
    case noDifference
    /// A bias for a layer that has none, which no weights can take up.
    case noPlaceForBias(layer: String)
    /// Weights that are read and not written.
    case notWritten(layer: String)
    /// A word that no key can hold.
    case wordWithDot(String)
    /// Weights that PEFT's files cannot hold.
    case noPEFTSpelling(layer: String)
    /// Settings beside the weights that cannot be, or do not go with them.
    case settings(file: String, problem: String)
    /// NaN or infinity in what was computed, or in a model.
    case changeNotFinite(of: String, layer: String)
    /// Keys of two adapters, of which one would have to be chosen.
    case severalAdapters(file: String, names: [String])
    /// An algorithm that this program does not have.
    case unsupported(file: String, key: String, algorithm: String)

    /// The sentence for people.
    public var description: String {
        switch self {
        case .nothingMatches(let pattern, let example):
            "no layer's name fits \"\(pattern)\"; names look like \(example)."
        case .rankTooHigh(let rank, let layer, let limit):
            "rank \(rank) is more than the \(limit) that \(layer) has room for; use a rank of "
                + "\(limit) or less."
        case .noAdapters(let file):
            "\(file) holds no LoRA, LoHa, LoKr, OFT, IA3 or GLoRA weights."
        case .otherModel(let file, let madeFor, let model, let keys):
            "\(file) was made for \(madeFor) and does not fit \(model): "
                + keys.prefix(3).joined(separator: ", ")
                + (keys.count > 3 ? " and \(keys.count - 3) more" : "")
                + " have no such place there; choose the base model that it was trained on."
        case .malformed(let file, let key, let problem):
            "\(file) is damaged: \(key) \(problem)."
        case .settings(let file, let problem):
            "\(file) \(problem)."
        case .changeNotFinite(let what, let layer):
            "\(what) has values that are not finite in \(layer); use another."
        case .severalAdapters(let file, let names):
            "\(file) holds several adapters (\(names.joined(separator: ", "))), and one file is "
                + "read as one adapter; save each of them by itself."
        case .otherLayers(let name):
            "the two models have other layers: \(name) is not in both with one shape; give the "
                + "base model that the tuned one was made of."
        case .noDifference:
            "the two models have the same weights, so there is nothing to extract."
        case .noPEFTSpelling(let layer):
            "\(layer) has weights that PEFT's format has no names for; write kohya's format."
        case .unsupported(let file, let key, let algorithm):
            "\(file) has \(algorithm) weights (\(key)), which are not supported; LoRA, LoCon, LoHa, "
                + "LoKr, DoRA, GLoRA, IA3, OFT, BOFT, norms and whole differences are."
        case .noPlaceForBias(let layer):
            "\(layer) has no bias in the model and gets one from the file, which no model's files "
                + "can hold; give the file to `attune generate --lora` as it is."
        case .notWritten(let layer):
            "the change of \(layer) is of a kind that is read and not written; make plain LoRA of "
                + "it with `attune lora resize`."
        case .wordWithDot(let word):
            "the word \(word) has a dot, which the keys of bundled embeddings cannot hold; choose "
                + "a word without, or write the embedding beside the LoRA."
        }
    }

    /// The sentence for people.
    public var errorDescription: String? { description }
}
