import Files
public import Foundation
import Imaging
import StableDiffusion

/// Many pictures of one prompt: numbered files, seeds that count up, and a contact sheet.
public struct PaintingRun {
    /// Paints a batch and writes its files.
    public let writer: PictureWriter
    /// Where the pictures and the contact sheet go.
    public let folder: URL
    /// Picture k has this seed plus k.
    public let firstSeed: UInt64
    /// How many pictures there will be.
    public let count: Int
    /// How many are painted at once; the pictures do not depend on it.
    public let batchSize: Int

    /// - Throws: `FileError` when the folder cannot be made or written, before anything is painted.
    /// A run into a folder that is there (``prepare(_:)`` makes it).
    public init(
        writer: PictureWriter, folder: URL, firstSeed: UInt64, count: Int, batchSize: Int
    ) {
        self.writer = writer
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

    /// Paints all; files of earlier runs stay, and the numbers go on after them.
    ///
    /// - Parameters:
    ///   - progress: network calls done, of how many, and pictures written so far; what it throws
    ///     ends the run with the finished batches kept.
    /// - Returns: the written files, in the order of their seeds.
    @discardableResult
    public func paint(
        progress: (_ done: Int, _ of: Int, _ pictures: Int) throws -> Void
    ) throws -> [URL] {
        var written: [Painted] = []
        do {
            try paintBatches(&written, progress)
        } catch {
            // The sheet shows what there is, and must not hide why there is no more.
            try? writeSheet(written)
            throw error
        }
        try writeSheet(written)
        return written.map(\.url)
    }

    private func paintBatches(
        _ written: inout [Painted],
        _ progress: (_ done: Int, _ of: Int, _ pictures: Int) throws -> Void
    ) throws {
        var number = try Self.nextNumber(in: folder)
        while written.count < count {
            let done = written.count
            let places = (done..<min(done + batchSize, count)).map { index in
                let seed = firstSeed &+ UInt64(index)
                defer { number += 1 }
                return (seed: seed, url: folder.appending(path: Self.name(number, seed)))
            }
            let pictures = try writer.paint(places) { step, steps in
                try progress(done * steps + step * places.count, count * steps, done)
            }
            for (place, picture) in zip(places, pictures) {
                written.append((place.url, place.seed, picture))
            }
        }
    }

    private typealias Painted = (url: URL, seed: UInt64, picture: PixelImage)

    private func writeSheet(_ pictures: [Painted]) throws {
        guard !pictures.isEmpty else { return }
        let sheet = ContactSheet.make(
            cells: pictures.map(\.picture), columns: ContactSheet.columns(for: pictures.count),
            labels: pictures.map { String($0.seed) }, title: writer.settings.prompt)
        try PNGWriter.write(sheet, to: folder.appending(path: "grid.png"), text: [])
    }

    static func name(_ number: Int, _ seed: UInt64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 5 - digits.count)) + digits + "-\(seed).png"
    }

    /// One more than the highest number that a picture in the folder has.
    static func nextNumber(in folder: URL) throws -> Int {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        let numbers = names.compactMap { name -> Int? in
            guard name.hasSuffix(".png"), let dash = name.firstIndex(of: "-") else { return nil }
            return Int(name[..<dash])
        }
        return (numbers.max() ?? -1) + 1
    }
}
