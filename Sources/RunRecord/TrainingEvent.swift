public import Datasets
public import Evaluation
public import Foundation

/// What a run tells while it goes on.
public enum TrainingEvent: Sendable {
    /// A sentence worth knowing.
    case notice(String)
    /// What the folders of photos hold, before anything is made of it.
    case found(FoundData)
    /// What lay in another folder of pictures and is none.
    case skippedFiles(folder: String, entries: [(name: String, reason: String)])
    /// Something that comes before training, as `encoding photos`.
    case preparing(String, done: Int, total: Int)
    /// The loop begins; `first` steps were done by an earlier run.
    case started(first: Int, total: Int)
    case step(StepRecord, total: Int)
    /// A reading of what is learned and forgotten, and the one before training.
    case measured(LearningReading, before: LearningReading)
    /// What is trained was put aside after `step` steps: no reading before was as good.
    case bestSaved(path: String, step: Int)
    /// What the readings of the whole run mean, in one sentence.
    case verdict(String)
    /// A step whose loss or gradients were not finite; nothing was changed.
    case stepSkipped(step: Int, reason: String)
    case checkpointSaved(path: String, step: Int)
    /// Pictures of the validation prompt were painted after `step` steps.
    case validationPainted(step: Int, pictures: [URL])
    /// The trained model stands in this folder.
    case modelSaved(path: String)
}

/// One step, as `training.jsonl` records it.
public struct StepRecord: Codable, Sendable, Equatable {
    /// Counted from 1.
    public let step: Int
    /// The mean over the step's batches.
    public let loss: Double
    /// The rate of this step.
    public let learningRate: Double
    /// Of all parameters together, before clipping.
    public let gradientNorm: Double
    /// The wall time of the step, without saving and painting.
    public let seconds: Double

    enum CodingKeys: String, CodingKey {
        case step
        case loss
        case learningRate = "lr"
        case gradientNorm = "grad_norm"
        case seconds
    }

    /// A record; see the members.
    public init(
        step: Int, loss: Double, learningRate: Double, gradientNorm: Double, seconds: Double
    ) {
        self.step = step
        self.loss = loss
        self.learningRate = learningRate
        self.gradientNorm = gradientNorm
        self.seconds = seconds
    }
}
