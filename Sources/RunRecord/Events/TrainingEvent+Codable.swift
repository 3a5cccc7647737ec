import Datasets
import Evaluation
import Foundation

/// As one flat object with the key `event`, which says what it is: a line of JSON for each event.
extension TrainingEvent: Codable {
    private enum Kind: String, Codable {
        case notice
        case found
        case skippedFiles = "skipped-files"
        case planned
        case preparing
        case started
        case step
        case measured
        case bestSaved = "best-saved"
        case verdict
        case stepSkipped = "step-skipped"
        case checkpointSaved = "checkpoint-saved"
        case validationPainted = "validation-painted"
        case modelSaved = "model-saved"
    }

    private enum Key: String, CodingKey {
        case event
        case text
        case data
        case folder
        case entries
        case run
        case what
        case done
        case total
        case first
        case before
        case path
        case step
        case reason
        case pictures
    }

    /// Writes the object.
    public func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Key.self)
        func set(_ kind: Kind) throws { try object.encode(kind, forKey: .event) }
        switch self {
        case .notice(let text):
            try set(.notice)
            try object.encode(text, forKey: .text)
        case .found(let data):
            try set(.found)
            try object.encode(data, forKey: .data)
        case .skippedFiles(let folder, let entries):
            try set(.skippedFiles)
            try object.encode(folder, forKey: .folder)
            try object.encode(entries, forKey: .entries)
        case .planned(let run):
            try set(.planned)
            try object.encode(run, forKey: .run)
        case .preparing(let what, let done, let total):
            try set(.preparing)
            try object.encode(what, forKey: .what)
            try object.encode(done, forKey: .done)
            try object.encode(total, forKey: .total)
        case .started(let first, let total):
            try set(.started)
            try object.encode(first, forKey: .first)
            try object.encode(total, forKey: .total)
        case .step(let record, let progress):
            try set(.step)
            try record.encode(to: encoder)
            try progress.encode(to: encoder)
        case .measured(let reading, let before):
            try set(.measured)
            try reading.encode(to: encoder)
            try object.encode(before, forKey: .before)
        case .bestSaved(let path, let step):
            try set(.bestSaved)
            try object.encode(path, forKey: .path)
            try object.encode(step, forKey: .step)
        case .verdict(let text):
            try set(.verdict)
            try object.encode(text, forKey: .text)
        case .stepSkipped(let step, let reason):
            try set(.stepSkipped)
            try object.encode(step, forKey: .step)
            try object.encode(reason, forKey: .reason)
        case .checkpointSaved(let path, let step):
            try set(.checkpointSaved)
            try object.encode(path, forKey: .path)
            try object.encode(step, forKey: .step)
        case .validationPainted(let step, let pictures):
            try set(.validationPainted)
            try object.encode(step, forKey: .step)
            try object.encode(pictures.map(\.path), forKey: .pictures)
        case .modelSaved(let path):
            try set(.modelSaved)
            try object.encode(path, forKey: .path)
        }
    }

    /// Reads the object.
    public init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: Key.self)
        func text(_ key: Key) throws -> String { try object.decode(String.self, forKey: key) }
        func number(_ key: Key) throws -> Int { try object.decode(Int.self, forKey: key) }
        switch try object.decode(Kind.self, forKey: .event) {
        case .notice: self = .notice(try text(.text))
        case .found: self = .found(try object.decode(FoundData.self, forKey: .data))
        case .skippedFiles:
            self = .skippedFiles(
                folder: try text(.folder),
                entries: try object.decode([SkippedFile].self, forKey: .entries))
        case .planned: self = .planned(try object.decode(RunSummary.self, forKey: .run))
        case .preparing:
            self = .preparing(try text(.what), done: try number(.done), total: try number(.total))
        case .started: self = .started(first: try number(.first), total: try number(.total))
        case .step: self = .step(try StepRecord(from: decoder), try RunProgress(from: decoder))
        case .measured:
            self = .measured(
                try LearningReading(from: decoder),
                before: try object.decode(LearningReading.self, forKey: .before))
        case .bestSaved: self = .bestSaved(path: try text(.path), step: try number(.step))
        case .verdict: self = .verdict(try text(.text))
        case .stepSkipped:
            self = .stepSkipped(step: try number(.step), reason: try text(.reason))
        case .checkpointSaved:
            self = .checkpointSaved(path: try text(.path), step: try number(.step))
        case .validationPainted:
            self = .validationPainted(
                step: try number(.step),
                pictures: try object.decode([String].self, forKey: .pictures).map {
                    URL(fileURLWithPath: $0)
                })
        case .modelSaved: self = .modelSaved(path: try text(.path))
        }
    }
}
