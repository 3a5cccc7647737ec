import Foundation
import Imaging
import StableDiffusion
import Torch

/// Paints pictures in batches: those that follow each other and differ in their prompts and seeds
/// only are painted at once.
struct PaintingBatches {
    /// A picture: by whom, and from which noise.
    struct Row {
        let painter: Painter
        let request: PictureRequest
    }

    private let size: Int
    private let totalCalls: Int
    private var doneCalls = 0
    private var deliveredCount = 0
    /// The pictures that did not become finite, by their place.
    private(set) var lost: [Int] = []
    private var seeds: [UInt64] = []
    private let pictureCount: Int
    private var batchCount = 0
    private var last: Painter?

    /// - Parameters:
    ///   - size: how many are painted at once at most; the pictures do not depend on it.
    ///   - pictureCount: how many are wanted.
    ///   - callCount: of all pictures that will be painted.
    init(size: Int, pictureCount: Int, callCount: Int) {
        precondition(size > 0, "a batch has at least one picture")
        self.size = size
        totalCalls = callCount
        self.pictureCount = pictureCount
    }

    /// Why pictures are missing, nil where none is.
    var error: PaintingError? {
        guard let last, !lost.isEmpty else { return nil }
        return .notFinite(
            seeds: seeds, untriedCount: pictureCount - doneCount,
            precision: last.pipeline.precision.shortName,
            overlays: last.overlays.map(\.file.lastPathComponent),
            guidanceScale: last.settings.guidanceScale)
    }

    /// Whether any picture became finite.
    var hasDelivered: Bool { deliveredCount > 0 }

    /// Paints pictures, in their order.
    ///
    /// Batches are made of all of the places, and a batch is painted whole where any of its
    /// pictures is wanted: its last bits depend on what it is painted with.
    /// - Parameters:
    ///   - places: what they are called by.
    ///   - isWanted: whether a picture is to be delivered.
    ///   - isOwn: whether a batch of a number is painted here, and not by another process.
    ///   - row: asked once for each, shortly before it is painted.
    /// - Returns: false where none of the first batch of all became finite: what is wrong with all
    ///   of them is wrong with those that would follow.
    @discardableResult
    mutating func paint(
        places: some RandomAccessCollection<Int>, isWanted: (Int) -> Bool = { _ in true },
        isOwn: (Int) -> Bool = { _ in true }, row: (Int) throws -> Row,
        progress: (Painter.Progress) throws -> Void, deliver: (PaintedPicture) throws -> Void
    ) throws -> Bool {
        var next = places.startIndex
        var waiting: (place: Int, row: Row)?
        func take() throws -> (place: Int, row: Row) {
            defer { waiting = nil }
            if let waiting { return waiting }
            let place = places[next]
            places.formIndex(after: &next)
            return (place, try row(place))
        }
        while next < places.endIndex || waiting != nil {
            var batch = [try take()]
            while batch.count < size, next < places.endIndex {
                let candidate = try take()
                guard batch[0].row.painter.isBatch(with: candidate.row.painter) else {
                    waiting = candidate
                    break
                }
                batch.append(candidate)
            }
            defer { batchCount += 1 }
            guard isOwn(batchCount), batch.contains(where: { isWanted($0.place) }) else { continue }
            try paint(batch, isWanted, progress, deliver)
            if lost.count == doneCount { return false }
        }
        return true
    }

    private var doneCount: Int { deliveredCount + lost.count }

    private mutating func paint(
        _ batch: [(place: Int, row: Row)], _ isWanted: (Int) -> Bool,
        _ progress: (Painter.Progress) throws -> Void,
        _ deliver: (PaintedPicture) throws -> Void
    ) throws {
        let painter = batch[0].row.painter
        last = painter
        let wantedCount = batch.count { isWanted($0.place) }
        func tell(_ calls: Int) throws {
            try progress(
                Painter.Progress(
                    done: doneCalls + calls, total: totalCalls, pictureCount: deliveredCount))
        }
        let latents = try painter.pipeline.diffused(
            painter.settings, rows: batch.map { ($0.row.painter.conditioned, $0.row.request.seed) }
        ) { step, steps in
            // The last step is told when its pictures are there: what ends the painting then
            // must not take them along.
            guard step < steps else { return }
            try tell(step * wantedCount)
        }
        for (number, entry) in batch.enumerated() where isWanted(entry.place) {
            // One at a time: decoding is where memory peaks.
            let tensor = painter.pipeline.picture(latents.narrowed(0, start: number, length: 1))
            let (place, row) = entry
            guard let tensor else {
                lost.append(place)
                seeds.append(row.request.seed)
                continue
            }
            let image = PixelImage(
                width: tensor.size(1), height: tensor.size(0), pixels: tensor.unsignedBytes())
            try deliver(
                PaintedPicture(
                    index: place, seed: row.request.seed, image: image,
                    parameters: row.painter.context.parameters(
                        of: row.request, width: image.width, height: image.height)))
            deliveredCount += 1
        }
        doneCalls += painter.callCount * wantedCount
        try tell(0)
    }
}

extension Painter {
    /// Whether pictures of the other one can be painted at once with its own.
    func isBatch(with other: Painter) -> Bool {
        if self === other { return true }
        var settings = self.settings
        settings.prompt = other.settings.prompt
        settings.negativePrompt = other.settings.negativePrompt
        settings.promptSyntax = other.settings.promptSyntax
        return pipeline === other.pipeline && settings == other.settings
            && prompts.batchShape == other.prompts.batchShape
    }
}
