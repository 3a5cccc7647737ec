public import Datasets
public import Evaluation
public import Foundation

/// What a run tells while it goes on: all that a bar, a log or a page needs.
///
/// Events can be encoded, so that a run may be shown by another process than its own.
public enum TrainingEvent: Sendable, Equatable {
    /// A sentence worth knowing.
    case notice(String)
    /// What the folders of photos hold, before anything is made of it.
    case found(FoundData)
    /// What lay in another folder of pictures and is none.
    case skippedFiles(folder: String, entries: [SkippedFile])
    /// What the run is going to do: told once, before anything takes long.
    case planned(RunSummary)
    /// Something that comes before training, as `encoding photos`.
    case preparing(String, done: Int, total: Int)
    /// The loop begins; `first` steps were done by an earlier run.
    case started(first: Int, total: Int)
    /// A step was made.
    case step(StepRecord, RunProgress)
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

/// How far a run is, and what it takes.
public struct RunProgress: Codable, Sendable, Equatable {
    /// The steps of the whole run.
    public let total: Int
    /// Memory in bytes: what is allocated on a GPU, the most that the process has had on a CPU; nil
    /// where the system does not tell.
    public let memory: Int?

    /// Progress; see the members.
    public init(total: Int, memory: Int? = nil) {
        self.total = total
        self.memory = memory
    }
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
