/// Many pictures on one sheet, in a grid with labels.
public enum ContactSheet {
    /// How a sheet looks; lengths in pixels.
    public struct Style: Sendable, Equatable {
        /// The space between two pictures.
        public var cellGap = 14
        /// The space around everything.
        public var margin = 24
        /// Smaller pictures are enlarged until their longer side has this length.
        public var minimumCellSide = 192
        /// The height of the letters under the pictures and in the headings.
        public var fontSize = 15
        /// How many lines a label may take before it ends in an ellipsis.
        public var labelLineCount = 2
        /// The paper.
        public var background = RGB.white
        /// The letters.
        public var textColor = RGB(64, 64, 64)
        /// Larger sheets are made with smaller pictures.
        public var pixelLimit = 64_000_000

        /// The usual look: white paper, dark gray letters.
        public init() {}
    }

    /// Lays out `cells` row by row.
    ///
    /// Cells take the size of the largest; others stand in their middle. Words that do not fit
    /// end in an ellipsis, and where the machine has no font at all the sheet has no words.
    /// - Parameters:
    ///   - columns: The count of pictures in a row, at least 1.
    ///   - labels: What stands under each picture; fewer than cells is fine.
    ///   - columnLabels: What stands above each column.
    ///   - rowLabels: What stands to the left of each row.
    ///   - title: What stands above everything.
    public static func make(
        cells: [PixelImage], columns: Int, labels: [String] = [], columnLabels: [String] = [],
        rowLabels: [String] = [], title: String? = nil, style: Style = Style()
    ) -> PixelImage {
        precondition(columns > 0, "ContactSheet: at least one column is needed")
        let layout = Layout(
            cells: cells, columns: columns, labels: labels.prefix(cells.count),
            columnLabels: columnLabels, rowLabels: rowLabels, title: title, style: style)
        var sheet = PixelImage(
            width: layout.width, height: layout.height, filledWith: style.background)
        for (index, cell) in cells.enumerated() {
            let picture = layout.scaled(cell)
            let origin = layout.origin(ofCell: index)
            sheet.paste(
                picture, x: origin.x + (layout.cellWidth - picture.width) / 2,
                y: origin.y + (layout.cellHeight - picture.height) / 2)
        }
        layout.drawWords(on: &sheet)
        return sheet
    }

    /// The count of columns that A1111 chooses for `count` pictures: round(sqrt(count)) rows.
    public static func columns(for count: Int) -> Int {
        guard count > 0 else { return 1 }
        let rows = max(1, Int(Double(count).squareRoot().rounded(.toNearestOrEven)))
        return (count + rows - 1) / rows
    }
}

extension PixelImage {
    /// The picture itself, or one of its shape with at most so many pixels, for a sheet of many.
    package func reduced(to pixelLimit: Double) -> PixelImage {
        let scale = (pixelLimit / Double(width * height)).squareRoot()
        guard scale < 1 else { return self }
        return resized(
            width: max(1, Int(Double(width) * scale)), height: max(1, Int(Double(height) * scale)))
    }
}

extension PixelImage {
    /// Copies another picture that lies wholly inside this one to a place.
    fileprivate mutating func paste(_ other: PixelImage, x: Int, y: Int) {
        for row in 0..<other.height {
            let source = row * other.width * 3
            let target = ((y + row) * width + x) * 3
            pixels.replaceSubrange(
                target..<(target + other.width * 3),
                with: other.pixels[source..<(source + other.width * 3)])
        }
    }
}
