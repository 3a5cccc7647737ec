import Files
public import Foundation
import Imaging
import StableDiffusion

/// The pictures of a manifest as files, with contact sheets; what is there already is not painted
/// again.
public struct PaintingRun {
    /// What was written.
    public struct Outcome: Sendable, Equatable {
        /// How many pictures.
        public internal(set) var pictureCount = 0
        /// The contact sheets, in their order.
        public internal(set) var sheets: [URL] = []
    }

    /// What paints.
    public let session: PaintingSession
    /// What to paint, and where it goes.
    public let file: ManifestFile
    /// How many are painted at once.
    public let batchSize: Int
    /// A1111's name of the model.
    public let modelHash: String?

    /// A run of a manifest whose pictures the session was made for.
    public init(
        _ session: PaintingSession, _ file: ManifestFile, batchSize: Int, modelHash: String? = nil
    ) {
        precondition(batchSize > 0, "PaintingRun: a batch has at least one picture")
        self.session = session
        self.file = file
        self.batchSize = batchSize
        self.modelHash = modelHash
    }

    /// Makes the folder, takes away what programs left there that were ended while they wrote
    /// (`cleaning`), and sees whether a file can be written there.
    ///
    /// - Throws: `FileError`, one sentence.
    public static func prepare(_ folder: URL, cleaning: Bool = true) throws {
        try Folder.create(folder)
        if cleaning { TemporaryName.removeLeftovers(in: folder) }
        let probe = try AtomicFile(at: folder.appending(path: ".probe"))
        probe.discard()
    }

    /// Paints all that are missing, in memory that does not grow with their number.
    ///
    /// - Parameters:
    ///   - notify: takes what a person should know and what ends nothing.
    ///   - progress: what it throws ends the run with the finished pictures kept.
    ///   - written: told of each picture when its file is there.
    /// - Throws: ``PaintingError``, `FileError`, `ImagingError` or what `progress` throws. Even
    ///   then the pictures that were finished have their sheet.
    @discardableResult
    public func paint(
        notify: @escaping (String) -> Void = { _ in },
        progress: (Painter.Progress) throws -> Void = { _ in },
        written: (PaintedPicture, URL) -> Void = { _, _ in }
    ) throws -> Outcome {
        var outcome = Outcome()
        let missing = file.missing()
        var sheets = ContactSheets(of: file, missing: missing, notify: notify)
        let writer = PictureWriter()
        func settle() throws {
            for result in try writer.news() {
                let index = result.picture.index
                var url = result.url
                if let error = result.error {
                    guard error.errorNumber == EEXIST else { throw error }
                    url = try file.written(result.picture, at: index)
                }
                outcome.pictureCount += 1
                written(result.picture, url)
                sheets.add(index)
            }
        }
        let result = Result {
            defer { writer.finish() }
            try paint(missing, notify: notify, progress: progress) { picture in
                writer.write(picture, to: file.place(picture.index))
                try settle()
            }
        }
        // Whatever ended the run, what was painted is there, and the sheet shows it.
        let last = Result { try settle() }
        sheets.finish()
        outcome.sheets = sheets.written
        try result.get()
        try last.get()
        return outcome
    }

    /// Paints some of the list.
    ///
    /// - Throws: ``PaintingError`` at the end, where pictures had to be left out; the manifest says
    ///   which.
    func paint(
        _ places: [Int], notify: @escaping (String) -> Void, isOwn: (Int) -> Bool = { _ in true },
        recordsFailures: Bool = true, progress: (Painter.Progress) throws -> Void,
        deliver: (PaintedPicture) throws -> Void
    ) throws {
        guard !places.isEmpty else { return }
        let entries = file.manifest.entries
        // By what decides it.
        var calls: [String: Int] = [:]
        let total = try places.reduce(0) { sum, place in
            let settings = entries[place].request.settings
            let key = "\(String(describing: settings.sampler)) \(settings.stepCount)"
            let count = try calls[key] ?? settings.callCount(for: session.source)
            calls[key] = count
            return sum + count
        }
        var batches = PaintingBatches(
            size: batchSize, pictureCount: places.count, callCount: total)
        let wanted = Set(places)
        let notices = FewNotices(notify)
        // Whatever ends the painting.
        defer {
            if recordsFailures {
                do {
                    try file.record(
                        Dictionary(uniqueKeysWithValues: batches.lost.map { ($0, "not finite") }))
                } catch {
                    notify("The manifest does not say what could not be painted: \(error)")
                }
            }
        }
        try session.each { places, pipeline in
            guard batches.error == nil || batches.hasDelivered else { return }
            var painters = RecentPainters(
                pipeline, modelHash: modelHash, overlays: session.overlays, notices: notices)
            try batches.paint(
                places: places, isWanted: wanted.contains, isOwn: isOwn,
                row: { place in
                    let request = entries[place].request
                    return PaintingBatches.Row(
                        painter: try painters.painter(for: request.settings),
                        request: request)
                },
                progress: progress, deliver: deliver)
        }
        if let error = batches.error { throw error }
    }
}

/// The painters of the prompts that were painted last: their texts went through the text encoder
/// once, and there may be any number of them.
private struct RecentPainters {
    private let pipeline: Pipeline
    private let modelHash: String?
    private let overlays: [Overlay]
    private let notices: FewNotices
    private var painters: [Painter] = []
    private static let limit = 32

    init(
        _ pipeline: Pipeline, modelHash: String?, overlays: [Overlay], notices: FewNotices
    ) {
        self.pipeline = pipeline
        self.modelHash = modelHash
        self.overlays = overlays
        self.notices = notices
    }

    mutating func painter(for settings: GenerationSettings) throws -> Painter {
        if let index = painters.firstIndex(where: { $0.settings == settings }) {
            let known = painters.remove(at: index)
            painters.append(known)
            return known
        }
        if painters.count == Self.limit { painters.removeFirst() }
        let new = try Painter(
            pipeline, settings, modelHash: modelHash, overlays: overlays)
        painters.append(new)
        notices.tell(new.notices)
        return new
    }
}

/// Tells what a person should know of prompts, each once, and not of two hundred prompts.
private final class FewNotices {
    private let notify: (String) -> Void
    private var told: Set<String> = []
    private static let limit = 12

    init(_ notify: @escaping (String) -> Void) { self.notify = notify }

    func tell(_ notices: [String]) {
        for notice in notices where told.count <= Self.limit && told.insert(notice).inserted {
            notify(
                told.count <= Self.limit
                    ? notice : "There is more of that kind to say of other prompts.")
        }
    }
}
