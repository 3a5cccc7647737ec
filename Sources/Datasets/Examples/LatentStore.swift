import Files
package import Foundation
import Imaging
import NN
package import Settings
package import StableDiffusion
package import Torch

/// Latents kept in a folder between runs: a file for each photo, named by the SHA-256 of all that
/// decides what is in it, so that a stale one is never found.
package struct LatentStore {
    /// The folder's name, beside the output folder: runs with the same photos share it.
    static let folderName = ".attune-cache"
    /// To be raised when the same inputs give other latents.
    private static let version = 1

    let folder: URL
    /// Of what is the same for all photos: the autoencoder, and what it computes on.
    private let common: SHA256

    /// Makes the folder where it is missing.
    ///
    /// - Throws: `FileError`.
    package init(_ folder: URL, autoencoder: Autoencoder, device: Device) throws {
        self.folder = folder
        try Folder.create(folder)
        var hash = SHA256()
        let scale = autoencoder.configuration.scalingFactor
        hash.update(Data("\(Self.version) \(device) \(scale)".utf8))
        for (name, tensor) in autoencoder.parameters.entries {
            hash.update(Data("\(name) \(tensor.shape) \(tensor.dtype)".utf8))
            hash.update(tensor.moved(to: .cpu).rawBytes())
        }
        common = hash
    }

    /// Where the latents of a photo are, or would be.
    ///
    /// - Throws: `FileError` for a photo or mask that cannot be read.
    func file(of photo: PhotoFolder.Photo, index: Int, _ views: PhotoViews) throws -> URL {
        var hash = common
        try views.identify(photo, index: index, in: &hash)
        return folder.appendingPathComponent("\(hash.digest().hexadecimal).safetensors")
    }

    /// The entries in a file; nil where there is none, or it is damaged.
    func read(_ url: URL) -> [LatentCache.Entry]? {
        guard let file = try? SafetensorsFile(url), let means = file.tensor("mean"),
            let deviations = file.tensor("deviation"), means.shape == deviations.shape,
            means.rank == 4, !means.shape.contains(0), means.dtype == .float32,
            deviations.dtype == .float32, means.isAllFinite, deviations.isAllFinite
        else { return nil }
        let weights = file.tensor("weights")
        guard weights.map({ $0.rank == 4 && $0.size(0) == means.size(0) }) ?? true else {
            return nil
        }
        // Copies: the file may be taken away while the run goes on.
        return (0..<means.size(0)).map { view in
            LatentCache.Entry(
                mean: means.selected(0, view).copied(),
                deviation: deviations.selected(0, view).copied(),
                weights: weights?.selected(0, view).copied())
        }
    }

    /// Writes the entries of one photo.
    ///
    /// - Throws: `FileError`, or `CheckpointError` for latents that are not finite.
    func write(_ entries: [LatentCache.Entry], to url: URL) throws {
        var tensors = [
            ("mean", Tensor.stacking(entries.map(\.mean))),
            ("deviation", Tensor.stacking(entries.map(\.deviation))),
        ]
        let weights = entries.compactMap(\.weights)
        if !weights.isEmpty { tensors.append(("weights", Tensor.stacking(weights))) }
        try SafetensorsWriter.write(
            tensors.map { (name: $0.0, tensor: $0.1) }, to: url, metadata: [:])
    }
}

extension PhotoViews {
    /// Adds all that decides a photo's views: its bytes, those of its mask, sizes and crops.
    fileprivate func identify(
        _ photo: PhotoFolder.Photo, index: Int, in hash: inout SHA256
    ) throws {
        hash.update(SHA256.digest(of: try WholeFile.read(photo.url)).bytes)
        hash.update(Data(description(of: photo, index: index).utf8))
        guard let (source, weight) = maskSource(index) else { return }
        hash.update(Data("mask \(weight)".utf8))
        // Transparency is in the photo's own bytes.
        guard case .file(let url) = source else { return }
        hash.update(SHA256.digest(of: try WholeFile.read(url)).bytes)
    }
}

extension FineTuningConfiguration {
    /// Where latents are kept between runs; nil: they are not.
    package var latentsFolder: URL? {
        guard data.cacheLatentsToDisk else { return nil }
        return URL(fileURLWithPath: outputDir).deletingLastPathComponent()
            .appendingPathComponent(LatentStore.folderName)
    }
}
