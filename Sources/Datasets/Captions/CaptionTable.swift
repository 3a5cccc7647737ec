import Files
import Foundation

/// The captions in `metadata.jsonl` or `metadata.csv` beside photos, as the `datasets` library's
/// image folders have them: a row for each photo, with its path from the folder as `file_name` and
/// what it shows as `text` or `caption`.
///
/// Paths are taken as that library takes them (`os.path.normpath`, with `\` for `/`), so that
/// `./b.jpg` is `b.jpg`, and photos may lie in folders within.
struct CaptionTable {
    /// The names that such a file has.
    static let fileNames = ["metadata.jsonl", "metadata.csv"]
    private static let sizeLimit = 1 << 28

    /// The file.
    let url: URL
    /// Paths of photos from the folder, in the order of the rows.
    let names: [String]
    private let captions: [String: String]

    /// The table among the entries of a folder; nil where there is none.
    ///
    /// A file that cannot be used is told only where somebody asks for its captions.
    static func find(among entries: [URL]) -> Result<CaptionTable, FileError>? {
        let files = entries.filter { fileNames.contains($0.readableName) }
        guard let file = files.first else { return nil }
        guard files.count == 1 else {
            let names = files.map(\.readableName).sorted()
            return .failure(
                FileError(
                    .read, file,
                    reason: "\(names.joined(separator: " and ")) lie in one folder; keep one"))
        }
        return Result { () throws(FileError) in try CaptionTable(file) }
    }

    /// Reads a file, whose name says what it is.
    init(_ url: URL) throws(FileError) {
        let text = try CaptionText.read(url, limit: Self.sizeLimit)
        let rows =
            url.readableName.hasSuffix(".csv")
            ? try Self.rows(csv: text, url) : try Self.rows(lines: text, url)
        var captions: [String: String] = [:]
        var names: [String] = []
        for row in rows {
            let name = Self.normalized(row.name, in: url.deletingLastPathComponent())
            names.append(name)
            guard captions.updateValue(CaptionText.joined(row.caption), forKey: name) == nil else {
                throw FileError(
                    .read, url,
                    reason: "its line \(row.line) names \(row.name) a second time; keep one of them"
                )
            }
        }
        self.url = url
        self.names = names
        self.captions = captions
    }

    /// What a photo shows; nil where the table does not say.
    ///
    /// - Parameter path: from the folder of the table.
    func caption(of path: String) -> String? {
        captions[path].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The folders within in which photos are, each once, in the order of the rows.
    var folders: [String] {
        var found: [String] = []
        var known: Set<String> = []
        for name in names {
            let parts = name.split(separator: "/")
            guard parts.count > 1, parts[0] != "..", !name.hasPrefix("/") else { continue }
            let folder = parts.dropLast().joined(separator: "/")
            if known.insert(folder).inserted { found.append(folder) }
        }
        return found
    }

    private struct Row {
        let line: Int
        let name: String
        let caption: String
    }

    private struct Line: Decodable {
        let name: String?
        let text: String?
        let caption: String?

        enum CodingKeys: String, CodingKey {
            case name = "file_name"
            case text
            case caption
        }
    }

    /// An object a line; lines end at `\n` and nowhere else.
    private static func rows(lines text: String, _ url: URL) throws(FileError) -> [Row] {
        var rows: [Row] = []
        let lines = text.utf8.split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated()
        where !line.allSatisfy({ [0x20, 0x09, 0x0D].contains($0) }) {
            guard let entry = try? JSONDecoder().decode(Line.self, from: Data(line)),
                let name = entry.name, let caption = entry.text ?? entry.caption
            else {
                throw FileError(
                    .read, url,
                    reason: "its line \(index + 1) is not an object with \"file_name\" and "
                        + "\"text\" or \"caption\", as {\"file_name\": \"a.png\", \"text\": "
                        + "\"a red robot\"}")
            }
            rows.append(Row(line: index + 1, name: name, caption: caption))
        }
        return rows
    }

    private static func rows(csv text: String, _ url: URL) throws(FileError) -> [Row] {
        func refuse(_ reason: String) -> FileError { FileError(.read, url, reason: reason) }
        let table: CSVText
        do throws(CSVText.Problem) {
            table = try CSVText(text)
        } catch {
            throw refuse("its line \(error.line) \(error.text)")
        }
        let header = table.rows.first?.fields ?? []
        guard let name = header.firstIndex(of: "file_name"),
            let caption = header.firstIndex(of: "text") ?? header.firstIndex(of: "caption")
        else {
            throw refuse(
                "its first line must name the columns, with commas between them, \"file_name\" and "
                    + "\"text\" or \"caption\" among them")
        }
        var rows: [Row] = []
        for row in table.rows.dropFirst() {
            guard row.fields.count == header.count else {
                throw refuse(
                    "its line \(row.line) has \(row.fields.count) value(s) and its first line "
                        + "\(header.count); put a caption with commas in quotes")
            }
            rows.append(Row(line: row.line, name: row.fields[name], caption: row.fields[caption]))
        }
        return rows
    }

    /// As Python's `os.path.normpath` makes it, from the table's folder where it is in it.
    private static func normalized(_ name: String, in folder: URL) -> String {
        var text = name.replacing("\\", with: "/")
        let path = folder.standardizedFileURL.path
        if text.hasPrefix(path + "/") { text = String(text.dropFirst(path.count + 1)) }
        var parts: [Substring] = []
        for part in text.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else {
                parts.append(part)
            }
        }
        return (text.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
    }
}
