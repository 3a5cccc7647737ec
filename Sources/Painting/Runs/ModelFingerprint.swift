import Files
import Foundation
public import StableDiffusion

/// What is in the parts of a model besides its U-Net's weights: text encoder, autoencoder, words
/// and configurations decide pictures as well.
public enum ModelFingerprint {
    private static let endings = ["bin", "json", "safetensors", "txt"]

    /// The first ten digits of a SHA-256 over names and contents; of a single file, its hash.
    ///
    /// - Throws: `FileError`.
    public static func of(_ source: ModelSource) throws -> String {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: source.url.path, isDirectory: &isFolder),
            isFolder.boolValue
        else { return try source.hash }
        var sum = SHA256()
        for part in ["scheduler", "text_encoder", "tokenizer", "unet", "vae"] {
            let folder = source.url.appending(path: part)
            guard FilePlace(folder).exists else { continue }
            for file in try Folder.entries(of: folder).sorted(by: { $0.path < $1.path }) {
                // The U-Net's weights have a hash of their own.
                guard part != "unet" || file.pathExtension == "json" else { continue }
                let values = try? file.resourceValues(forKeys: [.isRegularFileKey])
                // Notes of people beside them decide nothing.
                guard values?.isRegularFile == true, Self.endings.contains(file.pathExtension)
                else { continue }
                sum.update(Data("\(part)/\(file.lastPathComponent)\n".utf8))
                try sum.update(contentsOf: file)
            }
        }
        return sum.digest().hexadecimal(prefix: 10)
    }
}
