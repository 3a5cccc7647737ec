import RunRecord

/// The table of figures with a bar under each number.
struct ComparisonFigureTable {
    private let table: ComparisonTable
    private let columns: [ComparisonColumn]

    init(_ table: ComparisonTable) {
        self.table = table
        columns = ComparisonColumn.columns(of: table)
    }

    var html: String {
        var lines = [
            "<tr><th></th>"
                + columns.map {
                    "<th title=\"\(HTML.escaped($0.meaning))\">\(HTML.escaped($0.title))</th>"
                }.joined() + "</tr>"
        ]
        if table.hasEnds { lines.append(plain("untrained", columns.map(\.untrained))) }
        for row in table.rows {
            let cells = columns.map { column in
                "<td>\(column.text(row) ?? "")\(bar(column, row))</td>"
            }
            lines.append(
                "<tr><th>\(HTML.escaped(table.name(of: row)))</th>\(cells.joined())</tr>")
        }
        if table.hasEnds { lines.append(plain(table.photosName, columns.map(\.photos))) }
        let meanings = columns.map {
            "<p><strong>\(HTML.escaped($0.title))</strong>: \(HTML.escaped($0.meaning))</p>"
        }
        return """
            <div class="scroll"><table class="numbers">\(lines.joined(separator: "\n"))</table></div>
            <p>Bars are shares of the column's highest; green is better when long, gray when short.</p>
            <details><summary>What the figures mean</summary>\(meanings.joined(separator: "\n"))\
            </details>
            """
    }

    private func plain(_ name: String, _ cells: [String?]) -> String {
        "<tr><th>\(HTML.escaped(name))</th>"
            + cells.map { "<td>\($0 ?? "")</td>" }.joined() + "</tr>"
    }

    private func bar(_ column: ComparisonColumn, _ row: ComparisonTable.Row) -> String {
        guard let value = column.value(row),
            let highest = table.rows.compactMap(column.value).max(), highest > 0
        else { return "" }
        let share = max(0, value) / highest * 100
        guard share.isFinite else { return "" }
        let percent = Int(share.rounded())
        return "<div class=\"meter\(column.isCost ? " cost" : "")\">"
            + "<b style=\"width:\(percent)%\"></b></div>"
    }
}
