import Files
public import Foundation
import Settings
import Training

/// The folder that a comparison fills, and goes on in.
public struct ComparisonFolder: Sendable {
    /// Where it is; made where it is missing.
    public let url: URL
    /// Whether a comparison that is there is replaced rather than gone on with.
    public let isReplaced: Bool

    /// Nothing is written yet.
    public init(_ url: URL, isReplaced: Bool = false) {
        self.url = url
        self.isReplaced = isReplaced
    }

    /// `compare.json`
    public var record: URL { url.appending(path: "compare.json") }
    /// `report.html`
    public var page: URL { url.appending(path: "report.html") }
    /// `methods.md`
    public var markdown: URL { url.appending(path: "methods.md") }
    /// `sheet.png`
    public var sheet: URL { url.appending(path: "sheet.png") }
    /// Pictures for prior preservation, the same for every training.
    var classPictures: URL { url.appending(path: "class") }
    /// What is being trained; emptied when it is measured.
    var work: URL { url.appending(path: "work") }
    var untrainedPictures: URL { url.appending(path: "pictures/untrained") }

    /// One training of a comparison.
    struct Run: Codable, Hashable {
        let method: ComparedMethod
        let photoCount: Int
        let seed: UInt64

        var name: String { "\(method.rawValue)-\(photoCount)-photos-seed-\(seed)" }
        /// `LoRA, 5 photos, seed 1`
        var title: String {
            "\(method.label), \(FigureText.count(photoCount, "photo")), seed \(seed)"
        }
    }

    func pictures(_ run: Run) -> URL { url.appending(path: "pictures/\(run.name)") }
    func result(_ run: Run) -> URL { url.appending(path: "results/\(run.name).json") }
    func work(_ run: Run) -> URL { work.appending(path: run.name) }

    /// What `compare.json` holds.
    struct Record: Codable {
        static let program = "attune compare"

        var program = Self.program
        var settings: ComparisonSettings
        var results: [ComparedRun]?
        var table: ComparisonTable?
        var advice: [ComparisonAdvice]?
        var literature: [LiteratureOrder]?
    }

    /// A finished training with how it was made, so that others are not taken for it.
    struct Finished: Codable {
        var configuration: FineTuningConfiguration
        var result: ComparedRun
    }

    /// Whether there is nothing, or a comparison with these settings to go on with.
    ///
    /// - Throws: `SettingError` when other people's files, or other settings, are in it.
    func check(_ settings: ComparisonSettings) throws {
        func refuse(_ problem: String) -> SettingError {
            .option(name: "output-dir", value: url.relativePath, problem: problem)
        }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            return
        }
        guard isFolder.boolValue else { throw refuse("it is a file; name another folder.") }
        let names = try FileManager.default.contentsOfDirectory(atPath: url.path)
        guard names.contains(where: { $0 != FolderLock.name }) else { return }
        guard let bytes = try? WholeFile.read(record, limit: 100_000_000),
            let found = try? JSONDecoder().decode(Record.self, from: bytes),
            found.program == Record.program
        else {
            throw refuse("it holds files that no comparison wrote; name another folder.")
        }
        guard !isReplaced else { return }
        let differences = settings.differences(from: found.settings)
        guard differences.isEmpty else {
            throw refuse(
                "it holds a comparison with another \(FigureText.list(differences)); give the same "
                    + "to go on with it, begin anew with `overwrite`, or name another folder.")
        }
    }

    /// Makes the folder, known for what it is from the first moment.
    ///
    /// - Returns: what keeps others from writing there.
    func prepare(_ settings: ComparisonSettings) throws -> FolderLock {
        try check(settings)
        try Folder.create(url)
        let lock = try FolderLock(url)
        try check(settings)
        if isReplaced {
            let names = [record, page, markdown, sheet, classPictures, work]
                .map(\.lastPathComponent)
            _ = try EarlierFiles(settingAside: names + ["results", "pictures"], in: url)
        }
        for folder in [url.appending(path: "results"), work] { try Folder.create(folder) }
        if !FileManager.default.fileExists(atPath: record.path) {
            try write(Record(settings: settings), to: record)
        }
        return lock
    }

    /// The comparison is whole: takes away what it replaces.
    func removeEarlier() {
        guard isReplaced else { return }
        let endings = [
            ".png", ".jpg", ".html", ".json", ".jsonl", ".yaml", ".md", ".safetensors", ".pt",
            "merges.txt", "errors.txt",
        ]
        _ = EarlierFiles.remove(in: url) { name in endings.contains(where: name.hasSuffix) }
    }

    /// The result of a training that was done in the same way before.
    func finished(_ run: Run, _ configuration: FineTuningConfiguration) -> ComparedRun? {
        guard let bytes = try? WholeFile.read(result(run), limit: 10_000_000),
            let found = try? JSONDecoder().decode(Finished.self, from: bytes),
            found.configuration == configuration
        else { return nil }
        return found.result
    }

    func write(_ content: some Encodable, to file: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(try encoder.encode(content), to: file)
    }

    /// Takes something of the comparison away, if it is there.
    func remove(_ item: URL) throws {
        guard FileManager.default.fileExists(atPath: item.path) else { return }
        do {
            try FileManager.default.removeItem(at: item)
        } catch {
            throw FileError(.write, item, reason: "what an earlier run left cannot be taken away")
        }
    }
}
