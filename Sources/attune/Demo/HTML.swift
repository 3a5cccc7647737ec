import Foundation
import Imaging

/// The pieces that the report is made of.
enum HTML {
    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
            .replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
    }

    /// A picture inside the page.
    ///
    /// - Parameter asPhoto: as JPEG, which suits photos; small painted pictures would blur.
    static func image(_ picture: PixelImage, asPhoto: Bool = false) throws -> String {
        let bytes =
            asPhoto
            ? try JPEGWriter.encode(picture, quality: 88)
            : try PNGWriter.encode(picture, compression: 9)
        let kind = asPhoto ? "jpeg" : "png"
        return "<img alt=\"\" width=\"\(picture.width)\" height=\"\(picture.height)\" "
            + "src=\"data:image/\(kind);base64,\(bytes.base64EncodedString())\">"
    }

    /// A bar from 0 to 1, with a mark where the best possible value is.
    static func bar(_ label: String, _ value: Double, goal: Double?) -> String {
        func percent(_ value: Double) -> Int { Int((min(max(value, 0), 1) * 100).rounded()) }
        let mark = goal.map { "<i style=\"left:\(percent($0))%\"></i>" } ?? ""
        return "<div class=\"bar\"><small>\(label)</small><div class=\"track \(label)\">"
            + "<b style=\"width:\(percent(value))%\"></b>\(mark)</div></div>"
    }

    /// The page follows the system's light or dark look.
    static let style = """

        :root{color-scheme:light dark;--ink:#23262d;--soft:#6a7080;--paper:#faf9f6;--card:#fff;\
        --line:#e6e3dc;--accent:#0d8a80;--quiet:#c3c7cf}
        @media(prefers-color-scheme:dark){:root{--ink:#eceae5;--soft:#9ba1ad;--paper:#17181b;\
        --card:#212328;--line:#33363d;--accent:#3fbfb2;--quiet:#565b66}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--paper);color:var(--ink);\
        font:17px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
        main{max-width:1080px;margin:0 auto;padding:56px 24px 96px}
        h1{font-size:44px;line-height:1.1;margin:0 0 12px;letter-spacing:-.02em}
        h2{font-size:23px;margin:56px 0 12px;letter-spacing:-.01em}
        h3{font-size:17px;margin:0 0 12px;display:flex;justify-content:space-between;gap:12px}
        h3 span{color:var(--accent);white-space:nowrap}
        p{margin:0 0 16px;max-width:65ch}
        .lead{font-size:20px;color:var(--soft)}
        em{font-style:normal;color:var(--accent);font-weight:600}
        small{color:var(--soft);font-size:13px}
        img{display:block;width:100%;height:auto;border-radius:10px}
        .strip{display:grid;grid-template-columns:repeat(auto-fit,minmax(120px,1fr));gap:12px;\
        margin-bottom:12px}
        .strip img{aspect-ratio:1;object-fit:cover}
        .strip.small{grid-template-columns:repeat(auto-fit,minmax(90px,1fr))}
        .cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(310px,1fr));gap:20px}
        figure,.figure{margin:0;background:var(--card);border:1px solid var(--line);\
        border-radius:16px;padding:16px}
        .pair{display:grid;grid-template-columns:1fr 1fr;gap:10px}
        figcaption{margin-top:10px;font-weight:600}
        .figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(290px,1fr));gap:20px}
        .figure p{margin:12px 0 0;font-size:15px;color:var(--soft)}
        .bar{display:grid;grid-template-columns:52px 1fr;align-items:center;gap:8px;margin:6px 0}
        .track{position:relative;height:12px;border-radius:6px;background:var(--line)}
        .track b{position:absolute;inset:0 auto 0 0;border-radius:6px;background:var(--quiet)}
        .track.after b{background:var(--accent)}
        .track i{position:absolute;top:-4px;bottom:-4px;width:2px;background:var(--ink)}
        pre{margin:0 0 20px;padding:14px 16px;background:var(--card);border:1px solid var(--line);\
        border-radius:12px;overflow-x:auto;font:14px/1.5 ui-monospace,Menlo,Consolas,monospace;\
        white-space:pre-wrap}
        table{border-collapse:collapse;width:100%;font-size:15px}
        th,td{text-align:left;padding:8px 12px 8px 0;border-bottom:1px solid var(--line);\
        vertical-align:top}
        th{font-weight:500;color:var(--soft);width:38%}

        """
}
