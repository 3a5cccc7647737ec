public import Evaluation
import Imaging
public import Torch

/// What can be said of the pictures of one model, as cosines between embeddings by CLIP.
///
/// CLIP-I and CLIP-T of Ruiz et al. 2022, arXiv 2208.12242, section 4.1; diversity and the
/// nearness of the class to the subject are its DIV and PRES, by CLIP in place of LPIPS and DINO.
public struct PictureFigures: Codable, Sendable, Equatable {
    /// Pictures of the subject against photos of it: the mean cosine of all pairs, −1…1.
    public var likeness: Double
    /// Pictures in new places against what their prompts say, −1…1: plain cosines.
    public var faithfulness: Double
    /// Class pictures against those of the untrained model from the same seeds: 1 − cosine, 0…2.
    public var drift: Double
    /// Class pictures against photos of the subject, −1…1: high where the class became it.
    public var nearness: Double
    /// Two class pictures of different seeds: the mean of 1 − cosine, 0…2; nil with one picture.
    public var classDiversity: Double?
    /// The same of pictures of the subject.
    public var subjectDiversity: Double?

    /// Figures that were measured elsewhere; see the members.
    public init(
        likeness: Double, faithfulness: Double, drift: Double, nearness: Double,
        classDiversity: Double?, subjectDiversity: Double?
    ) {
        self.likeness = likeness
        self.faithfulness = faithfulness
        self.drift = drift
        self.nearness = nearness
        self.classDiversity = classDiversity
        self.subjectDiversity = subjectDiversity
    }

    /// Measures embeddings, each unit vectors, float32 [pictures, width].
    ///
    /// - Parameters:
    ///   - placed: pictures in new places, and `texts` what each of them should show.
    ///   - untrained: the class pictures of the untrained model, of the same seeds as `ofClass`.
    ///   - photos: what the likeness is measured to.
    public init(
        subject: Tensor, ofClass: Tensor, placed: Tensor, texts: Tensor, untrained: Tensor,
        photos: Tensor, with measure: Likeness
    ) {
        likeness = measure.similarity(subject, photos)
        faithfulness = measure.pairedSimilarity(placed, texts)
        drift = max(0, 1 - measure.pairedSimilarity(ofClass, untrained))
        nearness = measure.similarity(ofClass, photos)
        classDiversity = Self.diversity(of: ofClass, with: measure)
        subjectDiversity = Self.diversity(of: subject, with: measure)
    }

    /// The mean of 1 − cosine over all pairs of different rows; nil for fewer than two.
    public static func diversity(of rows: Tensor, with measure: Likeness) -> Double? {
        let count = Double(rows.size(0))
        guard count > 1 else { return nil }
        // Each row against itself is 1, and no pair.
        let pairs = (measure.similarity(rows, rows) * count - 1) / (count - 1)
        return max(0, 1 - pairs)
    }
}

/// What one training cost.
public struct TrainingCost: Codable, Sendable, Equatable {
    /// Of what people keep and load.
    public var fileBytes: Int
    /// Wall time of the run, with loading and encoding, in seconds.
    public var seconds: Double
    /// The median step.
    public var secondsPerStep: Double
    /// Steps done.
    public var stepCount: Int
    /// The most memory that the training's own process had, in bytes.
    public var peakMemory: Int
    /// The most memory on a GPU, in bytes; nil on a processor.
    public var peakDeviceMemory: Int?
    /// How far the prediction for the class prompt moved, as a share of it: the last reading in
    /// `training.jsonl`; nil where there is none.
    public var predictionDrift: Double?

    /// A cost; see the members.
    public init(
        fileBytes: Int, seconds: Double, secondsPerStep: Double, stepCount: Int, peakMemory: Int,
        peakDeviceMemory: Int? = nil, predictionDrift: Double? = nil
    ) {
        self.fileBytes = fileBytes
        self.seconds = seconds
        self.secondsPerStep = secondsPerStep
        self.stepCount = stepCount
        self.peakMemory = peakMemory
        self.peakDeviceMemory = peakDeviceMemory
        self.predictionDrift = predictionDrift
    }
}

/// One method, trained once.
public struct ComparedRun: Codable, Sendable, Equatable {
    /// How it was trained.
    public var method: ComparedMethod
    /// With how many photos.
    public var photoCount: Int
    /// The training's seed.
    public var seed: UInt64
    /// What it cost.
    public var cost: TrainingCost
    /// How far its pictures in new places have come towards photos of the subject, as
    /// `SubjectMatch` has it; nil where it could not be measured.
    public var match: Double?
    /// What its pictures are like; nil without a CLIP.
    public var pictures: PictureFigures?

    /// A result; see the members.
    public init(
        method: ComparedMethod, photoCount: Int, seed: UInt64, cost: TrainingCost,
        match: Double? = nil, pictures: PictureFigures?
    ) {
        self.method = method
        self.photoCount = photoCount
        self.seed = seed
        self.cost = cost
        self.match = match
        self.pictures = pictures
    }
}
