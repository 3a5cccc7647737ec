import Foundation

extension GenerationParameters {
    /// Reads a `parameters` text as A1111 does: the last line holds the settings if it has at
    /// least three of them, else it belongs to the prompt.
    ///
    /// Settings that are not members, or whose value is of another kind, land in `extra`.
    public init(infotext: String) {
        var lines = Self.trimmed(infotext).unicodeScalars
            .split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
        var settings = Self.settings(in: lines.last ?? "")
        if settings.count < 3 {
            settings = []
        } else {
            lines.removeLast()
        }
        var prompt: [String] = []
        var negative: [String] = []
        var isNegative = false
        for line in lines {
            var line = Self.trimmed(line)
            if line.hasPrefix("Negative prompt:") {
                isNegative = true
                line = Self.trimmed(String(line.dropFirst("Negative prompt:".count)))
            }
            if isNegative {
                if !(negative.isEmpty && line.isEmpty) { negative.append(line) }
            } else if !(prompt.isEmpty && line.isEmpty) {
                prompt.append(line)
            }
        }
        self.init(
            prompt: prompt.joined(separator: "\n"),
            negativePrompt: negative.joined(separator: "\n"))
        for entry in settings { take(entry) }
    }

    private mutating func take(_ entry: Entry) {
        func keep() { extra.append(entry) }
        let value = entry.value
        switch entry.key {
        case "Steps": if let number = Int(value) { steps = number } else { keep() }
        case "Sampler": sampler = value
        case "Schedule type": scheduleType = value
        case "CFG scale": if let number = Double(value) { cfgScale = number } else { keep() }
        case "Seed": if let number = UInt64(value) { seed = number } else { keep() }
        case "Size":
            let sides = value.split(separator: "x", omittingEmptySubsequences: false).map {
                Int($0)
            }
            if sides.count == 2, let first = sides[0], let second = sides[1] {
                (width, height) = (first, second)
            } else {
                keep()
            }
        case "Model hash": modelHash = value
        case "Model": model = value
        case "Clip skip": if let number = Int(value) { clipSkip = number } else { keep() }
        case "Version": version = value
        default: keep()
        }
    }

    private static func trimmed(_ text: String) -> String {
        text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// All matches of A1111's `\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)`, found by
    /// hand so that a long hostile line costs no more than its length.
    package static func settings(in line: String) -> [Entry] {
        let text = Array(line.unicodeScalars)
        var entries: [Entry] = []
        var position = 0
        while position < text.count {
            var start = position
            while start < text.count, text[start].properties.isWhitespace { start += 1 }
            guard start < text.count else { break }
            guard isWordCharacter(text[start]) else {
                position = start + 1
                continue
            }
            var end = start
            while end < text.count, isKeyCharacter(text[end]) { end += 1 }
            guard end - start >= 2, end < text.count, text[end] == ":" else {
                // Any later start in this run of characters would end at the same place.
                position = end
                continue
            }
            var value = end + 1
            while value < text.count, text[value].properties.isWhitespace { value += 1 }
            let stop =
                endOfQuotation(text, value) ?? text[value...].firstIndex(of: ",") ?? text.count
            entries.append(
                Entry(string(text[start..<end]), unquoted(string(text[value..<stop]))))
            position = stop + 1
        }
        return entries
    }

    /// Where a quoted value that starts at `start` ends, if a comma or the end follows it.
    private static func endOfQuotation(_ text: [Unicode.Scalar], _ start: Int) -> Int? {
        guard start < text.count, text[start] == "\"" else { return nil }
        var index = start + 1
        while index < text.count, text[index] != "\"" {
            index += text[index] == "\\" ? 2 : 1
        }
        guard index < text.count, index > start + 1 else { return nil }
        let next = index + 1
        return next == text.count || text[next] == "," ? next : nil
    }

    private static func isWordCharacter(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || scalar.properties.isAlphabetic || scalar.properties.numericType != nil
    }

    private static func isKeyCharacter(_ scalar: Unicode.Scalar) -> Bool {
        isWordCharacter(scalar) || scalar == " " || scalar == "-" || scalar == "/"
    }

    private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}
