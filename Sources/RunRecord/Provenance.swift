import Files
import Settings
package import Foundation
import Torch

/// `provenance.json`: what a run was made from and with, so that it can be told later whether
/// another is the same.
///
/// It holds no time and no name of a machine: the same run again writes the same bytes.
package struct Provenance: Codable, Equatable {
    /// One photo.
    package struct Photo: Codable, Equatable {
        package let name: String
        package let sha256: String
        package let heldOut: Bool

        enum CodingKeys: String, CodingKey {
            case name
            case sha256
            case heldOut = "held_out"
        }
    }

    package let attune: String
    package let libtorch: String
    package let device: String
    package let model: String
    package let modelHash: String
    package let photosFingerprint: String
    package let photos: [Photo]
    /// By the names of the options, as the run settled them.
    package let settings: [String: String]
    package let steps: Int
    /// What the run writes for people to load, by name.
    package let files: [String]

    enum CodingKeys: String, CodingKey {
        case attune
        case libtorch
        case device
        case model
        case modelHash = "model_hash"
        case photosFingerprint = "photos_fingerprint"
        case photos
        case settings
        case steps
        case files
    }

    /// Reads every photo for its hash.
    ///
    /// - Throws: `FileError` for a photo that can no longer be read.
    package init(_ description: RunDescription) throws {
        attune = Program.version
        libtorch = Compute.libTorchVersion
        device = description.device
        model = description.modelName
        modelHash = description.modelHash
        photosFingerprint = description.photosFingerprint
        photos = try description.photos.map { photo in
            Photo(
                name: photo.url.readableName,
                sha256: SHA256.digest(of: try WholeFile.read(photo.url)).hexadecimal,
                heldOut: photo.isHeldOut)
        }
        settings = description.settings
        steps = description.stepCount
        files = description.configuration.resultNames
    }

    /// Writes the file.
    package func write(to url: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(try encoder.encode(self) + Data("\n".utf8), to: url)
    }
}
