/// One figure of a table: its name, its meaning and how each row writes it.
public struct ComparisonColumn: Sendable {
    /// The heading.
    public let title: String
    /// What it is, in one sentence.
    public let meaning: String
    /// The text of a row; nil where it was not measured.
    public let text: @Sendable (ComparisonTable.Row) -> String?
    /// The row's mean, for a bar.
    public let value: @Sendable (ComparisonTable.Row) -> Double?
    /// The text for the untrained model.
    public let untrained: String?
    /// The text for the photos themselves.
    public let photos: String?
    /// Whether less is better.
    public let isCost: Bool

    /// The columns that have a figure in some row.
    public static func columns(of table: ComparisonTable) -> [ComparisonColumn] {
        ([matchColumn(table)] + pictureColumns(table) + costColumns(table)).filter { column in
            table.rows.contains { column.value($0) != nil }
        }
    }

    private static func matchColumn(_ table: ComparisonTable) -> ComparisonColumn {
        ComparisonColumn(
            title: "match",
            meaning: "How far pictures in new places have come from the untrained model's, 0 %, to "
                + "\(table.reference.rawValue), 100 %, part by part (best matches of the "
                + "U-Net's features): the figure that tells the subject from others of its class.",
            text: { $0.match.map { FigureText.share($0) } }, value: { $0.match?.mean },
            untrained: FigureText.share(0), photos: FigureText.share(1), isCost: false)
    }

    private static func pictureColumns(_ table: ComparisonTable) -> [ComparisonColumn] {
        func column(
            _ title: String, _ meaning: String, untrained: Double?, photos: Double? = nil,
            isCost: Bool = false, _ spread: @escaping @Sendable (ComparisonTable.Row) -> Spread?
        ) -> ComparisonColumn {
            ComparisonColumn(
                title: title, meaning: meaning,
                text: { spread($0).map { FigureText.cosine($0) } },
                value: { spread($0)?.mean }, untrained: untrained.map { FigureText.cosine($0) },
                photos: photos.map { FigureText.cosine($0) }, isCost: isCost)
        }
        let before = table.untrained
        return [
            column(
                "likeness",
                "How much pictures of the subject look like \(table.reference.rawValue) of it "
                    + "(CLIP-I, the mean cosine).",
                untrained: before?.likeness, photos: table.ceiling
            ) { $0.likeness },
            column(
                "faithfulness",
                "How well pictures in new places show what their prompts say (CLIP-T, the plain "
                    + "cosine, with the class's word for the subject's name).",
                untrained: before?.faithfulness
            ) { $0.faithfulness },
            column(
                "drift",
                "How far pictures of the class have moved from the untrained model's of the same "
                    + "seeds (1 − cosine); 0 is not at all.",
                untrained: before?.drift, isCost: true
            ) { $0.drift },
            column(
                "nearness",
                "How much any thing of the class looks like the subject's photos; it should not "
                    + "rise over the untrained model's.",
                untrained: before?.nearness, isCost: true
            ) { $0.nearness },
            column(
                "diversity of the class",
                "How much two pictures of the class differ (the mean of 1 − cosine).",
                untrained: before?.classDiversity
            ) { $0.classDiversity },
            column(
                "diversity of the subject",
                "How much two pictures of the subject differ.",
                untrained: before?.subjectDiversity, photos: table.photoDiversity
            ) { $0.subjectDiversity },
        ]
    }

    private static func costColumns(_ table: ComparisonTable) -> [ComparisonColumn] {
        func column(
            _ title: String, _ meaning: String, _ text: @escaping @Sendable (Double) -> String,
            _ spread: @escaping @Sendable (ComparisonTable.Row) -> Spread?
        ) -> ComparisonColumn {
            ComparisonColumn(
                title: title, meaning: meaning, text: { spread($0).map { text($0.mean) } },
                value: { spread($0)?.mean }, untrained: nil, photos: nil, isCost: true)
        }
        return [
            column(
                "drift of the prediction",
                "How far the noise predicted for the class prompt moved, as a share of it.",
                FigureText.percent
            ) { $0.predictionDrift },
            column("file", "The size of what is kept and loaded.", FigureText.bytes) {
                $0.fileBytes
            },
            column(
                "time", "The whole training, with loading and encoding the photos.",
                FigureText.time
            ) { $0.seconds },
            column("a step", "The median step.", FigureText.time) { $0.secondsPerStep },
            column(
                "memory", "The most memory that training's own process had.", FigureText.bytes
            ) { $0.peakMemory },
            column("GPU memory", "The most memory on the GPU in training.", FigureText.bytes) {
                $0.peakDeviceMemory
            },
        ]
    }
}

extension ComparisonTable {
    /// The name of a row; where counts of photos are compared, with its count.
    public func name(of row: Row) -> String {
        Set(rows.map(\.photoCount)).count > 1
            ? "\(row.method.label), \(FigureText.count(row.photoCount, "photo"))"
            : row.method.label
    }

    /// How near a row comes to the subject, with the figure's name: `match 73 %`; nil where it was
    /// not measured.
    public func subjectFigure(of row: Row) -> String? { SubjectYardstick(self)?.named(row) }

    /// Whether there is something to say of the untrained model and of the photos themselves.
    public var hasEnds: Bool { SubjectYardstick(self) != nil }

    /// What the row of the photos themselves is called.
    public var photosName: String {
        reference == .heldOut ? "the photos against held-out ones" : "the photos among each other"
    }

    /// The table in Markdown, the untrained model first and the photos themselves last.
    public var markdown: String {
        let columns = ComparisonColumn.columns(of: self)
        func line(_ name: String, _ cells: [String?]) -> String {
            "| " + ([name] + cells.map { $0 ?? "" }).joined(separator: " | ") + " |"
        }
        var lines = [
            line("method", columns.map(\.title)),
            "|---|" + columns.map { _ in "---:|" }.joined(),
        ]
        if hasEnds { lines.append(line("untrained", columns.map(\.untrained))) }
        lines += rows.map { row in line(name(of: row), columns.map { $0.text(row) }) }
        if hasEnds { lines.append(line(photosName, columns.map(\.photos))) }
        return lines.joined(separator: "\n")
    }
}
