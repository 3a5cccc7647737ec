internal import Files
public import Foundation
internal import Yams

/// Lists of texts that templates take lines from, by name: a text file with a line each, or a list
/// in a YAML or JSON file, where names within names are paths.
public struct Wildcards: Sendable, Equatable {
    /// One of the texts, which may be a template itself.
    struct Line: Sendable, Equatable {
        let text: String
        var weight = 1.0
    }

    /// The folder that was read; nil: there is none.
    public let folder: URL?
    private let lists: [String: [Line]]
    private static let sizeLimit = 10_000_000
    private static let entryLimit = 1_000_000

    /// None.
    public init() {
        folder = nil
        lists = [:]
    }

    /// Reads a folder and those in it: `.txt`, `.yaml`, `.yml` and `.json`.
    ///
    /// - Throws: `FileError` where the folder or a file in it cannot be read.
    public init(in folder: URL) throws {
        self.folder = folder
        var lists: [String: [Line]] = [:]
        for (file, path) in try Self.files(in: folder, path: []) {
            let stem = Array(path.dropLast()) + [String(path.last?.prefix { $0 != "." } ?? "")]
            let bytes = try WholeFile.read(file, limit: Self.sizeLimit)
            if file.pathExtension.lowercased() == "txt" {
                // Empty lines and those that begin with # are for people.
                guard let text = String(bytes: bytes, encoding: .utf8) else {
                    throw FileError(.read, file, reason: "it is no text in UTF-8")
                }
                let lines = text.split(whereSeparator: \.isNewline)
                    .map { $0.trimmingCharacters(in: .whitespaces) }
                    .filter { !$0.isEmpty && !$0.hasPrefix("#") }
                lists[stem.joined(separator: "/"), default: []] += lines.map { Line(text: $0) }
            } else {
                let root: Node?
                do {
                    root = try Yams.compose(yaml: String(decoding: bytes, as: UTF8.self))
                } catch {
                    throw FileError(.read, file, reason: "it is neither YAML nor JSON")
                }
                // The names in the file are whole; a list without a name has the file's.
                guard let root else { continue }
                var count = 0
                Self.add(root, root.sequence == nil ? [] : stem, to: &lists, counting: &count)
                guard count <= Self.entryLimit else {
                    throw FileError(
                        .read, file, reason: "it stands for more than \(Self.entryLimit) entries")
                }
            }
        }
        self.lists = lists
    }

    private static func files(
        in folder: URL, path: [String]
    ) throws -> [(file: URL, path: [String])] {
        guard path.count < 20 else { return [] }
        let entries = try Folder.entries(of: folder).sorted { $0.path < $1.path }
        return try entries.flatMap { entry -> [(file: URL, path: [String])] in
            let name = entry.readableName
            guard !name.hasPrefix(".") else { return [] }
            let values = try? entry.resourceValues(forKeys: [.isDirectoryKey])
            if values?.isDirectory == true {
                return try files(in: entry, path: path + [name])
            }
            let endings = ["txt", "yaml", "yml", "json"]
            return endings.contains(entry.pathExtension.lowercased())
                ? [(entry, path + [name])] : []
        }
    }

    /// - Parameter count: of what was gone through: names of a few lines of YAML may stand for
    ///   more than any memory holds.
    private static func add(
        _ node: Node, _ path: [String], to lists: inout [String: [Line]], counting count: inout Int
    ) {
        count += 1 + (node.sequence?.count ?? 0)
        guard count <= entryLimit else { return }
        if let mapping = node.mapping {
            for (key, value) in mapping {
                guard let key = key.scalar?.string, !key.isEmpty else { continue }
                add(value, path + [key], to: &lists, counting: &count)
            }
            return
        }
        let lines = node.sequence.map { $0.compactMap(line) } ?? [line(node)].compactMap { $0 }
        if !lines.isEmpty, !path.isEmpty {
            lists[path.joined(separator: "/"), default: []] += lines
        }
    }

    /// `text`, `3::text`, `{text: …, weight: 3}`
    private static func line(_ node: Node) -> Line? {
        if let mapping = node.mapping {
            let text = ["text", "content"].lazy.compactMap { mapping[$0]?.scalar?.string }.first
            let weight = mapping["weight"]?.scalar.flatMap { Double($0.string) }
            return text.map { Line(text: $0, weight: weight ?? 1) }
        }
        guard let text = node.scalar?.string, !text.isEmpty else { return nil }
        guard let colons = text.range(of: "::"), let weight = Double(text[..<colons.lowerBound]),
            weight.isFinite, weight >= 0
        else { return Line(text: text) }
        return Line(text: String(text[colons.upperBound...]), weight: weight)
    }

    /// The lines of all lists that a name means, sorted, each once: `*` stands for a part of a name
    /// and `**` for any folders.
    ///
    /// - Throws: ``PromptTemplateError/unknownWildcard(_:folder:nearest:)``.
    func lines(_ name: String) throws(PromptTemplateError) -> [Line] {
        let name = name.trimmingCharacters(in: CharacterSet(charactersIn: "/ "))
        let pattern = name.split(separator: "/").map(String.init)
        let exact = pattern.joined(separator: "/")
        var names =
            lists[exact] != nil
            ? [exact] : lists.keys.filter { Self.matches(pattern, Self.components($0)) }
        // A name alone is found in every folder.
        if names.isEmpty {
            names = lists.keys.filter {
                Self.matches(["**"] + pattern, Self.components($0))
            }
        }
        var seen: Set<String> = []
        let lines = names.sorted().flatMap { lists[$0] ?? [] }
            .filter { seen.insert($0.text).inserted }.sorted { $0.text < $1.text }
        guard !lines.isEmpty else {
            throw .unknownWildcard(
                name, folder: folder?.path,
                nearest: EditDistance.nearest(to: name, among: lists.keys))
        }
        return lines
    }

    private static func components(_ name: String) -> [String] {
        name.split(separator: "/").map(String.init)
    }

    private static func matches(_ pattern: [String], _ name: [String]) -> Bool {
        matches(pattern, name, isAny: { $0 == "**" }) { pattern, part in
            matches(Array(pattern), Array(part), isAny: { $0 == "*" }, same: ==)
        }
    }

    /// Goes back to the last sign for anything only, so that many of them cost no more time.
    private static func matches<Element>(
        _ pattern: [Element], _ name: [Element], isAny: (Element) -> Bool,
        same: (Element, Element) -> Bool
    ) -> Bool {
        var (place, end) = (0, 0)
        var retry: (place: Int, end: Int)?
        while end < name.count {
            if place < pattern.count, isAny(pattern[place]) {
                retry = (place, end)
                place += 1
            } else if place < pattern.count, same(pattern[place], name[end]) {
                (place, end) = (place + 1, end + 1)
            } else if let last = retry {
                retry = (last.place, last.end + 1)
                (place, end) = (last.place + 1, last.end + 1)
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy(isAny)
    }
}
