import Files
public import Foundation
import Imaging
import StableDiffusion

/// A manifest in its folder, kept true while its pictures are painted: by one program at a time.
public final class ManifestFile {
    /// The folder of the pictures.
    public let folder: URL
    /// The manifest; nil: one picture needs none.
    public let url: URL?
    /// What is in it.
    public private(set) var manifest: PictureManifest
    /// Nothing of it can be there: it has just been written.
    private let isNew: Bool
    private var lock: FolderLock?

    /// Gives the pictures of a list names that go on from those in a folder, and writes the
    /// manifest.
    ///
    /// - Parameter evenForOne: whether one picture alone has a manifest, too.
    /// - Throws: `FileError`.
    public static func create(
        _ list: PictureList, by tools: PictureManifest.Tools, in folder: URL,
        evenForOne: Bool = false
    ) throws -> ManifestFile {
        // Two programs that begin at once do not take the same names.
        let lock = try FolderLock.waiting(for: folder, name: ".attune-names.lock")
        defer { withExtendedLifetime(lock) {} }
        var names = try ReservedNames(in: folder)
        let entries = list.pictures.map { request in
            PictureManifest.Entry(
                file: names.picture(seed: request.seed), request: request, failure: nil)
        }
        let sheets = list.sheets.map { sheet in
            PictureManifest.Sheet(file: names.sheet(), content: sheet)
        }
        let manifest = PictureManifest(tools: tools, entries: entries, sheets: sheets)
        guard entries.count > 1 || evenForOne else {
            return ManifestFile(folder, nil, manifest, isNew: true)
        }
        let data = try manifest.encoded()
        var files = try NumberedFiles(in: folder, start: PictureManifest.start, digitCount: 4)
        let url = try files.add(end: PictureManifest.ending) { url in
            try AtomicFile.write(data, to: url, replacing: false)
        }
        let file = ManifestFile(folder, url, manifest, isNew: true)
        file.lock = try Self.lock(url)
        return file
    }

    /// Opens one to go on with.
    ///
    /// - Parameters:
    ///   - place: a manifest, or a folder: then the last one is meant that has pictures missing, or
    ///     the last of all.
    ///   - isWanted: says what is wrong with one, else nil: of a folder, the last is taken with
    ///     which nothing is.
    /// - Throws: ``ManifestError``, `FileError`, or where another program paints it.
    public static func open(
        _ place: URL, isWanted: (PictureManifest) throws -> String? = { _ in nil }
    ) throws -> ManifestFile {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder) else {
            throw FileError(.read, place, errorNumber: ENOENT)
        }
        guard isFolder.boolValue else { return try taken(place) }
        let all = try manifests(in: place).reversed()
        var found: ManifestFile?
        var (difference, damage): (ManifestError?, ManifestError?)
        for url in all {
            // Those of others are left to them, unless there is no other.
            let manifest: PictureManifest
            do {
                manifest = try PictureManifest(url)
            } catch let error as ManifestError {
                damage = damage ?? error
                continue
            }
            if let reason = try isWanted(manifest) {
                difference = difference ?? .changed(file: url.path, reason: reason)
                continue
            }
            let file = ManifestFile(place, url, manifest, isNew: false)
            if !file.missing().isEmpty { return try taken(url) }
            found = found ?? file
        }
        if let url = found?.url { return try taken(url) }
        throw difference ?? damage ?? ManifestError.none(folder: place.path)
    }

    /// Locked before it is read: who had it may have written it just now.
    private static func taken(_ url: URL) throws -> ManifestFile {
        let lock = try lock(url)
        let file = ManifestFile(
            url.deletingLastPathComponent(), url, try PictureManifest(url), isNew: false)
        file.lock = lock
        return file
    }

    /// Opens one that another process of the same run has written and holds.
    package static func joined(_ url: URL) throws -> ManifestFile {
        ManifestFile(
            url.deletingLastPathComponent(), url, try PictureManifest(url), isNew: false)
    }

    private init(_ folder: URL, _ url: URL?, _ manifest: PictureManifest, isNew: Bool) {
        self.isNew = isNew
        self.folder = folder
        self.url = url
        self.manifest = manifest
    }

    private static func lock(_ url: URL) throws -> FolderLock {
        try FolderLock(
            url.deletingLastPathComponent(), name: ".\(url.lastPathComponent).lock", part: url)
    }

    /// By their numbers.
    private static func manifests(in folder: URL) throws -> [URL] {
        func number(_ url: URL) -> Int? {
            let name = url.lastPathComponent
            guard name.hasPrefix(PictureManifest.start), name.hasSuffix(PictureManifest.ending)
            else { return nil }
            let digits = name.dropFirst(PictureManifest.start.count)
                .dropLast(PictureManifest.ending.count)
            // Copies that people made have other names.
            return digits.allSatisfy { $0.isASCII && $0.isNumber } ? Int(digits) : nil
        }
        return try Folder.entries(of: folder).compactMap { url in number(url).map { ($0, url) } }
            .sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// Where a picture is or will be.
    func place(_ index: Int) -> URL { folder.appending(path: manifest.entries[index].file) }

    /// The pictures that are not there, in their order.
    public func missing() -> [Int] {
        isNew
            ? Array(manifest.entries.indices)
            : manifest.entries.indices.filter { !isThere($0) }
    }

    /// Whether a file is this run's picture and not another's of the same name.
    func isThere(_ index: Int) -> Bool {
        let place = place(index)
        guard FilePlace(place).exists,
            // A text that is longer than any is looked for in the whole file.
            let text = (try? PNGText.leading("parameters", of: place))
                ?? (try? PNGText.value("parameters", of: place))
        else { return false }
        let found = GenerationParameters(infotext: text)
        let request = manifest.entries[index].request
        // Written and read again, as the file's own text was.
        let wanted = GenerationParameters(
            infotext: GenerationParameters(
                prompt: request.settings.prompt, negativePrompt: request.settings.negativePrompt,
                steps: request.settings.stepCount, sampler: "any",
                cfgScale: request.settings.guidanceScale, seed: request.seed
            ).infotext.filter { $0 != "\0" })
        return found.seed == wanted.seed && found.steps == wanted.steps
            && found.cfgScale == wanted.cfgScale && found.negativePrompt == wanted.negativePrompt
            // Tags of what lies over the model for all pictures stand behind it.
            && found.prompt.hasPrefix(wanted.prompt)
            && found.modelHash == manifest.tools.modelHash
    }

    /// Writes a picture under a name that is free: another program has taken its own.
    func written(_ picture: PaintedPicture, at index: Int) throws -> URL {
        while true {
            var names = try ReservedNames(in: folder)
            manifest.entries[index].file = names.picture(seed: picture.seed)
            try save()
            do {
                try picture.write(to: place(index), replacing: false)
                return place(index)
            } catch let error as FileError where error.errorNumber == EEXIST {
                continue
            }
        }
    }

    /// Writes down what a sheet is called: another program has taken its name.
    func renameSheet(_ number: Int, to name: String) throws {
        manifest.sheets[number].file = name
        try save()
    }

    /// Writes down which pictures could not be painted; those that are there now count no more.
    func record(_ failures: [Int: String]) throws {
        let before = manifest
        for index in manifest.entries.indices {
            manifest.entries[index].failure =
                failures[index]
                ?? (manifest.entries[index].failure != nil && isThere(index)
                    ? nil : manifest.entries[index].failure)
        }
        if manifest != before { try save() }
    }

    private func save() throws {
        guard let url else { return }
        try AtomicFile.write(try manifest.encoded(), to: url)
    }
}

/// Names that no file has and no manifest has given away.
private struct ReservedNames {
    private var next = 0
    private var nextSheet = 0

    init(in folder: URL) throws {
        next = try NumberedFiles(in: folder).next
        nextSheet = try NumberedFiles(in: folder, start: "grid-", digitCount: 4).next
        for entry in try Folder.entries(of: folder) {
            let name = entry.lastPathComponent
            guard name.hasPrefix(PictureManifest.start), name.hasSuffix(PictureManifest.ending),
                // A damaged one has given nothing away that could be known.
                let manifest = try? PictureManifest(entry)
            else { continue }
            for file in manifest.entries.map(\.file) { next = max(next, after(file, start: "")) }
            for file in manifest.sheets.map(\.file) {
                nextSheet = max(nextSheet, after(file, start: "grid-"))
            }
        }
    }

    private func after(_ name: String, start: String) -> Int {
        Int(name.dropFirst(start.count).prefix { $0.isASCII && $0.isNumber }.prefix(9))
            .map { $0 + 1 } ?? 0
    }

    mutating func picture(seed: UInt64) -> String {
        defer { next += 1 }
        return NumberedFiles.name(number: next, digitCount: 5, end: "-\(seed).png")
    }

    mutating func sheet() -> String {
        defer { nextSheet += 1 }
        return NumberedFiles.name(start: "grid-", number: nextSheet, digitCount: 4, end: ".png")
    }
}
