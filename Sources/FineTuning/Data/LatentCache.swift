public import StableDiffusion
public import Torch

/// The latents of photos, encoded once.
///
/// What is kept is the distribution that the autoencoder gives, not one sample of it: every time
/// a picture is seen it is sampled anew, as when nothing is kept.
public struct LatentCache {
    /// Means and standard deviations, times the scaling factor: float32 [channels, height, width]
    /// on the CPU.
    struct Entry {
        let mean: Tensor
        let deviation: Tensor
    }

    private let photos: [[Entry]]

    /// The number of photos.
    public var count: Int { photos.count }

    /// Encodes all photos in the autoencoder's own dtype.
    ///
    /// - Parameters:
    ///   - isCancelled: looked at between batches.
    ///   - progress: photos done, of how many.
    /// - Throws: `ImagingError` for a photo that can no longer be read,
    ///   ``TrainingError/interrupted(step:checkpoint:)``.
    public init(
        _ photos: TrainingPhotos, configuration: TrainingConfiguration, resolution: Int,
        autoencoder: Autoencoder, device: Device, isCancelled: () -> Bool = { false },
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws {
        // About two pictures of 512x512 pixels at a time: more is not faster, and takes memory.
        let batchSize = max(1, min(16, 2 * 512 * 512 / (resolution * resolution)))
        var entries: [[Entry]] = []
        for index in 0..<photos.count {
            if isCancelled() { throw TrainingError.interrupted(step: 0, checkpoint: nil) }
            let crops = try photos.crops(
                index, side: resolution, centered: configuration.centerCrop,
                seed: configuration.seed ?? 0)
            var encoded: [Entry] = []
            for start in stride(from: 0, to: crops.count, by: batchSize) {
                let batch = Array(crops[start..<min(start + batchSize, crops.count)])
                encoded += Self.encode(batch, autoencoder, device)
            }
            entries.append(encoded)
            progress(index + 1, photos.count)
        }
        self.photos = entries
    }

    private static func encode(
        _ pictures: [Tensor], _ autoencoder: Autoencoder, _ device: Device
    ) -> [Entry] {
        withoutGradients {
            let factor = autoencoder.configuration.scalingFactor
            let distribution = autoencoder.encode(
                Tensor.stacking(pictures).moved(to: device))
            func kept(_ tensor: Tensor) -> Tensor {
                (tensor * factor).converted(to: .float32, device: .cpu, format: .contiguous)
            }
            let means = kept(distribution.mean)
            let deviations = kept(distribution.standardDeviation)
            // Copies: a part of the batch would keep all of it in memory.
            return pictures.indices.map {
                Entry(
                    mean: means.selected(0, $0).copied(),
                    deviation: deviations.selected(0, $0).copied())
            }
        }
    }

    /// One photo's latents without chance: the mean of its first crop.
    func mean(_ index: Int) -> Tensor { photos[index][0].mean }

    /// Draws one photo's latents: which crop, where there are several, then the sample.
    ///
    /// - Returns: float32 [channels, height, width] on the CPU, scaled for diffusion.
    public func sample(_ index: Int, generator: Generator) -> Tensor {
        let crops = photos[index]
        let crop =
            crops.count == 1
            ? 0 : Tensor.randint(0..<crops.count, [1], generator: generator).integers()[0]
        let entry = crops[crop]
        return entry.mean + entry.deviation * Tensor.randn(entry.mean.shape, generator: generator)
    }
}
