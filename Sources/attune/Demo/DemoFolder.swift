import Files
import Foundation
import Settings
import Training

/// The folder that the demo fills.
struct DemoFolder {
    let url: URL
    /// Whether a finished demo may be replaced.
    var isReplaced = false

    var before: URL { url.appending(path: "before") }
    var after: URL { url.appending(path: "after") }
    var model: URL { url.appending(path: "model") }
    var sheet: URL { url.appending(path: "contact-sheet.png") }
    var report: URL { url.appending(path: "report.html") }
    /// Settings and figures; it also tells a folder of the demo from any other.
    var record: URL { url.appending(path: "demo.json") }

    /// What `demo.json` holds.
    struct Record: Codable {
        static let program = "attune demo"

        var program = Self.program
        var settings: DemoSettings
        var figures: DemoFigures?
        var seconds: Double?
    }

    /// Whether there is nothing, or only what an earlier demo left.
    ///
    /// - Throws: `SettingError` when other people's files are in it.
    func check() throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            return
        }
        guard isFolder.boolValue else {
            throw SettingError.option(
                name: "output", value: url.path, problem: "it is a file; name another folder.")
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: url.path)
        guard names.contains(where: { $0 != FolderLock.name }) else { return }
        guard let mark else {
            throw SettingError.option(
                name: "output", value: url.path,
                problem: "it holds files that the demo did not write; name another folder.")
        }
        guard mark.seconds == nil || isReplaced else {
            throw SettingError.option(
                name: "output", value: url.path,
                problem: "it holds a demo already; add --overwrite to replace it when the new one "
                    + "is done, or name another folder.")
        }
    }

    /// Makes the folder, puts aside what an earlier demo left, and leaves all else.
    ///
    /// - Returns: what keeps others from writing there.
    func prepare(_ settings: DemoSettings) throws -> FolderLock {
        try check()
        try Folder.create(url)
        let lock = try FolderLock(url)
        try check()
        let names = [before, after, model, sheet, report, record].map(\.lastPathComponent)
        _ = try EarlierFiles(settingAside: names, in: url)
        // First, so that a demo that ends early is known for what it is the next time.
        try write(Record(settings: settings))
        for folder in [before, after] { try Folder.create(folder) }
        return lock
    }

    /// The demo is whole: takes away what earlier ones left.
    func removeEarlier() {
        let endings = [".png", ".html", ".json", ".jsonl", ".yaml", ".safetensors", "merges.txt"]
        _ = EarlierFiles.remove(in: url) { name in endings.contains(where: name.hasSuffix) }
    }

    func write(_ content: Record) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(try encoder.encode(content), to: record)
    }

    private struct Mark: Decodable {
        let program: String
        /// A demo that is whole has taken some.
        let seconds: Double?
    }

    /// Of a demo that is here.
    private var mark: Mark? {
        guard let bytes = try? WholeFile.read(record, limit: 1_000_000),
            let mark = try? JSONDecoder().decode(Mark.self, from: bytes),
            mark.program == Record.program
        else { return nil }
        return mark
    }
}
