import Files
public import Foundation
import StableDiffusion

/// Many pictures of one prompt as files: numbered on from those that are there, with seeds that
/// count up, and contact sheets.
public struct PaintingRun {
    /// What was written.
    public struct Outcome: Sendable, Equatable {
        /// How many pictures.
        public internal(set) var pictureCount = 0
        /// The contact sheets, in their order.
        public internal(set) var sheets: [URL] = []
    }

    /// What paints.
    public let painter: Painter
    /// Where the pictures and the contact sheets go.
    public let folder: URL
    /// Picture k has this seed plus k.
    public let firstSeed: UInt64
    /// How many pictures there will be.
    public let count: Int
    /// How many are painted at once; the pictures do not depend on it.
    public let batchSize: Int

    /// A run into a folder that is there (``prepare(_:)`` makes it).
    public init(
        painter: Painter, folder: URL, firstSeed: UInt64, count: Int, batchSize: Int
    ) {
        self.painter = painter
        self.folder = folder
        self.firstSeed = firstSeed
        self.count = count
        self.batchSize = batchSize
    }

    /// Makes the folder and sees whether a file can be written there.
    ///
    /// - Throws: `FileError`, one sentence.
    public static func prepare(_ folder: URL) throws {
        try Folder.create(folder)
        TemporaryName.removeLeftovers(in: folder)
        let probe = try AtomicFile(at: folder.appending(path: ".probe"))
        probe.discard()
    }

    /// Paints all, in memory that does not grow with their number.
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
        var files = try NumberedFiles(in: folder)
        var sheets = ContactSheets(
            in: folder, title: painter.settings.prompt, count: count, notify: notify)
        let result = Result {
            try painter.paint(
                seeds: consecutiveSeeds(from: firstSeed, count: count), batchSize: batchSize,
                progress: progress
            ) { picture in
                let url = try files.add(end: "-\(picture.seed).png") { url in
                    try picture.write(to: url, replacing: false)
                }
                outcome.pictureCount += 1
                sheets.add(picture)
                written(picture, url)
            }
        }
        // Whatever ended the run, the sheet shows what there is.
        sheets.finish()
        outcome.sheets = sheets.written
        try result.get()
        return outcome
    }
}
