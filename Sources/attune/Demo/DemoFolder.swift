import Files
import Foundation
import Settings
import Training

/// The folder that the demo fills.
struct DemoFolder {
    let url: URL

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
        guard !names.isEmpty, !isOurs else { return }
        throw SettingError.option(
            name: "output", value: url.path,
            problem: "it holds files that the demo did not write; name another folder.")
    }

    /// Makes the folder, takes away what an earlier demo left, and leaves all else.
    func prepare(_ settings: DemoSettings) throws {
        try check()
        try Folder.create(url)
        // First, so that a demo that ends early is known for what it is the next time.
        try write(Record(settings: settings))
        for old in [before, after, model, sheet, report]
        where FileManager.default.fileExists(atPath: old.path) {
            do {
                try FileManager.default.removeItem(at: old)
            } catch {
                throw FileError(
                    .write, old, reason: "what an earlier demo left cannot be taken away")
            }
        }
        for folder in [before, after] { try Folder.create(folder) }
    }

    func write(_ content: Record) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(try encoder.encode(content), to: record)
    }

    private var isOurs: Bool {
        struct Mark: Decodable { let program: String }
        guard let bytes = try? WholeFile.read(record, limit: 1_000_000) else { return false }
        return (try? JSONDecoder().decode(Mark.self, from: bytes))?.program == Record.program
    }
}
