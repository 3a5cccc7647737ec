public import Foundation

/// A model that cannot be opened or written, as one sentence.
public enum ModelError: Error, Sendable, CustomStringConvertible, LocalizedError {
    /// Nothing is there.
    case absent(path: String)
    /// Something is there, and it is no model.
    case notAModel(path: String, reason: String)
    /// A file whose first bytes are those of nothing that is known.
    case unknownKind(path: String)
    /// A diffusers folder without one of its parts.
    case missingPart(name: String, folder: String)
    /// A part without its weights.
    case missingWeights(folder: String, expected: String)
    /// Averaged weights are asked for where there are none.
    case noAverage(path: String)
    /// A model, or a part of one, of an architecture that this program does not have.
    case unsupported(path: String, what: String)
    /// A JSON file that cannot be used.
    case configuration(path: String, reason: String)
    /// A folder that comes with the program and is not where it is looked for.
    case missingCompanion(name: String)

    /// The sentence for people.
    public var description: String {
        switch self {
        case .absent(let path):
            "there is no model at \(path); give a diffusers folder, or a .safetensors or .ckpt file."
        case .notAModel(let path, let reason):
            "\(path) is not a Stable Diffusion model: \(reason)."
        case .unknownKind(let path):
            "\(path) is none of the kinds of file that are known: weights (.safetensors, or what "
                + "PyTorch writes), pictures, archives or texts."
        case .missingPart(let name, let folder):
            "there is no \(name) in \(folder); fetch the model again, with all of its parts."
        case .missingWeights(let folder, let expected):
            "there are no weights in \(folder); expected \(expected) (or its .fp16 variant, or "
                + "its index with the shards)."
        case .noAverage(let path):
            "\(path) has no averaged weights (model_ema.…) of its U-Net; leave `ema` out."
        case .unsupported(let path, let what):
            "\(path) \(what); Stable Diffusion 1.x and 2.x models for text to image are supported."
        case .configuration(let path, let reason):
            "\(path) cannot be used: \(reason)."
        case .missingCompanion(let name):
            "the folder Models/\(name) that comes with the program was not found; set ATTUNE_HOME "
                + "to the folder that holds Models"
                + (name == "miniature" ? ", or name a model of your own." : ".")
        }
    }

    /// The sentence for people.
    public var errorDescription: String? { description }
}
