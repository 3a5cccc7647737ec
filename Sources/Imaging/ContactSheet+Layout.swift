extension ContactSheet {
    /// Where everything goes on a sheet, with the words already drawn.
    struct Layout {
        let width: Int
        let height: Int
        let cellWidth: Int
        let cellHeight: Int

        private let style: Style
        private let columns: Int
        private let scale: Double
        private let title: TextBlock?
        private let headings: [TextBlock?]
        private let rowLabels: [TextBlock?]
        private let labels: [TextBlock?]
        private let top: Int
        private let left: Int
        private let rowHeight: Int

        init(
            cells: [PixelImage], columns: Int, labels: ArraySlice<String>, columnLabels: [String],
            rowLabels: [String], title: String?, style: Style
        ) {
            self.style = style
            let columns = max(1, min(columns, max(cells.count, 1)))
            self.columns = columns
            let rows = max(1, (cells.count + columns - 1) / columns)

            let largestWidth = cells.map(\.width).max() ?? 1
            let largestHeight = cells.map(\.height).max() ?? 1
            let enlarged = max(
                1, Double(style.minimumCellSide) / Double(max(largestWidth, largestHeight)))
            let area = Double(largestWidth) * Double(largestHeight) * Double(columns * rows)
            scale = min(enlarged, (Double(style.pixelLimit) / area).squareRoot())
            let cellWidth = Self.side(largestWidth, scale)
            let cellHeight = Self.side(largestHeight, scale)
            self.cellWidth = cellWidth
            self.cellHeight = cellHeight

            let gap = style.cellGap
            // A line of text is about 1.35 times as high as its letters.
            let line = style.fontSize * 27 / 20
            let rowLabelRoom = style.fontSize * 8
            self.rowLabels = rowLabels.prefix(rows).map { text in
                TextBlock.fitted(
                    text, pixelHeight: style.fontSize, isBold: true, width: rowLabelRoom,
                    height: cellHeight, isCentred: false)
            }
            headings = columnLabels.prefix(columns).map { text in
                TextBlock.fitted(
                    text, pixelHeight: style.fontSize, isBold: true, width: cellWidth,
                    height: line * 2)
            }
            self.labels = labels.map { text in
                TextBlock.fitted(
                    text, pixelHeight: style.fontSize, width: cellWidth,
                    height: line * style.labelLineCount)
            }
            left = style.margin + Self.room(Self.greatest(self.rowLabels, \.width), gap)
            width = left + columns * cellWidth + (columns - 1) * gap + style.margin
            self.title = title.flatMap { text in
                TextBlock.fitted(
                    text, pixelHeight: style.fontSize * 3 / 2, isBold: true,
                    width: max(1, cellWidth, columns * (cellWidth + gap) - gap), height: line * 3,
                    isCentred: false)
            }
            top =
                style.margin + Self.room(self.title?.height ?? 0, gap * 3 / 2)
                + Self.room(Self.greatest(headings, \.height), gap / 2)
            rowHeight = cellHeight + Self.room(Self.greatest(self.labels, \.height), gap / 2)
            height = top + rows * rowHeight + (rows - 1) * gap + style.margin
        }

        private static func side(_ length: Int, _ scale: Double) -> Int {
            max(1, Int((Double(length) * scale).rounded()))
        }

        private static func greatest(
            _ blocks: [TextBlock?], _ length: (TextBlock) -> Int
        ) -> Int {
            blocks.map { $0.map(length) ?? 0 }.max() ?? 0
        }

        /// A length and the gap after it; nothing for nothing.
        private static func room(_ length: Int, _ gap: Int) -> Int {
            length == 0 ? 0 : length + gap
        }

        func scaled(_ cell: PixelImage) -> PixelImage {
            cell.resized(
                width: min(Self.side(cell.width, scale), cellWidth),
                height: min(Self.side(cell.height, scale), cellHeight))
        }

        func origin(ofCell index: Int) -> (x: Int, y: Int) {
            let (row, column) = index.quotientAndRemainder(dividingBy: columns)
            return (
                left + column * (cellWidth + style.cellGap),
                top + row * (rowHeight + style.cellGap)
            )
        }

        func drawWords(on sheet: inout PixelImage) {
            let color = style.textColor
            title?.draw(on: &sheet, x: style.margin, y: style.margin, color: color)
            for (column, block) in headings.enumerated() {
                guard let block else { continue }
                let cell = origin(ofCell: column)
                block.draw(
                    on: &sheet, x: cell.x + (cellWidth - block.width) / 2,
                    y: cell.y - style.cellGap / 2 - block.height, color: color)
            }
            for (row, block) in rowLabels.enumerated() {
                guard let block else { continue }
                let y = origin(ofCell: row * columns).y + (cellHeight - block.height) / 2
                block.draw(on: &sheet, x: style.margin, y: y, color: color)
            }
            for (index, block) in labels.enumerated() {
                guard let block else { continue }
                let cell = origin(ofCell: index)
                block.draw(
                    on: &sheet, x: cell.x + (cellWidth - block.width) / 2,
                    y: cell.y + cellHeight + style.cellGap / 2, color: color)
            }
        }
    }
}
