import Foundation

extension GenerationParameters {
    /// The text as A1111 writes it: the prompt, the negative prompt, one line of settings.
    public var infotext: String {
        var text = prompt
        if !negativePrompt.isEmpty { text += "\nNegative prompt: " + negativePrompt }
        let settings = orderedEntries.map { "\($0.key): \(Self.quoted($0.value))" }
        let last = text.split(separator: "\n", omittingEmptySubsequences: false).last ?? ""
        if settings.isEmpty, Self.settings(in: String(last)).count >= 3 {
            // Else the end of the prompt would be read as settings.
            text += "\nNegative prompt:"
        }
        return (text + "\n" + settings.joined(separator: ", "))
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private var orderedEntries: [Entry] {
        var known: [Entry] = []
        func add(_ key: String, _ value: String?) {
            if let value { known.append(Entry(key, value)) }
        }
        add("Steps", steps.map(String.init))
        add("Sampler", sampler)
        add("Schedule type", scheduleType)
        add("CFG scale", cfgScale.map(Self.number))
        add("Seed", seed.map { String($0) })
        if let width, let height { add("Size", "\(width)x\(height)") }
        add("Model hash", modelHash)
        add("Model", model)
        if let clipSkip, clipSkip > 1 { add("Clip skip", String(clipSkip)) }
        add("Version", version)
        // What a key said before its last mention comes first, so that the last counts again.
        return Self.ordered(extra + known)
    }

    /// Entries with a place of their own go there, the others between those and the version.
    static func ordered(_ entries: [Entry]) -> [Entry] {
        entries.enumerated().map { (rank: rank($1.key), offset: $0, entry: $1) }
            .sorted { ($0.rank, $0.offset) < ($1.rank, $1.offset) }.map(\.entry)
    }

    private static let keyOrder = [
        "Steps", "Sampler", "Schedule type", "CFG scale", "Image CFG scale", "Seed",
        "Face restoration", "Size", "Model hash", "Model", "FP8 weight", "VAE hash", "VAE",
        "Variation seed", "Variation seed strength", "Seed resize from", "Denoising strength",
        "Conditional mask weight", "Clip skip", "ENSD", "Token merging ratio", "Init image hash",
        "RNG", "NGMS", "Tiling",
    ]

    private static func rank(_ key: String) -> Int {
        let others = keyOrder.count
        return key == "Version" ? others + 1 : keyOrder.firstIndex(of: key) ?? others
    }

    /// `7` and not `7.0`, as the web UI shows it.
    package static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : "\(value)"
    }

    /// A value with a comma, a colon or a line break becomes a JSON string, as does one whose
    /// ends would be taken for something else.
    static func quoted(_ value: String) -> String {
        let special: Set<Unicode.Scalar> = [",", ":", "\n"]
        let scalars = value.unicodeScalars
        let ends = [scalars.first, scalars.last].compactMap(\.self)
        guard
            scalars.contains(where: special.contains) || scalars.first == "\""
                || ends.contains(where: \.properties.isWhitespace)
        else { return value }
        var text = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{8}": text += "\\b"
            case "\u{C}": text += "\\f"
            case _ where scalar.value < 32:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }

    /// Undoes `quoted`; what is no JSON string stays as it is.
    static func unquoted(_ value: String) -> String {
        guard value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\""),
            let text = try? JSONDecoder().decode(String.self, from: Data(value.utf8))
        else { return value }
        return text
    }
}
