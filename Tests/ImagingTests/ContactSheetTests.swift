import Imaging
import Testing

@Suite("Contact sheets")
struct ContactSheetTests {
    private var style: ContactSheet.Style {
        var style = ContactSheet.Style()
        style.minimumCellSide = 20
        style.margin = 5
        style.cellGap = 3
        return style
    }

    @Test("Cells stand row by row on white, even gaps between them")
    func grid() {
        let colors = [RGB(255, 0, 0), RGB(0, 255, 0), RGB(0, 0, 255)]
        let cells = colors.map { PixelImage(width: 20, height: 20, filledWith: $0) }
        let sheet = ContactSheet.make(cells: cells, columns: 2, style: style)
        #expect(sheet.width == 53 && sheet.height == 53)
        #expect(sheet[4, 4] == .white && sheet[5, 5] == colors[0] && sheet[24, 24] == colors[0])
        #expect(sheet[25, 10] == .white && sheet[28, 10] == colors[1])
        #expect(sheet[10, 28] == colors[2] && sheet[40, 40] == .white)
    }

    @Test("Small cells grow, and cells of another shape stand in the middle")
    func sizes() {
        let cells = [
            PixelImage(width: 10, height: 10, filledWith: .black),
            PixelImage(width: 10, height: 4, filledWith: .black),
        ]
        let sheet = ContactSheet.make(cells: cells, columns: 2, style: style)
        #expect(sheet.width == 53 && sheet.height == 30)
        #expect(sheet[38, 6] == .white && sheet[38, 15] == .black && sheet[38, 23] == .white)
    }

    @Test("Labels add room and ink below, whatever is in them")
    func labels() {
        let cell = PixelImage(width: 120, height: 20, filledWith: .white)
        let plain = ContactSheet.make(cells: [cell], columns: 1, style: style)
        for label in [
            "seed 5", "a <b> & \"c\" \u{1} 日本", String(repeating: "long words ", count: 99),
        ] {
            let sheet = ContactSheet.make(
                cells: [cell], columns: 1, labels: [label], columnLabels: [label],
                rowLabels: [label], title: label, style: style)
            // A machine without fonts gets the sheet without words.
            if sheet == plain { continue }
            #expect(sheet.height > plain.height && sheet.width > plain.width)
            #expect(sheet.pixels.contains { $0 < 100 })
            #expect(sheet.height < 400)
        }
    }

    @Test("A huge sheet is made with smaller pictures")
    func huge() {
        var style = style
        style.pixelLimit = 10_000
        let cell = PixelImage(width: 300, height: 300, filledWith: .black)
        let sheet = ContactSheet.make(
            cells: Array(repeating: cell, count: 4), columns: 2, style: style)
        #expect(sheet.width == 2 * 50 + 13)
    }

    @Test(
        "Columns as the web UI chooses them", arguments: [(1, 1), (2, 2), (4, 2), (5, 3), (9, 3)])
    func columns(count: Int, expected: Int) {
        #expect(ContactSheet.columns(for: count) == expected)
    }
}
