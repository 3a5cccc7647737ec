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
