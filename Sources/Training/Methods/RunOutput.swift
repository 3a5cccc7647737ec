import Settings
import Files
import Foundation

/// The output folder of a run: whose it is, what earlier runs left in it, and how results come
/// into it.
///
/// A folder that holds results is refused, unless the run goes on with a checkpoint in it or was
/// told to overwrite. Then what is there is put aside first, and goes away when the new is whole.
/// Files that no run wrote are never touched.
public final class RunOutput {
    /// How `run.yaml` begins, by which a run's folder is known.
    public static let mark = "# Written by attune train"

    private let url: URL
    private let configuration: FineTuningConfiguration
    private let runFiles: [String: Data]
    /// Whether the run goes on with what is in the folder.
    private let goesOn: Bool
    private var lock: FolderLock?
    private var earlier: EarlierFiles?
    /// Where the results are, once they are written.
    private var home: URL?

    /// Looks at the folder, which need not be there yet.
    ///
    /// - Parameter runFiles: what the run will write into it, by name.
    /// - Throws: `OutputError` or ``TrainingError``, one sentence.
    init(_ configuration: FineTuningConfiguration, runFiles: [String: Data]) throws {
        self.configuration = configuration
        self.runFiles = runFiles
        url = URL(fileURLWithPath: configuration.outputDir)
        guard FilePlace(url).exists else {
            goesOn = false
            return
        }
        lock = try FolderLock(url)
        CheckpointFolder.recover(in: url)
        goesOn = Self.goesOn(configuration, in: url)
        try checkForeignFiles()
        guard !goesOn, !configuration.overwrite else { return }
        if let step = CheckpointFolder.steps(in: url).last {
            throw TrainingError.outputInUse(
                path: configuration.outputDir, checkpoint: "checkpoint-\(step)")
        }
        let found = (["best"] + resultNames).filter(exists)
        guard found.isEmpty else {
            throw OutputError.entriesInTheWay(
                option: "`output-dir` \(configuration.outputDir)", names: found)
        }
    }

    /// Makes the folder, and puts aside what is to be overwritten.
    ///
    /// - Returns: a sentence where something was put aside.
    func open() throws -> String? {
        try Folder.create(url)
        if lock == nil { lock = try FolderLock(url) }
        guard configuration.overwrite, !goesOn else { return nil }
        let pictures = ["validation", configuration.training.record.loggingDir].flatMap(ownFiles)
        let names =
            resultNames + Self.records + ["best"] + pictures
            + CheckpointFolder.steps(in: url).map { "checkpoint-\($0)" }
        earlier = try EarlierFiles(settingAside: names, in: url)
        return earlier?.place.map {
            "What an earlier run left in \(configuration.outputDir) is put aside in "
                + "\($0.lastPathComponent) until this one is done."
        }
    }

    /// Lets results be written beside their places, and then puts them there; those of this run may
    /// be written again.
    ///
    /// - Parameters:
    ///   - write: writes into a folder of the output's name, and says what it wrote.
    ///   - notify: takes a sentence where somebody else's files have got their names meanwhile.
    /// - Returns: what was written, where it is now.
    func deliver(_ write: (URL) throws -> [URL], notify: (String) -> Void) throws -> [URL] {
        let replacement = try FolderReplacement(of: home ?? url)
        // The folder may have the name of one of its results.
        let named = replacement.temporary.appendingPathComponent(".results")
        let place = named.appendingPathComponent(configuration.outputName)
        let written: [URL]
        do {
            try Folder.create(place)
            written = try write(place)
            let names = try FileManager.default.contentsOfDirectory(atPath: place.path)
            for name in names {
                let to = replacement.temporary.appendingPathComponent(name)
                guard rename(place.appendingPathComponent(name).path, to.path) == 0 else {
                    throw FileError(.write, to, errorNumber: errno)
                }
            }
            rmdir(place.path)
            rmdir(named.path)
        } catch let error as FileError {
            throw error.relocated(from: place, to: url)
        }
        let names = written.contains { $0.path == place.path } ? resultNames : []
        do {
            try replacement.commit(
                replacing: names.isEmpty ? written.map(\.lastPathComponent) : names,
                overwriting: goesOn || home != nil, last: "model_index.json")
            home = home ?? url
        } catch let error as FileError where error.errorNumber == EEXIST {
            // Whatever stands there: hours of training are not thrown away for it.
            let other = try replacement.commit(as: "results")
            home = other
            notify(
                "\(error.path) is there now, and is not of this run: the results are in "
                    + "\(other.path).")
        }
        let home = home ?? url
        return written.map {
            $0.path == place.path ? home : home.appendingPathComponent($0.lastPathComponent)
        }
    }

    /// The new results are whole: what was put aside for them may go.
    func finish(notify: (String) -> Void) {
        lock = nil
        guard configuration.overwrite else { return }
        for left in EarlierFiles.remove(in: url, where: isOurs) {
            notify("\(left.path) holds files that no run wrote, so it is kept.")
        }
    }

    /// The run ended before its end: where nothing came of it, what was there is there again.
    func giveUp(notify: (String) -> Void) {
        if home != nil { return finish(notify: notify) }
        let isEmpty =
            CheckpointFolder.steps(in: url).isEmpty
            && !(["best"] + resultNames).contains(where: exists)
        if isEmpty { earlier?.restore() }
        lock = nil
    }

    // MARK: - What is there

    private static let records = [
        "run.yaml", "subjects.yaml", "training.jsonl", "provenance.json", "report.html",
    ]

    /// Of this run and of the one before, which may have been of another method.
    private lazy var resultNames: [String] = {
        let names = configuration.resultNames
        return names + (provenance?.files ?? []).filter { !names.contains($0) }
    }()

    private struct EarlierRun: Decodable {
        let attune: String
        let files: [String]?
    }

    private var provenance: EarlierRun? {
        guard
            let data = try? WholeFile.read(
                url.appendingPathComponent("provenance.json"), limit: 64 << 20)
        else { return nil }
        return try? JSONDecoder().decode(EarlierRun.self, from: data)
    }

    /// Those of a folder, where others may have put theirs.
    private func ownFiles(of folder: String) -> [String] {
        guard !folder.contains("/"), !folder.hasPrefix(".") else { return [] }
        let place = url.appendingPathComponent(folder)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? []
        return names.filter(isOurs).map { "\(folder)/\($0)" }
    }

    private func exists(_ name: String) -> Bool {
        FilePlace(url.appendingPathComponent(name)).exists
    }

    /// A checkpoint of another folder begins something new in this one.
    private static func goesOn(_ configuration: FineTuningConfiguration, in url: URL) -> Bool {
        guard let name = configuration.resumeFromCheckpoint else { return false }
        if name == "latest" { return !CheckpointFolder.steps(in: url).isEmpty }
        guard CheckpointFolder.isPath(name) else { return true }
        return FilePlace(URL(fileURLWithPath: name)).relation(to: FilePlace(url)) == .inside
    }

    /// Records are written over from run to run: those that no run wrote must not be.
    private func checkForeignFiles() throws {
        let isOfARun =
            provenance != nil
            || text("run.yaml")?.starts(with: Data(Self.mark.utf8)) == true
        guard !isOfARun else { return }
        var foreign = Self.records.filter { name in
            guard let bytes = text(name), !bytes.isEmpty else { return false }
            // What would be written is what is there.
            return runFiles[name] != bytes
        }
        if exists("best"), !exists("best/best.json") { foreign.append("best") }
        if foreign == ["training.jsonl"], isLog { foreign = [] }
        guard foreign.isEmpty else {
            throw SettingError.option(
                name: "output-dir", value: configuration.outputDir,
                problem: "it holds \(OutputError.list(foreign)), which no run wrote and which this "
                    + "one would write over; move it away, or choose another folder.")
        }
    }

    private var isLog: Bool { text("training.jsonl")?.starts(with: Data("{".utf8)) == true }

    private func text(_ name: String) -> Data? {
        try? WholeFile.read(url.appendingPathComponent(name), limit: 256 << 20)
    }

    /// Whether a file among what was put aside has the name of one that runs write.
    private func isOurs(_ name: String) -> Bool {
        let known = Self.records + resultNames + ["best.json", "state.json", "configuration.json"]
        let ofModels = [
            "config.json", "scheduler_config.json", "vocab.json", "merges.txt",
            "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
            "tokenizer.json",
        ]
        return known.contains(name) || ofModels.contains(name)
            || name.hasPrefix("events.out.tfevents.")
            || (name.hasPrefix("step-") && name.hasSuffix(".png"))
            || [".safetensors", ".pt", ".bin", ".index.json"].contains(where: name.hasSuffix)
    }
}
