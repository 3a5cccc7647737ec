import Files
import Foundation
public import Imaging

extension PhotoInspection {
    /// Every photo with what training sees of it: what is always cropped off is dark, what only
    /// some of the crops show is dimmed, the first crop has a frame, and what a mask takes out is
    /// reddened.
    ///
    /// - Parameter side: the longer side of each picture in pixels.
    /// - Throws: `ImagingError` for a photo that can no longer be read.
    public func contactSheet(side: Int = 240) throws -> PixelImage {
        precondition(!entries.isEmpty, "a sheet without photos")
        let cells = try entries.indices.map { index in
            try cell(index, side: side)
        }
        return ContactSheet.make(
            cells: cells, columns: ContactSheet.columns(for: cells.count),
            labels: entries.map { entry in
                "\(entry.url.readableName) \(entry.size) → \(entry.trainedSize)"
            },
            title: "\(folder.readableName): \(entries.count) photos")
    }

    private func cell(_ index: Int, side: Int) throws -> PixelImage {
        let image = try PhotoReader.read(entries[index].url)
        let scale = Double(side) / Double(max(image.width, image.height))
        var cell = image.resized(
            width: max(1, Int(Double(image.width) * scale)),
            height: max(1, Int(Double(image.height) * scale)), filter: .bilinear)
        if let mask = try views.mask(index, of: image) {
            cell.redden(
                outside: mask.resized(width: cell.width, height: cell.height, filter: .bilinear))
        }
        let frames = views.frames(width: image.width, height: image.height, index: index).map {
            PixelRange(
                $0, scaleX: Double(cell.width) / Double(image.width),
                scaleY: Double(cell.height) / Double(image.height), of: cell)
        }
        cell.darken(outside: frames)
        if let first = frames.first { cell.draw(first, RGB(255, 220, 0)) }
        return cell
    }
}

/// Whole columns and rows of a picture.
private struct PixelRange {
    let columns: Range<Int>
    let rows: Range<Int>

    init(_ frame: PixelFrame, scaleX: Double, scaleY: Double, of picture: PixelImage) {
        func range(_ start: Double, _ length: Double, _ scale: Double, _ count: Int) -> Range<Int> {
            let first = min(max(0, Int((start * scale).rounded())), count - 1)
            let end = min(count, Int(((start + length) * scale).rounded()))
            return first..<max(first + 1, end)
        }
        columns = range(frame.x, frame.width, scaleX, picture.width)
        rows = range(frame.y, frame.height, scaleY, picture.height)
    }

    func contains(_ x: Int, _ y: Int) -> Bool { columns.contains(x) && rows.contains(y) }
}

extension PixelImage {
    /// Keeps a third of the light where no frame is, and more the more frames show a place.
    fileprivate mutating func darken(outside frames: [PixelRange]) {
        for y in 0..<height {
            for x in 0..<width {
                let count = frames.count { $0.contains(x, y) }
                guard count < frames.count else { continue }
                let light = 0.3 + 0.7 * Double(count) / Double(frames.count)
                for at in ((y * width + x) * 3)..<((y * width + x) * 3 + 3) {
                    pixels[at] = UInt8(Double(pixels[at]) * light)
                }
            }
        }
    }

    /// Mixes black parts of a mask of the same size with red.
    fileprivate mutating func redden(outside mask: PixelImage) {
        for index in 0..<(width * height) {
            let share = 0.6 * (1 - Double(mask.pixels[3 * index]) / 255)
            for (channel, color) in [200.0, 0, 0].enumerated() {
                let at = 3 * index + channel
                pixels[at] = UInt8(Double(pixels[at]) * (1 - share) + color * share)
            }
        }
    }

    fileprivate mutating func draw(_ range: PixelRange, _ color: RGB) {
        for x in range.columns {
            self[x, range.rows.lowerBound] = color
            self[x, range.rows.upperBound - 1] = color
        }
        for y in range.rows {
            self[range.columns.lowerBound, y] = color
            self[range.columns.upperBound - 1, y] = color
        }
    }
}
