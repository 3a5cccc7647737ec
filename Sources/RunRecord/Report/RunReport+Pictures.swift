import Datasets
import Files
import Foundation
import Settings

extension RunReport {
    /// The validation pictures, a row for each time.
    func previews(_ record: RunRecord) -> String {
        guard !record.previews.isEmpty else { return "" }
        let all = record.previews
        let shown = Self.spread(all.count, limit: Self.previewLimit).map { all[$0] }
        let rows = shown.map { preview in
            let pictures = preview.pictures.compactMap { image($0, side: 256, asPhoto: false) }
            return "<div class=\"row\"><small>step \(preview.step)</small>"
                + "<div>\(pictures.joined())</div></div>"
        }
        let prompt = description.configuration.training.validationPrompt ?? ""
        return """
            <section><h2>Previews</h2>
            <p>“\(HTML.escaped(prompt))”, each column with the same seed every time.</p>
            \(rows.joined(separator: "\n"))</section>
            """
    }

    /// The photos, what they are said to show, and what was left out.
    func photos(_ record: RunRecord) -> String {
        let photos = description.photos
        let figures = photos.prefix(Self.photoLimit).compactMap { photo -> String? in
            guard let picture = image(photo.url, side: 176, asPhoto: true) else { return nil }
            let aside = photo.isHeldOut ? "<b>held out</b> · " : ""
            let caption = photo.caption ?? photo.url.readableName
            let text = caption.count > 140 ? caption.prefix(140) + "…" : caption
            return "<figure\(photo.isHeldOut ? " class=\"aside\"" : "")>\(picture)"
                + "<figcaption>\(aside)\(HTML.escaped(text))</figcaption></figure>"
        }
        let heldOut = photos.count { $0.isHeldOut }
        var sentences = [photos.count == 1 ? "One photo." : "\(photos.count) photos."]
        if heldOut > 0 {
            sentences.append(
                "\(heldOut) of them \(heldOut == 1 ? "is" : "are") held out: never trained on, "
                    + "only measured.")
        }
        if description.configuration.subjects.count > 1 {
            sentences.append("\(description.configuration.subjects.count) subjects.")
        } else if let prompt = description.configuration.instancePrompt {
            sentences.append("All are called “\(prompt)”.")
        }
        if photos.count > Self.photoLimit {
            sentences.append("The first \(Self.photoLimit) are shown.")
        }
        return """
            <section><h2>Photos</h2>
            <p>\(HTML.escaped(sentences.joined(separator: " ")))</p>
            <div class="photos">\(figures.joined(separator: "\n"))</div>
            \(skipped(record))</section>
            """
    }

    private func skipped(_ record: RunRecord) -> String {
        record.skippedFiles.map { folder, entries in
            "<h3 style=\"margin-top:28px\">Left out of \(HTML.escaped(folder))</h3>"
                + HTML.table(entries.map { ($0.name, $0.reason) })
        }.joined(separator: "\n")
    }

    /// What was written, and how to use it.
    func files(_ record: RunRecord) -> String {
        var blocks = record.files.map { url in
            let use = RunFileUse(url, description)
            let ways = use.ways.map {
                "<p>\(HTML.escaped($0.how))</p><pre>\(HTML.escaped($0.line))</pre>"
            }
            return "<div class=\"file\"><h3>\(HTML.escaped(use.name))</h3>"
                + "<p>\(HTML.escaped(use.purpose))</p>\(ways.joined())</div>"
        }
        if let best = record.best {
            blocks.append(
                "<div class=\"file\"><h3>\(HTML.escaped(best.url.lastPathComponent))/</h3>"
                    + "<p>The same as it was after step \(best.step), where the error on the "
                    + "photos was lowest.</p></div>")
        }
        guard !blocks.isEmpty else { return "" }
        return "<section><h2>Files, and how to use them</h2>\n"
            + "\(blocks.joined(separator: "\n"))</section>"
    }

    /// So many places of a longer list, the first and the last among them.
    static func spread(_ count: Int, limit: Int) -> [Int] {
        guard count > limit, limit > 1 else { return Array(0..<count) }
        return (0..<limit).map { $0 * (count - 1) / (limit - 1) }
    }
}
