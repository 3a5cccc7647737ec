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
            while line.hasPrefix("Negative prompt:") {
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
            prompt: Self.trimmed(prompt.joined(separator: "\n")),
            negativePrompt: Self.trimmed(negative.joined(separator: "\n")))
        // The last mention of a key counts, and the others are kept.
        var later: Set<String> = []
        for entry in settings.reversed() {
            if !later.insert(entry.key).inserted || !take(entry) { extra.append(entry) }
        }
        extra = Self.ordered(extra.reversed())
    }

    /// - Returns: whether a member has it now.
    private mutating func take(_ entry: Entry) -> Bool {
        let value = entry.value
        switch entry.key {
        case "Steps": steps = Int(value)
        case "Sampler": sampler = value
        case "Schedule type": scheduleType = value
        case "CFG scale":
            cfgScale = Double(value).flatMap { $0.isFinite ? $0 : nil }
            return cfgScale != nil
        case "Seed": seed = UInt64(value)
        case "Size":
            let sides = value.split(separator: "x", omittingEmptySubsequences: false).map {
                Int($0)
            }
            guard sides.count == 2, let first = sides[0], let second = sides[1] else {
                return false
            }
            (width, height) = (first, second)
        case "Model hash": modelHash = value
        case "Model": model = value
        case "Clip skip":
            // 1 is not written of itself.
            guard let number = Int(value), number > 1 else { return false }
            clipSkip = number
        case "Version": version = value
        default: return false
        }
        switch entry.key {
        case "Steps": return steps != nil
        case "Seed": return seed != nil
        default: return true
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
