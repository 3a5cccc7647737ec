public import Imaging
public import StableDiffusion
import Torch

/// How much single pictures look like photos of a subject, by the features that
/// ``SubjectMatch`` has: a mean of cosines, which puts the pictures of one run in order.
public struct SubjectCloseness {
    private let center: Tensor
    private let reference: Tensor
    private let pipeline: Pipeline

    /// - Parameters:
    ///   - photos: of the subject, at least one.
    ///   - samples: some of the pictures that will be measured: what is common to all of them
    ///     tells none from another.
    ///   - pipeline: a model, best one that was not taught the subject.
    public init(photos: [PixelImage], samples: [PixelImage], by pipeline: Pipeline) {
        precondition(!photos.isEmpty && !samples.isEmpty, "nothing to measure")
        self.pipeline = pipeline
        let taught = SubjectMatch.features(photos, pipeline)
        let painted = SubjectMatch.features(samples, pipeline)
        center = withoutGradients {
            Tensor.concatenating([
                taught.mean([0, 2, 3], keepsAxes: true), painted.mean([0, 2, 3], keepsAxes: true),
            ]).mean([0], keepsAxes: true)
        }
        reference = SubjectMatch.parts(taught, center)
    }

    /// −1 to 1 for each picture.
    public func callAsFunction(_ pictures: [PixelImage]) -> [Double] {
        let parts = SubjectMatch.parts(SubjectMatch.features(pictures, pipeline), center)
        return pictures.indices.map { index in
            SubjectMatch.score(
                reference, parts.narrowed(0, start: index, length: 1), leavesOutSame: false)
        }
    }
}
