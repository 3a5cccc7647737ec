import Files
import Foundation

/// What web UIs know the files by that are laid over a model.
enum OverlayHash {
    /// Twelve digits of the SHA-256 of all that follows the header, or of what the metadata say; of
    /// the whole file where it is no `.safetensors`.
    ///
    /// Source: `NetworkOnDisk` in A1111's `extensions-builtin/Lora/network.py`.
    static func lora(_ url: URL, metadata: [String: String]) throws -> String {
        if let said = metadata["sshs_model_hash"], said.count >= 12,
            said.allSatisfy(\.isHexDigit)
        {
            return String(said.prefix(12)).lowercased()
        }
        let start = [UInt8](try WholeFile.prefix(url, count: 9))
        guard start.count == 9, start[8] == UInt8(ascii: "{") else {
            return try file(url, digits: 12)
        }
        // Eight bytes with the length of the header, the header, and then the tensors.
        let length = start.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        var sum = SHA256()
        try sum.update(contentsOf: url, from: length + 8)
        return sum.digest().hexadecimal(prefix: 12)
    }

    /// The first digits of the SHA-256 of a file.
    static func file(_ url: URL, digits: Int) throws -> String {
        try SHA256.digest(ofFile: url).hexadecimal(prefix: digits)
    }
}
