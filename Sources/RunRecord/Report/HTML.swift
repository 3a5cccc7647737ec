package import Imaging
import Foundation

/// The pieces that pages are made of: one file with everything inside.
package enum HTML {
    /// Text as it may stand between tags and in quotes.
    package static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
            .replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
            .replacing("'", with: "&#39;")
    }

    /// A sentence in which the names of settings, `` `rank` ``, stand out as what they are.
    package static func sentence(_ text: String) -> String {
        escaped(text).replacing(/`([a-z0-9][a-z0-9-]*)`/) { "<code>\($0.output.1)</code>" }
    }

    /// A whole page.
    ///
    /// - Parameters:
    ///   - title: plain text.
    ///   - head: more of the head, as it is.
    ///   - body: what the page shows, as it is.
    package static func page(title: String, head: String = "", body: String) -> String {
        """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        \(head)<title>\(escaped(title)) — Attune</title>
        <style>\(style)</style>
        <main>
        \(body)
        </main>
        </html>

        """
    }

    /// A picture inside the page.
    ///
    /// - Parameter asPhoto: as JPEG, which suits photos; small painted pictures would blur.
    package static func image(_ picture: PixelImage, asPhoto: Bool = false) throws -> String {
        "<img alt=\"\" width=\"\(picture.width)\" height=\"\(picture.height)\" "
            + "src=\"\(try dataURI(picture, asPhoto: asPhoto))\">"
    }

    /// A picture as the address of itself.
    ///
    /// - Parameter asPhoto: as JPEG.
    package static func dataURI(_ picture: PixelImage, asPhoto: Bool) throws -> String {
        let bytes =
            asPhoto
            ? try JPEGWriter.encode(picture, quality: 88)
            : try PNGWriter.encode(picture, compression: 9)
        return "data:image/\(asPhoto ? "jpeg" : "png");base64,\(bytes.base64EncodedString())"
    }

    /// A bar from 0 to 1, with a mark where the best possible value is.
    package static func bar(_ label: String, _ value: Double, goal: Double?) -> String {
        func percent(_ value: Double) -> Int { Int((min(max(value, 0), 1) * 100).rounded()) }
        let mark = goal.map { "<i style=\"left:\(percent($0))%\"></i>" } ?? ""
        return "<div class=\"bar\"><small>\(label)</small><div class=\"track \(label)\">"
            + "<b style=\"width:\(percent(value))%\"></b>\(mark)</div></div>"
    }

    /// Rows of a name and a value, both plain text.
    package static func table(_ rows: [(String, String)]) -> String {
        let lines = rows.map { "<tr><th>\(escaped($0.0))</th><td>\(escaped($0.1))</td></tr>" }
        return "<table>\(lines.joined(separator: "\n"))</table>"
    }
}
