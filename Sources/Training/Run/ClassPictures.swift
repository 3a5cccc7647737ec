import Files
public import Foundation
import Imaging
import Painting
public import StableDiffusion

/// The class pictures of prior preservation: those that are missing are painted with the
/// untrained model, and all are kept for the next run.
public struct ClassPictures {
    /// Where they are; made where it is missing.
    public let folder: URL
    /// How many there should be.
    public let count: Int
    /// The prompt, the size and the steps.
    public let settings: GenerationSettings
    /// Picture k is painted with this seed plus k.
    public let seed: UInt64
    /// How many are painted at once.
    public let batchSize: Int

    /// What there should be; nothing is painted yet.
    public init(
        folder: URL, count: Int, settings: GenerationSettings, seed: UInt64, batchSize: Int
    ) {
        self.folder = folder
        self.count = count
        self.settings = settings
        self.seed = seed
        self.batchSize = batchSize
    }

    /// Paints what is missing, as `class-NNNNN-SEED.png`.
    ///
    /// - Parameters:
    ///   - pipeline: loads the untrained model; called only when something is missing.
    ///   - notify: is told when another process is painting there, which is waited for.
    ///   - progress: pictures that are there, of how many.
    /// - Throws: ``TrainingError/interrupted(step:checkpoint:)`` when cancelled, with the finished
    ///   batches kept; and what painting and writing throw.
    public func complete(
        pipeline: () throws -> Pipeline, cancellation: Cancellation = Cancellation(),
        notify: (String) -> Void = { _ in },
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws {
        try Folder.create(folder)
        guard try presentCount() < count else { return }
        let lock = try waitForTurn(cancellation, notify)
        defer { withExtendedLifetime(lock) {} }
        TemporaryName.removeLeftovers(in: folder)
        var present = try presentCount()
        guard present < count else { return }
        progress(present, count)
        let painter = try Painter(try pipeline(), settings)
        var files = try NumberedFiles(in: folder, start: "class-")
        let seeds = consecutiveSeeds(from: seed &+ UInt64(files.next), count: count - present)
        try painter.paint(
            seeds: seeds, batchSize: batchSize,
            progress: { _ in try cancellation.check() },
            deliver: { picture in
                _ = try files.add(end: "-\(picture.seed).png") { url in
                    try picture.write(to: url, replacing: false)
                }
                present += 1
                progress(present, count)
            })
    }

    /// Two runs that share the folder paint it once.
    private func waitForTurn(
        _ cancellation: Cancellation, _ notify: (String) -> Void
    ) throws -> FolderLock {
        var isTold = false
        while true {
            do {
                return try FolderLock(folder)
            } catch OutputError.folderInUse {
                if !isTold {
                    notify(
                        "Another run is painting class pictures in \(folder.path): it is waited for."
                    )
                }
                isTold = true
                try cancellation.check()
                usleep(100_000)
            }
        }
    }

    private func presentCount() throws -> Int {
        do {
            return try PhotoFolder.scan(folder, minimumSide: 1, decoding: false).entries.count
        } catch ImagingError.noPhotos {
            return 0
        }
    }
}
