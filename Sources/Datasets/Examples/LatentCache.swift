import Files
package import StableDiffusion
public import Torch

/// The latents of photos, encoded once.
///
/// What is kept is the distribution that the autoencoder gives, not one sample of it: every time
/// a picture is seen it is sampled anew, as when nothing is kept.
public struct LatentCache {
    /// One view of a photo: a crop of it, as it is or mirrored.
    struct Entry {
        /// Mean and standard deviation, times the scaling factor: float32
        /// [channels, height, width] on the CPU.
        let mean: Tensor
        let deviation: Tensor
        /// What the error weighs at each place, [1, height, width]; nil: 1 everywhere.
        let weights: Tensor?
    }

    private let photos: [[Entry]]

    /// The number of photos.
    public var count: Int { photos.count }

    /// All photos.
    package var ids: [PhotoID] { photos.indices.map(PhotoID.init) }

    /// Encodes all photos in the autoencoder's own dtype.
    ///
    /// - Parameters:
    ///   - views: how photos become pictures of the sizes that are trained.
    ///   - store: where latents are kept between runs; nil: nowhere.
    ///   - checkCancellation: called before each photo; what it throws ends the encoding.
    ///   - notify: takes a sentence where latents cannot be kept, which ends nothing.
    ///   - progress: photos done, of how many.
    /// - Throws: `ImagingError` for a photo that can no longer be read, and what
    ///   `checkCancellation` throws.
    package init(
        _ photos: TrainingPhotos, views: PhotoViews, store: LatentStore? = nil,
        autoencoder: Autoencoder, device: Device, checkCancellation: () throws -> Void = {},
        notify: (String) -> Void = { _ in },
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws {
        let factor = autoencoder.configuration.downsamplingFactor
        let batchSize = Self.batchSize(resolution: views.resolution)
        var entries: [[Entry]] = []
        var hasTold = false
        for index in 0..<photos.count {
            try checkCancellation()
            let photo = photos.photos[index]
            let file = try store?.file(of: photo, index: index, views)
            if let file, let kept = store?.read(file) {
                entries.append(kept)
                progress(index + 1, photos.count)
                continue
            }
            let pictures = try views.pictures(of: photo, index: index)
            var encoded: [Entry] = []
            for start in stride(from: 0, to: pictures.count, by: batchSize) {
                let batch = Array(pictures[start..<min(start + batchSize, pictures.count)])
                encoded += Self.encode(batch, autoencoder, factor, device)
            }
            do {
                if let file { try store?.write(encoded, to: file) }
            } catch let error as FileError {
                if !hasTold { notify("Latents are not kept, the run goes on: \(error)") }
                hasTold = true
            }
            entries.append(encoded)
            progress(index + 1, photos.count)
        }
        self.photos = entries
    }

    /// How many pictures of this side are encoded at once, at most: about two of 512x512 pixels;
    /// more is not faster, and takes memory.
    package static func batchSize(resolution: Int) -> Int {
        max(1, min(16, 2 * 512 * 512 / (resolution * resolution)))
    }

    private static func encode(
        _ pictures: [PhotoViews.Picture], _ autoencoder: Autoencoder, _ factor: Int,
        _ device: Device
    ) -> [Entry] {
        withoutGradients {
            let scale = autoencoder.configuration.scalingFactor
            let distribution = autoencoder.encode(
                Tensor.stacking(pictures.map(\.pixels)).moved(to: device))
            func kept(_ tensor: Tensor) -> Tensor {
                (tensor * scale).converted(to: .float32, device: .cpu, format: .contiguous)
            }
            let means = kept(distribution.mean)
            let deviations = kept(distribution.standardDeviation)
            // Copies: a part of the batch would keep all of it in memory.
            return pictures.indices.map {
                Entry(
                    mean: means.selected(0, $0).copied(),
                    deviation: deviations.selected(0, $0).copied(),
                    weights: pictures[$0].weights?.averagePooled(factor))
            }
        }
    }

    /// The shape of one photo's latents, [channels, height, width].
    public func shape(_ photo: PhotoID) -> [Int] { photos[photo.place][0].mean.shape }

    /// One photo's latents without chance: the mean of its first view, and what the error weighs
    /// there.
    package func mean(_ photo: PhotoID) -> (latents: Tensor, weights: Tensor?) {
        (photos[photo.place][0].mean, photos[photo.place][0].weights)
    }

    /// Draws one photo's latents: which view, where there are several, then the sample.
    ///
    /// - Returns: float32 [channels, height, width] on the CPU, scaled for diffusion, and what the
    ///   error weighs at each place, [1, height, width]; nil: 1 everywhere.
    public func sample(
        _ photo: PhotoID, generator: Generator
    ) -> (latents: Tensor, weights: Tensor?) {
        let views = photos[photo.place]
        let view =
            views.count == 1
            ? 0 : Tensor.randint(0..<views.count, [1], generator: generator).integers()[0]
        let entry = views[view]
        let noise = Tensor.randn(entry.mean.shape, generator: generator)
        return (entry.mean + entry.deviation * noise, entry.weights)
    }
}
