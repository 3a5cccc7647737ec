import Files
import Foundation
import StableDiffusion

/// A CLIP model in transformers' layout.
enum CLIPFolder {
    /// Reads and checks `config.json`.
    ///
    /// - Throws: `FileError`, `ConfigurationError` or `ModelError`, naming file and key.
    static func configuration(_ folder: URL) throws -> CLIPConfiguration {
        let file = folder.appending(path: "config.json")
        let configuration: CLIPConfiguration
        do {
            configuration = try JSONDecoder().decode(
                CLIPConfiguration.self, from: try WholeFile.read(file, limit: 1_000_000))
        } catch let error as DecodingError {
            throw ModelError.configuration(path: file.path, reason: explain(error))
        }
        try configuration.text.validate()
        let vision = configuration.vision
        let sizes = [
            vision.width, vision.feedForwardWidth, vision.layerCount, vision.headCount,
            vision.imageSize, vision.patchSize, configuration.projectionWidth,
        ]
        guard sizes.allSatisfy({ (1...100_000).contains($0) }),
            vision.width % vision.headCount == 0, vision.imageSize >= vision.patchSize
        else {
            throw ModelError.configuration(
                path: file.path, reason: "the sizes in vision_config do not fit together")
        }
        return configuration
    }

    private static func explain(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, let context):
            let path = (context.codingPath + [key]).map(\.stringValue).joined(separator: ".")
            return "the key \(path) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            return "\(path) has a value of another kind than expected"
        default:
            return "it is not a configuration in JSON; fetch the model again"
        }
    }
}
