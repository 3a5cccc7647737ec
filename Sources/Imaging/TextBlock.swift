import CVips
import Foundation

/// A few words as coverage values, drawn by Pango through libvips.
struct TextBlock {
    let width: Int
    let height: Int
    /// How much of each pixel the letters cover [height, width], 0 to 255.
    private let coverage: [UInt8]

    /// Draws `text`, wrapped to `width` pixels where one is given; nil when no font is there or
    /// nothing can be seen.
    init?(
        _ text: String, pixelHeight: Int, isBold: Bool = false, width: Int? = nil,
        isCentred: Bool = true
    ) {
        guard VipsLibrary.hasFonts else { return nil }
        let markup = Self.escaped(text)
        guard !markup.isEmpty else { return nil }
        let font = "sans \(isBold ? "bold " : "")\(pixelHeight)"
        var result = cv_pixels()
        var error = cv_error()
        guard
            cv_draw_text(
                markup, font, Int32(width ?? 0), isCentred ? 1 : 0, &result, &error) == 0
        else { return nil }
        let (drawnWidth, drawnHeight) = (Int(result.width), Int(result.height))
        let bands = Int(result.bands)
        let values = VipsLibrary.take(result)
        guard bands == 1 else { return nil }
        self.width = drawnWidth
        self.height = drawnHeight
        coverage = values
    }

    /// The longest beginning of `text`, with an ellipsis where it is cut, that fits the box.
    static func fitted(
        _ text: String, pixelHeight: Int, isBold: Bool = false, width: Int, height: Int,
        isCentred: Bool = true
    ) -> TextBlock? {
        // More than this never fits, and would only be drawn to be thrown away.
        let text = String(text.prefix(600))
        func block(_ text: String) -> TextBlock? {
            TextBlock(
                text, pixelHeight: pixelHeight, isBold: isBold, width: width, isCentred: isCentred)
        }
        func fits(_ block: TextBlock) -> Bool { block.width <= width && block.height <= height }
        guard let whole = block(text) else { return nil }
        if fits(whole) { return whole }
        var (low, high) = (0, text.count)
        var best: TextBlock?
        while high - low > 1 {
            let middle = (low + high) / 2
            let start = text.prefix(middle).trimmingCharacters(in: .whitespaces)
            if let shorter = block(start + "…"), fits(shorter) {
                best = shorter
                low = middle
            } else {
                high = middle
            }
        }
        return best
    }

    /// Paints the letters with their top left corner at a place; parts outside are cut off.
    func draw(on image: inout PixelImage, x: Int, y: Int, color: RGB) {
        for row in 0..<height where (0..<image.height).contains(y + row) {
            for column in 0..<width where (0..<image.width).contains(x + column) {
                let share = Int(coverage[row * width + column])
                if share == 0 { continue }
                let below = image[x + column, y + row]
                func blend(_ under: UInt8, _ over: UInt8) -> UInt8 {
                    UInt8((Int(under) * (255 - share) + Int(over) * share + 127) / 255)
                }
                image[x + column, y + row] = RGB(
                    blend(below.red, color.red), blend(below.green, color.green),
                    blend(below.blue, color.blue))
            }
        }
    }

    /// Pango takes markup: its signs are spelled out, and what cannot be seen becomes a space.
    private static func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result.append(contentsOf: "&amp;".unicodeScalars)
            case "<": result.append(contentsOf: "&lt;".unicodeScalars)
            case ">": result.append(contentsOf: "&gt;".unicodeScalars)
            case _ where scalar.properties.generalCategory == .control: result.append(" ")
            default: result.append(scalar)
            }
        }
        return String(result).trimmingCharacters(in: .whitespaces)
    }
}
