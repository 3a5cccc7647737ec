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
    private var untriedCount = 0
    private var last: Painter?

    /// - Parameters:
    ///   - size: how many are painted at once at most; the pictures do not depend on it.
    ///   - callCount: of all pictures that will be painted.
    init(size: Int, callCount: Int) {
        precondition(size > 0, "a batch has at least one picture")
        self.size = size
        totalCalls = callCount
    }

    /// Why pictures are missing, nil where none is.
    var error: PaintingError? {
        guard let last, !lost.isEmpty else { return nil }
        return .notFinite(
            seeds: seeds, untriedCount: untriedCount, precision: last.pipeline.precision.shortName,
            overlays: last.overlays.map(\.file.lastPathComponent),
            guidanceScale: last.settings.guidanceScale)
    }

    /// Whether any picture became finite.
    var hasDelivered: Bool { deliveredCount > 0 }

    /// Paints pictures, in their order.
    ///
    /// - Parameters:
    ///   - places: what they are called by.
    ///   - row: asked once for each, shortly before it is painted.
    /// - Returns: false where none of the first batch of all became finite: what is wrong with all
    ///   of them is wrong with those that would follow.
    @discardableResult
    mutating func paint(
        places: some RandomAccessCollection<Int>, row: (Int) throws -> Row,
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
            try paint(batch, progress, deliver)
            if lost.count == doneCount {
                untriedCount = places.distance(from: next, to: places.endIndex)
                return false
            }
        }
        return true
    }

    private var doneCount: Int { deliveredCount + lost.count }

    private mutating func paint(
        _ batch: [(place: Int, row: Row)], _ progress: (Painter.Progress) throws -> Void,
        _ deliver: (PaintedPicture) throws -> Void
    ) throws {
        let painter = batch[0].row.painter
        last = painter
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
            try tell(step * batch.count)
        }
        for (number, entry) in batch.enumerated() {
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
        doneCalls += painter.callCount * batch.count
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
