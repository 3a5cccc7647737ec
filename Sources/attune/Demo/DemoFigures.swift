import Evaluation
import Imaging
import Torch

/// How well the subject was learned, as cosines between embeddings by the small CLIP.
struct DemoFigures: Codable {
    /// Pictures of the subject against photos that were kept aside; nil without such photos.
    var likeness: BeforeAndAfter?
    /// The photos it was taught with against those kept aside: as good as it gets.
    var photoLikeness: Double?
    /// An ordinary thing of the kind, the model before against the model after, seed by seed.
    var classKept: Double
    /// Two ordinary things of different seeds by the model before, for comparison.
    var classVariety: Double
    /// Pictures against their prompts.
    var faithfulness: BeforeAndAfter

    struct BeforeAndAfter: Codable {
        var before: Double
        var after: Double
    }

    init(
        _ measure: Likeness, _ settings: DemoSettings, before: DemoPictures, after: DemoPictures,
        photos: [PixelImage], heldOut: [PixelImage]
    ) {
        if !heldOut.isEmpty {
            let aside = measure.embedding(of: heldOut)
            likeness = BeforeAndAfter(
                before: measure.similarity(measure.embedding(of: before.subject), aside),
                after: measure.similarity(measure.embedding(of: after.subject), aside))
            photoLikeness = measure.similarity(measure.embedding(of: photos), aside)
        }
        let classBefore = measure.embedding(of: before.ofClass)
        classKept = measure.pairedSimilarity(
            classBefore, measure.embedding(of: after.ofClass))
        let count = Double(before.ofClass.count)
        let all = measure.similarity(classBefore, classBefore)
        // Without each picture against itself.
        classVariety = count > 1 ? (all * count - 1) / (count - 1) : 1
        // The subject's name means nothing to the small CLIP.
        let texts = measure.embedding(of: settings.prompts.map { settings.plain($0.template) })
        faithfulness = BeforeAndAfter(
            before: measure.pairedSimilarity(measure.embedding(of: before.shown), texts),
            after: measure.pairedSimilarity(measure.embedding(of: after.shown), texts))
    }

    /// Name, numbers and one plain sentence of each figure.
    func lines(_ settings: DemoSettings, heldOutCount: Int) -> [Line] {
        var result: [Line] = []
        if let likeness, let photoLikeness {
            result.append(
                Line(
                    title: "Likeness to the subject", before: likeness.before,
                    after: likeness.after, goal: photoLikeness,
                    sentence: "How much pictures of “\(settings.instancePrompt)” look like "
                        + "\(DemoOutcome.count(heldOutCount, "photo")) of it that training never "
                        + "saw; the photos it learned from reach \(Self.text(photoLikeness))."))
        }
        result.append(
            Line(
                title: "Any \(settings.subject) is kept", before: nil, after: classKept,
                goal: nil,
                sentence: "How much “\(settings.classPrompt)” still looks as it did before, at "
                    + "the same seeds: 1 is unchanged, and two pictures of different seeds are "
                    + "\(Self.text(classVariety)) alike."))
        result.append(
            Line(
                title: "Faithful to the prompt", before: faithfulness.before,
                after: faithfulness.after, goal: nil,
                sentence: "How well the \(settings.prompts.count) pictures show what their "
                    + "prompts say; it should not fall much."))
        return result
    }

    struct Line {
        let title: String
        let before: Double?
        let after: Double
        /// What would be perfect.
        let goal: Double?
        let sentence: String

        /// `0.41 → 0.83`
        var numbers: String {
            (before.map { DemoFigures.text($0) + " → " } ?? "") + DemoFigures.text(after)
        }
    }

    /// Two decimals.
    static func text(_ value: Double) -> String {
        let hundredths = Int((abs(value) * 100).rounded())
        let sign = value < 0 && hundredths > 0 ? "−" : ""
        let rest = hundredths % 100
        return "\(sign)\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }
}
