import Foundation

/// Figures as people read them.
public enum FigureText {
    /// A cosine or a distance: two decimals, `0.83`.
    public static func cosine(_ value: Double) -> String {
        let text = String(format: "%.2f", value)
        // What rounds to nothing has no sign.
        return text == "-0.00" ? "0.00" : text.replacing("-", with: "−")
    }

    /// `0.83 ± 0.01`; without a deviation the mean alone.
    public static func cosine(_ spread: Spread) -> String {
        cosine(spread.mean) + (spread.deviation.map { " ± " + cosine($0) } ?? "")
    }

    /// A size in bytes: `640 B`, `13 KB`, `3.2 MB`, `1.7 GB`, thousands each.
    public static func bytes(_ value: Double) -> String {
        var value = value
        var units = ["B", "KB", "MB", "GB", "TB"][...]
        while value >= 999.5, units.count > 1 {
            value /= 1000
            units.removeFirst()
        }
        let digits = value < 9.95 && units.first != "B" ? 1 : 0
        return String(format: "%.\(digits)f", value) + " " + (units.first ?? "")
    }

    /// A time: `0.12 s`, `4.5 s`, `42 s`, `3 min 05 s` or `2 h 10 min`.
    public static func time(_ seconds: Double) -> String {
        if seconds < 0.995 { return String(format: "%.2f s", seconds) }
        if seconds < 9.95 { return String(format: "%.1f s", seconds) }
        // What takes longer than anybody waits has no number.
        guard seconds < 1e9 else { return "years" }
        let whole = Int(seconds.rounded())
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return String(format: "%d min %02d s", whole / 60, whole % 60) }
        return String(format: "%d h %02d min", whole / 3600, whole % 3600 / 60)
    }

    /// A share: `4.2 %`.
    public static func percent(_ share: Double) -> String {
        String(format: "%.1f %%", share * 100)
    }

    /// A share without decimals: `73 %`.
    public static func share(_ value: Double) -> String {
        let text = String(format: "%.0f %%", value * 100)
        return text == "-0 %" ? "0 %" : text.replacing("-", with: "−")
    }

    /// `73 % ± 4 %`; without a deviation the mean alone.
    public static func share(_ spread: Spread) -> String {
        share(spread.mean) + (spread.deviation.map { " ± " + share($0) } ?? "")
    }

    /// `1 photo`, `5 photos`
    public static func count(_ number: Int, _ thing: String) -> String {
        "\(number) \(thing)\(number == 1 ? "" : "s")"
    }

    /// `a`, `a and b`, `a, b and c`
    public static func list(_ words: [String]) -> String {
        guard let last = words.last, words.count > 1 else { return words.first ?? "" }
        return words.dropLast().joined(separator: ", ") + " and " + last
    }
}
