import Evaluation
import Imaging

/// What a comparison found.
public struct ComparisonOutcome {
    /// What all trainings had in common.
    public let settings: ComparisonSettings
    let methods: [ComparedMethod]
    /// What every training gave.
    public let results: [ComparedRun]
    let photos: [PixelImage]
    let heldOutCount: Int
    /// The figures of each method.
    public let table: ComparisonTable
    /// Which method to use when.
    public let advice: [ComparisonAdvice]
    /// What the literature reports, held against the figures.
    public let literature: [LiteratureOrder]

    init(
        settings: ComparisonSettings, methods: [ComparedMethod], results: [ComparedRun],
        photos: [PixelImage], heldOut: [PixelImage], untrained: ComparisonPictures,
        measure: Likeness?, machineMemory: Int
    ) {
        self.settings = settings
        self.methods = methods
        self.results = results
        self.photos = photos
        heldOutCount = heldOut.count
        let known = measure.map { measure in
            let taught = measure.embedding(of: photos)
            let diversity = PictureFigures.diversity(of: taught, with: measure)
            return (
                untrained: untrained.figures(
                    settings, untrained: untrained, photos: heldOut.isEmpty ? photos : heldOut,
                    with: measure),
                // Without held-out photos, each photo against the others.
                ceiling: heldOut.isEmpty
                    ? diversity.map { 1 - $0 }
                    : measure.similarity(taught, measure.embedding(of: heldOut)),
                diversity: diversity
            )
        }
        table = ComparisonTable(
            results, untrained: known?.untrained, ceiling: known?.ceiling,
            photoDiversity: known?.diversity, reference: heldOut.isEmpty ? .training : .heldOut,
            machineMemory: machineMemory)
        advice = ComparisonAdvice.advice(for: table)
        literature = LiteratureOrder.checks(of: table)
    }

    static func withoutClip(_ model: String) -> String {
        "\(model) has no folder clip to measure pictures with, so faithfulness and diversity are "
            + "left out; drift is that of the prediction."
    }

    var record: ComparisonFolder.Record {
        .init(
            settings: settings, results: results, table: table, advice: advice,
            literature: literature)
    }

    /// How it was done, in sentences.
    var conditions: [String] {
        let seeds = FigureText.count(table.seedCount, "seed")
        let counts = Set(results.map(\.photoCount)).sorted().map(String.init)
        var result = [
            "Model: \(settings.model). Photos to learn from: \(FigureText.list(counts)) of "
                + "\(photos.count). Every method was trained with \(seeds)"
                + (table.seedCount > 1
                    ? "; figures are mean ± standard deviation over them." : "."),
            "Every figure of pictures is of \(settings.pictureCount) pictures of each prompt, "
                + "with the same seeds for every model (\(settings.samplingStepCount) sampling "
                + "steps, guidance \(settings.guidanceScale)).",
            "Each training ran in a process of its own, whose peak of memory is what is given.",
        ]
        if table.untrained == nil { result.append(Self.withoutClip(settings.model)) }
        if table.hasEnds {
            result.append(
                table.reference == .heldOut
                    ? "Likeness is measured to \(FigureText.count(heldOutCount, "photo")) that no "
                        + "training saw."
                    : "There were no held-out photos: likeness is measured to the training photos, "
                        + "which favours methods that learn them by heart.")
        }
        if settings.stepsScale != 1 {
            result.append(
                "All methods took \(settings.stepsScale) times their usual steps.")
        }
        return result
    }

    /// The trainings whose pictures are shown: all photos, the first seed.
    var shown: [ComparisonFolder.Run] {
        table.mainRows.compactMap { row in
            let seed = results.filter { $0.method == row.method && $0.photoCount == row.photoCount }
                .map(\.seed).min()
            return seed.map { .init(method: row.method, photoCount: row.photoCount, seed: $0) }
        }
    }
}
