import Evaluation
import RunRecord
import Files
import Foundation

/// What stands in an output folder of another branch than the run that goes on there, which goes
/// back to an older checkpoint or comes from elsewhere.
///
/// It is put aside, and nothing of it is lost: as it is, `latest` would take it for the run's own
/// the next time.
struct AbandonedBranch {
    /// The steps of the checkpoints that are not the run's own, in ascending order.
    let steps: [Int]
    private let output: URL
    private let lastStep: Int

    /// Looks at a folder.
    init(_ output: URL, goingOnFrom checkpoint: TrainingCheckpoint) {
        func place(_ url: URL) -> String { url.standardizedFileURL.resolvingSymlinksInPath().path }
        let isOwn = place(checkpoint.url.deletingLastPathComponent()) == place(output)
        self.output = output
        lastStep = isOwn ? checkpoint.state.step : 0
        steps = CheckpointFolder.steps(in: output).filter { [lastStep] in !isOwn || $0 > lastStep }
    }

    /// Puts the branch into a folder of its own, `abandoned-from-step-N` in the output folder.
    ///
    /// Checkpoints, pictures and the best state are moved; the log and what is made from it are
    /// copied, since they begin with steps that both have.
    ///
    /// - Returns: the folder; nil where there is nothing to be put aside.
    /// - Throws: `FileError`; what was moved by then is in the folder.
    func setAside(loggingDir: String) throws -> URL? {
        guard let first = steps.first else { return nil }
        let folder = try makeFolder(named: "abandoned-from-step-\(first)")
        let log = output.appendingPathComponent("training.jsonl")
        if FileManager.default.fileExists(atPath: log.path) {
            try AtomicFile.write(
                WholeFile.read(log), to: folder.appendingPathComponent("training.jsonl"))
        }
        copyRecords(loggingDir, to: folder)
        try movePictures(to: folder)
        if let best = BestState(output).read(), best.step > lastStep {
            try move(BestState(output).url, to: folder)
        }
        for step in steps { try move(CheckpointFolder.url(in: output, step: step), to: folder) }
        return folder
    }

    private func makeFolder(named name: String) throws -> URL {
        var (folder, number) = (output.appendingPathComponent(name), 1)
        while FileManager.default.fileExists(atPath: folder.path) {
            number += 1
            folder = output.appendingPathComponent("\(name)-\(number)")
        }
        try Folder.create(folder)
        return folder
    }

    /// Only for looking at, so that what cannot be copied is left where it is.
    private func copyRecords(_ loggingDir: String, to folder: URL) {
        for name in ["report.html", loggingDir]
        where !name.hasPrefix("/") && !name.split(separator: "/").contains("..") {
            let target = folder.appendingPathComponent(name)
            try? Folder.create(target.deletingLastPathComponent())
            try? FileManager.default.copyItem(
                at: output.appendingPathComponent(name), to: target)
        }
    }

    private func movePictures(to folder: URL) throws {
        let pictures = output.appendingPathComponent("validation")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: pictures.path)) ?? []
        let target = folder.appendingPathComponent("validation")
        for name in names where name.hasPrefix("step-") {
            guard let step = Int(name.dropFirst(5).prefix { $0.isNumber }), step > lastStep
            else { continue }
            try Folder.create(target)
            try move(pictures.appendingPathComponent(name), to: target)
        }
    }

    private func move(_ item: URL, to folder: URL) throws {
        let target = folder.appendingPathComponent(item.lastPathComponent)
        guard rename(item.path, target.path) == 0 else {
            throw FileError(.write, target, errorNumber: errno)
        }
    }
}
