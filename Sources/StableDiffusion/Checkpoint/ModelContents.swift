internal import Foundation

/// What a model consists of once its files are found, whatever form they came in.
struct ModelContents {
    var configurations: [ModelPart: ConfigurationFile]
    var weights: [ModelPart: PartWeights]
    var scheduler: ConfigurationFile
    /// A folder with `vocab.json`, `merges.txt` and what tells of special tokens.
    var tokenizerFolder: URL
    /// What fills sequences up, where the folder is not the model's own.
    var paddingToken: String?
    /// model_index.json of a diffusers folder.
    var index: ConfigurationFile?
    /// The web UI's YAML beside a single file, where it was read.
    var configurationFile: String?
    /// Whether what the network predicts is what most models of its kind do, and nobody said so.
    var guessesPrediction = false
    /// Sentences for people on what was taken for granted, or cannot be used.
    var notices: [String] = []

    func configuration<Value: Decodable>(_ part: ModelPart) throws -> Value {
        guard let file = configurations[part] else {
            throw ModelError.missingPart(name: "\(part.rawValue)/config.json", folder: "the model")
        }
        try file.checkNumbers()
        return try file.decoded(as: Value.self)
    }

    func tokenizer() throws -> CLIPTokenizer {
        let tokenizer = try CLIPTokenizer(directory: tokenizerFolder)
        guard let paddingToken else { return tokenizer }
        return CLIPTokenizer(
            vocabulary: tokenizer.vocabulary, merges: tokenizer.merges,
            special: SpecialTokens(padding: SpecialTokens.token(paddingToken)),
            maximumLength: tokenizer.maximumLength)
    }
}
