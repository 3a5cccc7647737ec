import Files
public import Foundation
import StableDiffusion

/// As JSON, a line for what all have in common and one for each picture, which says what is its
/// own: people look into it, and programs read it line by line.
extension PictureManifest {
    private struct Head: Codable {
        var attune = "pictures"
        var version = PictureManifest.version
        var count: Int
        var tools: Tools
        var settings: GenerationSettings
        var sheets: [Sheet]
        var template: String?
        var negativeTemplate: String?
    }

    private struct Line: Codable {
        var file: String
        var seed: UInt64
        var template: String?
        var negativeTemplate: String?
        var failure: String?
    }

    /// What a line says of a template: nothing where it is the common one, and no text for none.
    private static func own(_ template: String?, besides common: String?) -> String? {
        template == common ? nil : template ?? ""
    }

    private static func read(_ own: String?, besides common: String?) -> String? {
        guard let own else { return common }
        return own.isEmpty ? nil : own
    }

    /// - Returns: its bytes, the same for what is the same.
    func encoded() throws -> Data {
        let first = entries.first?.request
        let common = first?.settings ?? GenerationSettings(prompt: "")
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var data = try encoder.encode(
            Head(
                count: entries.count, tools: tools, settings: common, sheets: sheets,
                template: first?.template, negativeTemplate: first?.negativeTemplate))
        let base = try Self.object(common)
        for entry in entries {
            let request = entry.request
            let line = Line(
                file: entry.file, seed: request.seed,
                template: Self.own(request.template, besides: first?.template),
                negativeTemplate: Self.own(
                    request.negativeTemplate, besides: first?.negativeTemplate),
                failure: entry.failure)
            data.append(10)
            guard request.settings != common else {
                data.append(try encoder.encode(line))
                continue
            }
            var all = try Self.object(line)
            let own = try Self.object(request.settings)
            for key in Set(own.keys).union(base.keys) where own[key] != base[key] {
                all[key] = own[key] ?? .null
            }
            data.append(try encoder.encode(all))
        }
        data.append(10)
        return data
    }

    /// Reads one.
    ///
    /// - Throws: ``ManifestError`` or `FileError`.
    public init(_ url: URL) throws {
        let bytes = try WholeFile.read(url, limit: Self.sizeLimit)
        let lines = bytes.split(separator: 10)
        func damaged(_ reason: String) -> ManifestError {
            .damaged(file: url.path, reason: reason)
        }
        guard let first = lines.first,
            let mark = try? JSONDecoder().decode([String: JSONValue].self, from: first),
            mark["attune"] == .string("pictures")
        else { throw damaged("its first line says nothing of pictures") }
        guard mark["version"] == .number(Double(Self.version)) else {
            throw ManifestError.version(
                file: url.path, found: mark["version"]?.text ?? "of none")
        }
        let head: Head
        do {
            head = try JSONDecoder().decode(Head.self, from: first)
        } catch {
            throw damaged("its first line cannot be read (\(Self.reason(error)))")
        }
        guard head.count <= PictureList.countLimit,
            (1...PictureList.countLimit).contains(head.tools.batchSize)
        else {
            throw damaged(
                "it has more pictures than a list may have, or batches of a size that none have")
        }
        guard head.count == lines.count - 1 else {
            throw damaged("it has \(lines.count - 1) pictures, and says that it has \(head.count)")
        }
        let base = try Self.object(head.settings)
        var entries: [Entry] = []
        entries.reserveCapacity(head.count)
        for (index, bytes) in lines.dropFirst().enumerated() {
            do {
                let line = try JSONDecoder().decode(Line.self, from: bytes)
                let own = try JSONDecoder().decode([String: JSONValue].self, from: bytes)
                let changes = own.filter { !Self.lineKeys.contains($0.key) }
                var request = PictureRequest(head.settings, seed: line.seed)
                if !changes.isEmpty {
                    let merged = base.merging(changes) { $1 }.filter { $0.value != .null }
                    request.settings = try JSONDecoder().decode(
                        GenerationSettings.self, from: JSONEncoder().encode(merged))
                }
                request.template = Self.read(line.template, besides: head.template)
                request.negativeTemplate = Self.read(
                    line.negativeTemplate, besides: head.negativeTemplate)
                entries.append(
                    Entry(file: line.file, request: request, failure: line.failure))
            } catch {
                throw damaged("line \(index + 2) cannot be read (\(Self.reason(error)))")
            }
        }
        self.init(tools: head.tools, entries: entries, sheets: head.sheets)
        try check(url)
    }

    /// Names that lead elsewhere would let a manifest of another's write anywhere.
    private func check(_ url: URL) throws(ManifestError) {
        let names = entries.map(\.file) + sheets.map(\.file)
        if let bad = names.first(where: { !Self.isPlain($0) }) {
            throw .damaged(file: url.path, reason: "\"\(bad)\" is no name of a picture")
        }
        guard Set(names).count == names.count else {
            throw .damaged(file: url.path, reason: "two pictures have one name")
        }
        for sheet in sheets.map(\.content) {
            guard sheet.count > 0, sheet.first >= 0, sheet.first <= entries.count,
                sheet.count <= entries.count - sheet.first,
                (1...PictureList.countLimit).contains(sheet.columns ?? 1)
            else {
                throw .damaged(
                    file: url.path, reason: "a contact sheet shows pictures that it has not")
            }
        }
    }

    private static func isPlain(_ name: String) -> Bool {
        // By their bytes: a slash with a mark above it is another character, and a slash.
        name.hasSuffix(".png") && name.utf8.first != UInt8(ascii: ".") && name.utf8.count <= 255
            && !name.utf8.contains { $0 < 32 || $0 == UInt8(ascii: "/") }
    }

    private static let sizeLimit = 1_000_000_000
    private static let lineKeys: Set<String> = [
        "file", "seed", "template", "negativeTemplate", "failure",
    ]

    private static func object(_ value: some Encodable) throws -> [String: JSONValue] {
        try JSONDecoder().decode([String: JSONValue].self, from: JSONEncoder().encode(value))
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "no \"\(key.stringValue)\""
        case DecodingError.typeMismatch(_, let context),
            DecodingError.valueNotFound(_, let context):
            context.codingPath.last.map { "another kind of \"\($0.stringValue)\"" }
                ?? "another kind of value"
        case let error as SamplerError: error.description
        default: "it is no JSON of that kind"
        }
    }
}

/// Any JSON, to compare and to put together what belongs to types.
private enum JSONValue: Codable, Equatable {
    case null
    case bool(Bool)
    case whole(UInt64)
    case number(Double)
    case string(String)
    case list([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let found = try? value.decode(Bool.self) {
            self = .bool(found)
        } else if let found = try? value.decode(Double.self) {
            // Seeds are more exact than fractions are.
            let whole = abs(found) > 0x1p53 ? try? value.decode(UInt64.self) : nil
            self = whole.map { .whole($0) } ?? .number(found)
        } else if let found = try? value.decode(String.self) {
            self = .string(found)
        } else if let found = try? value.decode([JSONValue].self) {
            self = .list(found)
        } else {
            self = .object(try value.decode([String: JSONValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .null: try value.encodeNil()
        case .bool(let found): try value.encode(found)
        case .whole(let found): try value.encode(found)
        case .number(let found):
            if let whole = Int(exactly: found) {
                try value.encode(whole)
            } else {
                try value.encode(found)
            }
        case .string(let found): try value.encode(found)
        case .list(let found): try value.encode(found)
        case .object(let found): try value.encode(found)
        }
    }

    var text: String {
        switch self {
        case .number(let number): Int(exactly: number).map { String($0) } ?? String(number)
        case .string(let text): text
        default: "of another kind"
        }
    }
}
