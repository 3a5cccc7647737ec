public import Foundation

/// Learned vectors that cannot be made, read or used, as one sentence.
public enum TextualInversionError: Error, Sendable, Equatable, CustomStringConvertible,
    LocalizedError
{
    /// Nothing that could be found in a prompt.
    case unusablePlaceholder(String)
    /// The word is a token of the vocabulary.
    case existingPlaceholder(String)
    /// Two embeddings have one word.
    case duplicateToken(String)
    /// No tokens come of the words.
    case emptyInitializer(String)
    /// The vocabulary lacks a part of the words.
    case unknownInitializer(String)
    /// None, or more than a prompt has places for; the first value is the token or the file.
    case vectorCount(String, Int, limit: Int)
    /// Made for a text encoder of another width.
    case wrongWidth(token: String, found: Int, model: String, expected: Int)
    /// A file without vectors.
    case noEmbedding(file: String)
    /// A file in which several tensors could be the vectors.
    case severalCandidates(file: String, keys: [String])
    /// A file with vectors for the second text encoder of SDXL alone.
    case madeForSDXL(file: String, widths: [Int])
    /// OneTrainer's vectors that are added behind the text encoder.
    case outputEmbedding(file: String, key: String)
    /// No matrix.
    case wrongShape(file: String, key: String, found: [Int])
    /// No floating-point numbers.
    case wrongType(file: String, key: String, found: String)
    /// NaN or infinity.
    case notFinite(file: String, key: String)
    /// A picture without an embedding in its texts, or where a file of tensors was expected.
    case picture(file: String)
    /// A picture's text that is not what it should be.
    case damagedCard(file: String, problem: String)

    /// The sentence for people.
    public var description: String {
        switch self {
        case .unusablePlaceholder(let token):
            "the placeholder token \"\(token)\" cannot be found in a prompt; choose a word such as "
                + "<my-subject>."
        case .existingPlaceholder(let token):
            "the placeholder token \"\(token)\" is in the tokenizer's vocabulary already and means "
                + "something to the model; choose a word that is not, such as <my-subject>."
        case .duplicateToken(let token):
            "two embeddings have the token \"\(token)\"; leave one of them out."
        case .emptyInitializer(let text):
            "the initializer \"\(text)\" has no tokens; use a word that comes near to the subject, "
                + "or * to begin at random."
        case .unknownInitializer(let text):
            "the initializer \"\(text)\" has a part that is not in the tokenizer's vocabulary; "
                + "use another word, or * to begin at random."
        case .vectorCount(let name, let count, let limit):
            "\(name) has \(count) vectors, and a prompt has room for 1 to \(limit); use "
                + (count < 1 ? "at least one." : "fewer.")
        case .wrongWidth(let token, let found, let model, let expected):
            "the embedding \"\(token)\" was made for \(TextualInversion.family(width: found)) "
                + "(\(found) wide), and the text encoder of \(model) is \(expected) wide; choose "
                + "the base model that it was trained on."
        case .noEmbedding(let file):
            "\(file) holds no textual inversion embedding: it has no tensor that could be one."
        case .severalCandidates(let file, let keys):
            "\(file) is no file of one textual inversion embedding: it holds \(keys.count) "
                + "tensors (\(keys.prefix(3).joined(separator: ", "))\(keys.count > 3 ? "…" : "")); "
                + "expected exactly one."
        case .madeForSDXL(let file, let widths):
            "\(file) is an embedding for SDXL with vectors for its second text encoder only "
                + "(clip_g, \(widths.map(String.init).joined(separator: " and ")) wide), which this "
                + "program does not have; choose one for Stable Diffusion 1.x or 2.x."
        case .outputEmbedding(let file, let key):
            "\(file) holds an output embedding of OneTrainer (\(key)), which is added behind the "
                + "text encoder and is not supported; train it as a plain embedding."
        case .wrongShape(let file, let key, let found):
            "\(file): \(key) should have the shape [vectors, width] and has \(found); it is no "
                + "textual inversion embedding."
        case .wrongType(let file, let key, let found):
            "\(file): \(key) should hold floating-point numbers and holds \(found); it is no "
                + "textual inversion embedding."
        case .notFinite(let file, let key):
            "\(file): \(key) holds values that are not finite; its training failed, fetch another."
        case .picture(let file):
            "\(file) is a picture without an embedding in its text \"sd-ti-embedding\"; such a "
                + "text is lost when a picture is edited or sent as a thumbnail, fetch the "
                + "original."
        case .damagedCard(let file, let problem):
            "\(file): its text \"sd-ti-embedding\" is damaged (\(problem)); fetch it again."
        }
    }

    /// The sentence for people.
    public var errorDescription: String? { description }
}
