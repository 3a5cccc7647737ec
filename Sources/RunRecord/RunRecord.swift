package import Datasets
package import Evaluation
package import Foundation

/// What has happened in a run, collected from its events.
package struct RunRecord {
    /// Pictures painted after so many steps.
    package struct Preview {
        package let step: Int
        package let pictures: [URL]
    }

    /// How far the run is.
    package enum State: Equatable {
        case running
        case done
        /// It ended early, for this reason.
        case ended(String)
    }

    package private(set) var state = State.running
    package private(set) var steps: [StepRecord] = []
    package private(set) var curve = LearningCurve()
    package private(set) var previews: [Preview] = []
    /// What the folders of photos held.
    package private(set) var found: FoundData?
    package private(set) var skippedFiles: [(folder: String, entries: [SkippedFile])] = []
    package private(set) var notices: [String] = []
    package private(set) var verdict: String?
    /// The folder of the best state, and the step it is of.
    package private(set) var best: (url: URL, step: Int)?
    /// What was written for people to load.
    package private(set) var files: [URL] = []

    /// Nothing yet.
    package init() {}

    /// Steps done.
    package var step: Int { steps.last?.step ?? 0 }

    /// The wall time of all steps, of earlier runs too.
    package var seconds: Double { steps.reduce(0) { $0 + $1.seconds } }

    /// Takes over what the log of an earlier run holds.
    package mutating func resume(
        _ steps: [StepRecord], _ readings: [LearningReading], _ previews: [(Int, [URL])],
        best: (url: URL, step: Int)?
    ) {
        self.steps = steps
        curve = LearningCurve(readings)
        self.previews = previews.map(Preview.init)
        self.best = best
    }

    /// Takes in what is told.
    package mutating func add(_ event: TrainingEvent) {
        switch event {
        case .notice(let sentence): notices.append(sentence)
        case .found(let data):
            found = data
            for folder in data.folders where !folder.skipped.isEmpty {
                skippedFiles.append(
                    (
                        folder.path,
                        folder.skipped.map { SkippedFile(name: $0.name, reason: $0.reason) }
                    ))
            }
        case .skippedFiles(let folder, let entries): skippedFiles.append((folder, entries))
        case .step(let record, _): steps.append(record)
        case .measured(let reading, _): curve.append(reading)
        case .verdict(let sentence): verdict = sentence
        case .bestSaved(let path, let step): best = (URL(fileURLWithPath: path), step)
        case .validationPainted(let step, let pictures):
            previews.removeAll { $0.step >= step }
            previews.append(Preview(step: step, pictures: pictures))
        case .modelSaved(let path): files.append(URL(fileURLWithPath: path))
        case .planned, .preparing, .started, .stepSkipped, .checkpointSaved: break
        }
    }

    /// Notes that the run is over.
    package mutating func end(_ state: State) { self.state = state }
}
