import ArgumentParser
import Comparison
import Evaluation
import Files
import Foundation
import RunRecord
import Settings
import Torch
import Training

/// One training of a comparison, in a process of its own, so that the peak of memory is its own.
struct CompareTask: Codable, Equatable {
    var configuration: FineTuningConfiguration
    /// As typed: `auto`, `cpu`, …
    var device: String
    /// What the progress is shown under.
    var title: String

    /// What such a process writes when it is done.
    struct Outcome: Codable {
        /// The folders and files that were written, the first being the one to load.
        var written: [String]
        var cost: TrainingCost
    }

    /// The task's own file in a folder, and that of its outcome.
    static func file(in folder: URL) -> URL { folder.appending(path: "task.json") }
    static func outcome(in folder: URL) -> URL { folder.appending(path: "outcome.json") }
}

/// `attune compare-one FOLDER`, which `attune compare` runs.
struct CompareOneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare-one",
        abstract: "One training of attune compare; it is run by that command.",
        shouldDisplay: false)

    @Argument(help: "A folder with task.json.")
    var folder: String

    func run() throws {
        let folder = URL(filePath: folder)
        let file = CompareTask.file(in: folder)
        let task: CompareTask
        do {
            task = try JSONDecoder().decode(
                CompareTask.self, from: try WholeFile.read(file, limit: 10_000_000))
        } catch is DecodingError {
            throw FileError(.read, file, reason: "it is no task of attune compare")
        }
        Self.endWithParent()
        let device = try Device(named: task.device)
        let progress = ProgressPrinter(wording: Wording(CompareCommand.self))
        var steps: [Double] = []
        var drift: Double?
        var written: [String] = []
        let begin = ContinuousClock.now
        let run = FineTuningRun(task.configuration, device: device) { event in
            switch event {
            case .preparing(let what, let done, let total):
                progress.update("\(task.title): \(what)", done: done, total: total)
            case .step(let record, let run):
                steps.append(record.seconds)
                progress.update(task.title, done: record.step, total: run.total)
            case .measured(let reading, _): drift = reading.drift
            case .modelSaved(let path): written.append(path)
            default: break
            }
        }
        do {
            try run.run()
        } catch {
            progress.finish()
            throw error
        }
        progress.finish()
        device.synchronize()
        let kept = written.first ?? ""
        let cost = TrainingCost(
            fileBytes: Self.size(URL(filePath: kept)),
            seconds: (ContinuousClock.now - begin) / .seconds(1),
            secondsPerStep: Self.median(steps), stepCount: steps.count,
            peakMemory: MemoryUse.peak(on: .cpu) ?? 0, peakDeviceMemory: device.memoryInUse?.peak,
            predictionDrift: drift)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try AtomicFile.write(
            try encoder.encode(CompareTask.Outcome(written: written, cost: cost)),
            to: CompareTask.outcome(in: folder))
    }

    private static func median(_ values: [Double]) -> Double {
        values.isEmpty ? 0 : values.sorted()[values.count / 2]
    }

    /// The comparison holds the other end of the standard input: when it ends, however it ends,
    /// nobody waits for this training any more.
    private static func endWithParent() {
        var ends = sigset_t()
        sigemptyset(&ends)
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_DFL)
            sigaddset(&ends, number)
        }
        // The thread that started the comparison may hold them back, and programs inherit that.
        pthread_sigmask(SIG_UNBLOCK, &ends, nil)
        DispatchQueue.global().async {
            while !FileHandle.standardInput.availableData.isEmpty {}
            _exit(130)
        }
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
