import Datasets
public import Imaging
public import StableDiffusion
import Torch

/// How much pictures look like photos of a subject, part by part.
///
/// CLIP knows kinds of things, colours and places, and is not made to tell two things of a kind
/// apart, which Ruiz et al. 2022 (arXiv 2208.12242, section 4.1) hold against it. Here the features
/// are the untrained model's own: what the middle of its U-Net makes of a noised picture (Tang et
/// al. 2023, arXiv 2306.03881), averaged over several draws. For each place of a photo its best match
/// anywhere in a picture is looked for, so a picture may show the subject elsewhere; the mean of
/// these cosines is the score.
///
/// Scores mean little by themselves, so a figure is how far pictures have come from those of the
/// untrained model, 0, to other photos of the subject, 1.
public struct SubjectMatch {
    /// Draws of noise that features are averaged over.
    private static let drawCount = 8
    /// Where in the noise schedule features are taken. By the embedded model, photos of the shipped
    /// robot are told best from those of the nearest other subject between 0.45 and 0.6; of these
    /// levels the last one orders pictures as the eye does.
    private static let noiseLevel = 0.6
    /// Pictures in one forward pass.
    private static let batchSize = 8

    /// The mean of all features that the scale was made from, [1, channels, 1, 1].
    private let center: Tensor
    /// Unit vectors of the photos, [photos, places, channels].
    private let reference: Tensor
    private let untrained: Double
    private let photos: Double

    /// Nil where there is nothing to make a scale of: a single photo, or photos that look no more
    /// like each other than the untrained model's pictures do.
    ///
    /// - Parameters:
    ///   - photos: those that methods learn from.
    ///   - heldOut: those to measure against; where there are none, the photos themselves, each
    ///     against the others.
    ///   - pictures: painted by the untrained model with the prompts of those to be measured.
    ///   - pipeline: the untrained model.
    public init?(
        photos: [PixelImage], heldOut: [PixelImage], untrained pictures: [PixelImage],
        by pipeline: Pipeline
    ) {
        precondition(!photos.isEmpty && !pictures.isEmpty, "nothing to measure")
        guard !heldOut.isEmpty || photos.count > 1 else { return nil }
        let (taught, painted) = (
            Self.features(photos, pipeline), Self.features(pictures, pipeline)
        )
        center = withoutGradients {
            Tensor.concatenating([taught, painted]).mean([0, 2, 3], keepsAxes: true)
        }
        let parts = Self.parts(taught, center)
        reference =
            heldOut.isEmpty ? parts : Self.parts(Self.features(heldOut, pipeline), center)
        untrained = Self.score(reference, Self.parts(painted, center), leavesOutSame: false)
        self.photos = Self.score(reference, parts, leavesOutSame: heldOut.isEmpty)
        guard self.photos > untrained else { return nil }
    }

    /// How far pictures have come: 0 as the untrained model's, 1 as photos of the subject.
    ///
    /// - Parameter pipeline: the untrained model.
    public func callAsFunction(_ pictures: [PixelImage], by pipeline: Pipeline) -> Double {
        let parts = Self.parts(Self.features(pictures, pipeline), center)
        let score = Self.score(reference, parts, leavesOutSame: false)
        return (score - untrained) / (photos - untrained)
    }

    /// [pictures, channels, height, width] on the CPU.
    static func features(_ pictures: [PixelImage], _ pipeline: Pipeline) -> Tensor {
        let source = pipeline.source
        let configuration = source.vaeConfiguration
        let side = source.unetConfiguration.sampleSize * configuration.downsamplingFactor
        let schedule = NoiseSchedule(source.schedulerConfiguration)
        let step = Int(noiseLevel * Double(schedule.trainingStepCount))
        return withoutGradients {
            let text = pipeline.encode([""])
            let batches = stride(from: 0, to: pictures.count, by: batchSize).map { start in
                let batch = pictures[start..<min(start + batchSize, pictures.count)]
                let pixels = Tensor.stacking(
                    batch.map {
                        $0.resizedAndCropped(width: side, height: side, crop: .center).signedTensor
                    })
                let latents =
                    pipeline.autoencoder.encode(
                        pixels.moved(to: pipeline.device).cast(to: pipeline.precision)
                    ).mean.cast(to: .float32) * configuration.scalingFactor
                let times = Tensor.full([batch.count], Double(step), device: pipeline.device)
                let draws = (0..<drawCount).map { draw in
                    // The same for every picture, so that it makes none differ.
                    let noise = Tensor.randn(
                        [1] + latents.shape.dropFirst(), generator: Generator(seed: UInt64(draw)))
                    let noisy = schedule.noisy(
                        latents,
                        noise: noise.moved(to: pipeline.device).expanded(latents.shape),
                        timesteps: batch.map { _ in step })
                    return pipeline.unet.middleFeatures(
                        noisy.cast(to: pipeline.precision), timesteps: times,
                        context: text.expanded([batch.count, -1, -1])
                    ).cast(to: .float32)
                }
                return (draws.dropFirst().reduce(draws[0], +) / Double(drawCount))
                    .moved(to: .cpu)
            }
            return Tensor.concatenating(batches)
        }
    }

    /// Unit vectors, [pictures, places, channels].
    static func parts(_ features: Tensor, _ center: Tensor) -> Tensor {
        withoutGradients {
            let shape = features.shape
            let rows = (features - center).reshaped(shape[0], shape[1], shape[2] * shape[3])
                .permuted(0, 2, 1)
            let norms = rows.squared().sum([2], keepsAxes: true).squareRoot()
            return rows / (norms + 1e-12)
        }
    }

    /// The mean, over all pairs of a photo and a picture and over the photo's places, of the best
    /// cosine among the picture's places.
    ///
    /// - Parameter leavesOutSame: whether a photo is not compared with the picture of its number.
    static func score(
        _ reference: Tensor, _ parts: Tensor, leavesOutSame: Bool
    ) -> Double {
        withoutGradients {
            var (sum, count) = (0.0, 0)
            for photo in 0..<reference.size(0) {
                for picture in 0..<parts.size(0) where !(leavesOutSame && photo == picture) {
                    let cosines = reference.selected(0, photo)
                        .matmul(parts.selected(0, picture).transposed(0, 1))
                    sum += cosines.maximum([1]).mean().item()
                    count += 1
                }
            }
            return sum / Double(count)
        }
    }
}
