import Evaluation
import Files
public import Foundation
import RunRecord
public import Settings
import Torch
import Training

/// One training of a comparison, as it is handed to a process of its own.
public struct ComparisonTask: Codable, Sendable, Equatable {
    /// What is trained.
    public var settings: RunSettings
    /// What drift is measured with, by every method.
    public var classPrompt: String
    /// As typed: `auto`, `cpu`, …
    public var device: String
    /// What the progress is shown under.
    public var title: String

    /// What such a process writes when it is done.
    struct Outcome: Codable {
        /// The folders and files that were written, the first being the one to load.
        var written: [String]
        var cost: TrainingCost
    }

    /// The task's own file in a folder, and that of its outcome.
    static func file(in folder: URL) -> URL { folder.appending(path: "task.json") }
    static func outcome(in folder: URL) -> URL { folder.appending(path: "outcome.json") }

    init(settings: RunSettings, classPrompt: String, device: String, title: String) {
        self.settings = settings
        self.classPrompt = classPrompt
        self.device = device
        self.title = title
    }

    /// Reads `task.json` of a folder that a ``ComparisonSession`` has made.
    ///
    /// - Throws: `FileError`.
    public init(in folder: URL) throws {
        let file = Self.file(in: folder)
        do {
            self = try JSONDecoder().decode(
                ComparisonTask.self, from: try WholeFile.read(file, limit: 10_000_000))
        } catch is DecodingError {
            throw FileError(.read, file, reason: "it is no task of attune compare")
        }
    }

    /// Does the training, and writes `outcome.json` into the folder.
    ///
    /// - Parameter report: is told how far it is.
    /// - Throws: `FileError`, and what a training throws.
    public func perform(
        in folder: URL, report: @escaping (ComparisonEvent) -> Void
    ) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try AtomicFile.write(
            try encoder.encode(try perform(report: report)), to: Self.outcome(in: folder))
    }

    /// The run as it is told.
    var configuration: FineTuningConfiguration {
        get throws { withDrift(try settings.configuration()) }
    }

    private func withDrift(_ configuration: FineTuningConfiguration) -> FineTuningConfiguration {
        var result = configuration
        result.classPrompt = classPrompt
        return result
    }

    /// The run in the cheapest way that fits into the memory that there is.
    private func fitted(
        on device: Device, report: (ComparisonEvent) -> Void
    ) throws -> FineTuningConfiguration {
        let told = try configuration
        guard let room = MemoryRoom(on: device, limit: nil, folder: told.diskFolder) else {
            return told
        }
        let fitted: FittedTraining
        do {
            // What is compared is the numbers.
            fitted = try FittedTraining(settings, on: device, room: room, keepsNumbers: true) {
                try FineTuningRun(withDrift($0), device: device).forecast()
            }
        } catch is MemoryError {
            report(.notice("\(title): memory may not be enough."))
            return told
        }
        guard !fitted.added.isEmpty else { return told }
        let added = fitted.added.map { "`\($0)` \(fitted.settings[$0] ?? "")" }
        report(
            .notice(
                "\(title): trained with \(added.joined(separator: ", ")), as memory would not be "
                    + "enough otherwise."))
        return withDrift(try fitted.settings.configuration())
    }

    private func perform(report: @escaping (ComparisonEvent) -> Void) throws -> Outcome {
        let device = try Device(named: device)
        var steps: [Double] = []
        var drift: Double?
        var written: [String] = []
        let configuration = try fitted(on: device, report: report)
        let begin = ContinuousClock.now
        try FineTuningRun(configuration, device: device) { [title] event in
            switch event {
            case .preparing(let what, let done, let total):
                report(.progress(title: "\(title): \(what)", done: done, total: total))
            case .step(let record, let run):
                steps.append(record.seconds)
                report(.progress(title: title, done: record.step, total: run.total))
            case .measured(let reading, _): drift = reading.drift
            case .modelSaved(let path): written.append(path)
            default: break
            }
        }.run()
        device.synchronize()
        return Outcome(
            written: written,
            cost: TrainingCost(
                fileBytes: Self.size(URL(filePath: written.first ?? "")),
                seconds: (ContinuousClock.now - begin) / .seconds(1),
                secondsPerStep: Self.median(steps), stepCount: steps.count,
                peakMemory: MemoryUse.peak(on: .cpu) ?? 0,
                peakDeviceMemory: device.memoryInUse?.peakReserved, predictionDrift: drift))
    }

    private static func median(_ values: [Double]) -> Double {
        values.isEmpty ? 0 : values.sorted()[values.count / 2]
    }

    /// The bytes of a file, or of a model's folder, without what else a run leaves there.
    private static func size(_ url: URL) -> Int {
        let manager = FileManager.default
        func size(_ place: URL) -> Int {
            let values = try? place.resourceValues(forKeys: [.isRegularFileKey, .fileSizeKey])
            return values?.isRegularFile == true ? values?.fileSize ?? 0 : 0
        }
        let parts = (["model_index.json"] + modelParts).map { url.appending(path: $0) }
        return ([url] + parts).reduce(0) { sum, place in
            let inside = place == url ? nil : manager.enumerator(atPath: place.path)
            let files = (inside?.allObjects as? [String] ?? []).map { place.appending(path: $0) }
            return sum + size(place) + files.reduce(0) { $0 + size($1) }
        }
    }

    private static let modelParts = [
        "unet", "vae", "text_encoder", "tokenizer", "scheduler", "feature_extractor",
        "safety_checker",
    ]
}
