package import Datasets
import StableDiffusion
package import Torch

/// Whether a run learns, and whether it forgets: both on rows that are the same every time.
///
/// The loss of a step says little, since timesteps and noise decide most of it. Here the same
/// photos are noised in the same way at timesteps all over the schedule, so that two readings
/// differ by what was trained between them.
package final class LearningMeasure {
    /// Rows of a reading for one subject; their timesteps are spread evenly.
    static let rowCount = 8

    private let model: MeasuredModel
    private let batches: [DiffusionBatch]
    /// The same rows with the text without the subject.
    private let classBatches: [DiffusionBatch]
    /// Of photos that are trained on, where the others are of such as are held out; else none.
    private let trainedBatches: [DiffusionBatch]
    /// What the untrained model predicts for those.
    private let frozen: [Tensor]
    private let rows: Int

    /// Must be made before anything is trained or restored.
    ///
    /// - Parameters:
    ///   - subjects: whose each photo is; each subject has as many rows.
    ///   - batchSize: rows in one forward pass: as in training, so that memory suffices.
    ///   - heldOut: the photos that are not trained on; where there are some, they are measured.
    ///   - texts: which texts the photos and the classes have.
    package init(
        _ model: MeasuredModel, photos: LatentCache, subjects: [SubjectID],
        heldOut: [PhotoID] = [], texts: RunTexts, batchSize: Int, seed: UInt64, device: Device
    ) {
        self.model = model
        let count = model.timestepCount
        func batches(
            of chosen: [PhotoID], text: (_ photo: PhotoID, _ row: Int) -> TextID
        ) -> [DiffusionBatch] {
            // The same noise for both kinds of photos, so that it decides none of the difference.
            let generator = Generator(seed: Seeds.derived(from: seed, .measure, 0))
            let rows = Set(subjects).sorted().flatMap { subject in
                let chosen = chosen.filter { subjects[$0.place] == subject }
                return (0..<Self.rowCount).map { row in
                    let photo = chosen[row % chosen.count]
                    let (latents, weights) = photos.mean(photo)
                    return DiffusionRow(
                        latents: latents, noise: Tensor.randn(latents.shape, generator: generator),
                        timestep: (2 * row + 1) * count / (2 * Self.rowCount), isClass: false,
                        text: text(photo, row), weights: weights)
                }
            }
            return stride(from: 0, to: rows.count, by: batchSize).flatMap { start in
                DiffusionBatch.batches(
                    Array(rows[start..<min(start + batchSize, rows.count)]), device: device)
            }
        }
        let trained = photos.ids.filter { !heldOut.contains($0) }
        let measured = heldOut.isEmpty ? trained : heldOut
        self.batches = batches(of: measured, text: texts.measured)
        classBatches = batches(of: measured) { photo, _ in
            texts.ofClass(subjects[photo.place])
        }
        trainedBatches = heldOut.isEmpty ? [] : batches(of: trained, text: texts.measured)
        rows = self.batches.reduce(0) { $0 + $1.texts.count }
        model.prepare()
        frozen = withoutGradients { [classBatches] in classBatches.map(model.prediction) }
    }

    /// What is true after so many steps.
    package func read(step: Int) -> LearningReading {
        model.prepare()
        return withoutGradients {
            var (error, moved, size) = (0.0, 0.0, 0.0)
            for batch in batches {
                error += model.rowErrors(batch).sum().item()
            }
            for (batch, frozen) in zip(classBatches, frozen) {
                let now = model.prediction(batch)
                moved += (now - frozen).squared().sum().item()
                size += frozen.squared().sum().item()
            }
            return LearningReading(
                step: step, error: error / Double(rows),
                drift: (moved / max(size, 1e-30)).squareRoot(), trainError: trainError)
        }
    }

    /// The error on photos that are trained on, where that is not the error that counts.
    private var trainError: Double? {
        guard !trainedBatches.isEmpty else { return nil }
        let error = trainedBatches.reduce(0.0) { sum, batch in
            sum + model.rowErrors(batch).sum().item()
        }
        return error / Double(rows)
    }
}
