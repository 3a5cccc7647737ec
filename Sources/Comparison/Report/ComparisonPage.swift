import Files
import Foundation
import Imaging
import RunRecord

/// `report.html`: one file with everything inside, to be opened by a double click or sent on.
struct ComparisonPage {
    private let outcome: ComparisonOutcome
    private let folder: ComparisonFolder

    init(_ outcome: ComparisonOutcome, folder: ComparisonFolder) {
        self.outcome = outcome
        self.folder = folder
    }

    func write() throws {
        let page = HTML.page(
            title: "Methods compared on \(outcome.settings.subject.name)",
            head: "<style>\(Self.style)</style>", body: try body())
        try AtomicFile.write(Data(page.utf8), to: folder.page)
    }

    private func body() throws -> String {
        let subject = outcome.settings.subject
        let photos = FigureText.count(outcome.photos.count, "photo")
        let ways = FigureText.count(Set(outcome.results.map(\.method)).count, "way")
        return """
            <header><h1>\(ways) to teach a model <em>\(HTML.escaped(subject.name))</em></h1>
            <p class="lead">Taught from the \(photos) below, with \
            \(FigureText.count(outcome.table.seedCount, "seed")) each, and measured in the same \
            way.</p></header>
            <section><h2>The photos</h2>
            <div class="strip">\(try photoStrip())</div></section>
            <section><h2>Which method</h2>
            <div class="figures">\(advice())</div></section>
            <section><h2>The pictures</h2>
            <p>Rows are prompts, columns are methods; every column has the same seeds.</p>
            \(try pictures())</section>
            \(try photoCounts())
            <section><h2>The figures</h2>
            \(ComparisonFigureTable(outcome.table).html)</section>
            \(literature())
            <section><h2>How it was done</h2>
            \(outcome.conditions.map { "<p>\(HTML.escaped($0))</p>" }.joined(separator: "\n"))
            </section>
            """
    }

    private func photoStrip() throws -> String {
        try outcome.photos.prefix(12).map { try Self.photo($0) }.joined()
    }

    private func advice() -> String {
        outcome.advice.map {
            """
            <div class="figure"><h3>\(HTML.escaped($0.topic))</h3>\
            <p>\(HTML.escaped($0.sentence))</p></div>
            """
        }.joined(separator: "\n")
    }

    /// A row for each prompt: a photo, the untrained model, then every method.
    private func pictures() throws -> String {
        let runs = outcome.shown
        let names = ["photos", "untrained"] + runs.map(\.method.label)
        let places = [folder.untrainedPictures] + runs.map(folder.pictures)
        let prompts = ComparisonPictures.prompts(
            outcome.settings, calling: outcome.settings.subject.name)
        let count = min(2, outcome.settings.pictureCount)
        var html = "<div class=\"scroll\"><table class=\"grid\"><tr><th></th>"
        html += names.map { "<th>\(HTML.escaped($0))</th>" }.joined() + "</tr>\n"
        for (index, prompt) in prompts.enumerated() {
            html += "<tr><th>\(HTML.escaped(prompt.prompt))</th>"
            let photos = (0..<count).map {
                outcome.photos[(index * count + $0) % outcome.photos.count]
            }
            html += "<td>\(try photos.map { try Self.photo($0) }.joined())</td>"
            for place in places {
                let shown = try (0..<count).map { number in
                    let seed = outcome.settings.firstSeed &+ UInt64(number)
                    return try Self.painted(place.appending(path: "\(prompt.file)-\(seed).png"))
                }
                html += "<td>\(shown.joined())</td>"
            }
            html += "</tr>\n"
        }
        return html + "</table></div>"
    }

    /// Where counts of photos were compared: the subject by each method with each count.
    private func photoCounts() throws -> String {
        let counts = Set(outcome.results.map(\.photoCount)).sorted()
        guard counts.count > 1 else { return "" }
        var html = """
            <section><h2>How many photos</h2>
            <div class="scroll"><table class="grid"><tr><th></th>
            """
        html += counts.map { "<th>\(FigureText.count($0, "photo"))</th>" }.joined() + "</tr>\n"
        for method in outcome.methods {
            html += "<tr><th>\(HTML.escaped(method.label))</th>"
            for count in counts {
                let run = ComparisonFolder.Run(method: method, photoCount: count, seed: 1)
                let file = folder.pictures(run)
                    .appending(path: "subject-\(outcome.settings.firstSeed).png")
                let row = outcome.table.rows.first {
                    $0.method == method && $0.photoCount == count
                }
                let likeness = row.flatMap(outcome.table.subjectFigure) ?? ""
                html += "<td>\(try Self.painted(file))<small>\(likeness)</small></td>"
            }
            html += "</tr>\n"
        }
        return html + "</table></div></section>"
    }

    private func literature() -> String {
        guard !outcome.literature.isEmpty else { return "" }
        let rows = outcome.literature.map {
            """
            <tr><td>\(HTML.escaped($0.claim))</td><td class="\($0.outcome)">\
            \($0.outcome.rawValue)</td><td>\(HTML.escaped($0.figures))</td></tr>
            """
        }
        return """
            <section><h2>What the literature reports, and whether it is so here</h2>
            <table class="checks">\(rows.joined(separator: "\n"))</table></section>
            """
    }

    /// Photos of a camera would make the page heavy.
    private static func photo(_ photo: PixelImage) throws -> String {
        try HTML.image(
            photo.resizedAndCropped(width: side, height: side, crop: .center, filter: .bicubic),
            asPhoto: true)
    }

    private static func painted(_ file: URL) throws -> String {
        let picture = try PhotoReader.read(file)
        let length = max(picture.width, picture.height)
        guard length > side else { return try HTML.image(picture) }
        let scale = Double(side) / Double(length)
        return try HTML.image(
            picture.resized(
                width: max(1, Int(Double(picture.width) * scale)),
                height: max(1, Int(Double(picture.height) * scale))), asPhoto: true)
    }

    private static let side = 256

    private static let style = """

        main{max-width:1240px}
        .scroll{overflow-x:auto}
        table.grid{min-width:900px;table-layout:fixed}
        table.grid th{width:auto;font-size:14px;vertical-align:bottom}
        table.grid tr th:first-child{width:130px;vertical-align:top}
        table.grid td{padding:6px;border-bottom:1px solid var(--line)}
        table.grid img{margin-bottom:6px;border-radius:6px;aspect-ratio:1;object-fit:cover}
        table.numbers{min-width:1100px;font-size:14px}
        table.numbers th,table.numbers td{width:auto;padding:8px 10px 8px 0;white-space:nowrap}
        table.numbers tr:first-child th{white-space:normal;vertical-align:bottom}
        table.numbers .meter{height:5px;border-radius:3px;background:var(--line);margin-top:4px}
        table.numbers .meter b{display:block;height:5px;border-radius:3px;\
        background:var(--accent)}
        table.numbers .meter.cost b{background:var(--quiet)}
        table.checks td{padding-right:20px}
        td.seen{color:var(--good);font-weight:600;white-space:nowrap}
        td.notSeen{color:var(--bad);font-weight:600;white-space:nowrap}
        td.unclear{color:var(--soft);font-weight:600;white-space:nowrap}

        """
}
