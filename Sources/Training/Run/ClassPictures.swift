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
    ///   - progress: pictures that are there, of how many.
    /// - Throws: ``TrainingError/interrupted(step:checkpoint:)`` when cancelled, with the finished
    ///   batches kept; and what painting and writing throw.
    public func complete(
        pipeline: () throws -> Pipeline, cancellation: Cancellation = Cancellation(),
        progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) throws {
        try Folder.create(folder)
        var present = try presentCount()
        guard present < count else { return }
        progress(present, count)
        let writer = PictureWriter(pipeline: try pipeline(), settings: settings)
        var number = try nextNumber()
        while present < count {
            let places = (number..<(number + min(batchSize, count - present))).map { index in
                let seed = seed &+ UInt64(index)
                let digits = String(index)
                let padded = String(repeating: "0", count: max(0, 5 - digits.count)) + digits
                return (
                    seed: seed, url: folder.appendingPathComponent("class-\(padded)-\(seed).png")
                )
            }
            try writer.paint(places) { _, _ in
                try cancellation.check()
            }
            number += places.count
            present += places.count
            progress(present, count)
        }
    }

    private func presentCount() throws -> Int {
        do {
            return try PhotoFolder.scan(folder, minimumSide: 1, decoding: false).entries.count
        } catch ImagingError.noPhotos {
            return 0
        }
    }

    /// One more than the highest number of a picture that is there.
    private func nextNumber() throws -> Int {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        let numbers = names.compactMap { name -> Int? in
            let parts = name.split(separator: "-")
            return parts.count == 3 && parts[0] == "class" ? Int(parts[1]) : nil
        }
        return (numbers.max() ?? -1) + 1
    }
}
