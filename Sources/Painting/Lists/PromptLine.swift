internal import Files
public import StableDiffusion

/// A prompt with what is said beside it: of a command line, or of one line of a prompts file.
public struct PromptLine: Sendable, Equatable {
    /// What to paint, whose prompts may be templates.
    public var settings: GenerationSettings
    /// The seed of its first picture; nil: it goes on from the pictures before.
    public var seed: UInt64?
    /// How many pictures of it; nil: as many as of the others.
    public var count: Int?

    /// How many times as many of it, as the web UI's batches.
    public var batchSize = 1
    /// The line's number in its file, from 1.
    public var number: Int?

    /// A line that says no more than its settings.
    public init(_ settings: GenerationSettings) { self.settings = settings }
}

extension PromptLine {
    /// Reads a prompts file: a prompt a line, with options as in the A1111 web UI's
    /// (`--prompt "a robot" --seed 5`) or in kohya's (`a robot --n blurred --d 5 --s 30`).
    ///
    /// Empty lines and those that begin with `#` are for people.
    /// - Parameter settings: what counts where a line says nothing else.
    /// - Throws: ``PictureListError``.
    public static func lines(
        of text: String, file: String, settings: GenerationSettings
    ) throws(PictureListError) -> [PromptLine] {
        var lines: [PromptLine] = []
        let rows = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, row) in rows.enumerated() {
            var row = row
            // Some editors begin a file with a mark of its encoding.
            if index == 0, row.first == "\u{FEFF}" { row.removeFirst() }
            let text = row.trimmingPrefix { $0.isWhitespace }
            guard !text.isEmpty, !text.hasPrefix("#") else { continue }
            var line = PromptLine(settings)
            line.number = index + 1
            do {
                if text.hasPrefix("--") {
                    try line.take(PromptLineWords(String(text)))
                } else {
                    try line.take(kohya: String(text))
                }
            } catch {
                throw .line(file: file, number: index + 1, reason: error.description)
            }
            lines.append(line)
        }
        guard !lines.isEmpty else { throw .noPrompts(file: file) }
        return lines
    }

    /// What is wrong with a line.
    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    /// Options of a line, under all names that they have.
    private static let names: [String: String] = [
        "prompt": "prompt", "negative-prompt": "negative-prompt", "seed": "seed",
        "steps": "steps", "cfg-scale": "guidance-scale", "guidance-scale": "guidance-scale",
        "width": "width", "height": "height", "sampler-name": "sampler", "sampler": "sampler",
        "scheduler": "schedule", "schedule": "schedule", "clip-skip": "clip-skip",
        "n-iter": "count", "count": "count", "batch-size": "batch-size",
    ]

    /// Kohya's, of one or two letters.
    private static let shortNames = [
        "n": "negative-prompt", "w": "width", "h": "height", "d": "seed", "s": "steps",
        "l": "guidance-scale", "ss": "sampler",
    ]

    private mutating func take(_ words: PromptLineWords) throws(Fault) {
        var place = 0
        let all = words.words
        var isPrompted = false
        var factor = 1
        while place < all.count {
            let typed = all[place].text
            guard typed.hasPrefix("--"), !all[place].isQuoted else {
                throw Fault(
                    description: "\"\(typed)\" stands where an option is expected; a text of "
                        + "several words stands in quotes.")
            }
            let plain = String(typed.dropFirst(2)).replacing("_", with: "-")
            guard let name = Self.names[plain] else {
                let nearest = EditDistance.nearest(to: plain, among: Self.names.keys)
                throw Fault(
                    description: "\(typed) is no option of a line; "
                        + (nearest.map { "did you mean --\($0)?" }
                            ?? "there are --prompt, --negative-prompt, --seed, --steps, "
                            + "--guidance-scale, --sampler, --schedule, --width, --height, "
                            + "--clip-skip and --count."))
            }
            place += 1
            guard place < all.count else {
                throw Fault(description: "\(typed) has no value.")
            }
            var value = all[place].text
            place += 1
            if name.hasSuffix("prompt") {
                // As in the web UI, words go on to the next option.
                while place < all.count, all[place].isQuoted || !all[place].text.hasPrefix("--") {
                    value += " " + all[place].text
                    place += 1
                }
            }
            isPrompted = isPrompted || name == "prompt"
            if name == "batch-size" {
                factor = try Self.number(typed, value, in: 1...PictureList.countLimit)
            } else {
                try take(name, value, typed: typed)
            }
        }
        guard isPrompted else { throw Fault(description: "it has no --prompt.") }
        batchSize = factor
    }

    /// A text with options of kohya's behind it; what looks like none is text.
    private mutating func take(kohya text: String) throws(Fault) {
        let parts = text.replacing("\t", with: " ").split(separator: " --")
        guard parts.count > 1 else {
            settings.prompt = text.trimmingSuffix(while: \.isWhitespace)
            return
        }
        var prompt = String(parts[0])
        for part in parts.dropFirst() {
            let words = part.split(separator: " ", maxSplits: 1)
            let letter = words.first.map { $0.lowercased() } ?? ""
            if words.count == 2, let name = Self.shortNames[letter] {
                let value = words[1].trimmingSuffix(while: \.isWhitespace)
                try take(name, value, typed: "--\(letter)")
            } else if Self.names[letter.replacing("_", with: "-")] != nil {
                throw Fault(
                    description: "--\(letter) stands behind a prompt without a name; begin the "
                        + "line with --prompt.")
            } else if !letter.isEmpty, letter.count <= 2, letter.allSatisfy(\.isLetter) {
                let known = Self.shortNames.keys.sorted().map { "--\($0)" }
                throw Fault(
                    description: "--\(letter) is no option of a line, or has no value; there are "
                        + "\(known.joined(separator: ", ")).")
            } else {
                prompt += " --" + part
            }
        }
        settings.prompt = prompt.trimmingSuffix(while: \.isWhitespace)
    }

    private mutating func take(_ name: String, _ value: String, typed: String) throws(Fault) {
        switch name {
        case "prompt": settings.prompt = value
        case "negative-prompt": settings.negativePrompt = value
        case "seed":
            guard value != "-1" else { return }
            guard let number = UInt64(value) else {
                throw Fault(description: "\(typed) \(value): expected a whole number from 0 up.")
            }
            seed = number
        case "steps": settings.stepCount = try Self.number(typed, value, in: 1...10_000)
        case "width": settings.width = try Self.number(typed, value, in: 1...16_384)
        case "height": settings.height = try Self.number(typed, value, in: 1...16_384)
        case "clip-skip": settings.clipSkip = try Self.number(typed, value, in: 1...100)
        case "count": count = try Self.number(typed, value, in: 1...PictureList.countLimit)
        case "guidance-scale":
            guard let number = Double(value), number.isFinite, number >= 0 else {
                throw Fault(description: "\(typed) \(value): expected a number from 0 up.")
            }
            settings.guidanceScale = number
        default:
            do {
                if name == "sampler" {
                    let (sampler, schedule) = try SamplerKind.withSchedule(named: value)
                    settings.sampler = sampler
                    // Else it is as the command, or another option of the line, says.
                    if let schedule { settings.schedule = schedule }
                } else {
                    settings.schedule = try SamplingSchedule(named: value)
                }
            } catch {
                throw Fault(description: error.description)
            }
        }
    }

    private static func number(
        _ typed: String, _ value: String, in range: ClosedRange<Int>
    ) throws(Fault) -> Int {
        guard let number = Int(value), range.contains(number) else {
            throw Fault(
                description: "\(typed) \(value): expected a whole number from "
                    + "\(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }
}

extension StringProtocol {
    fileprivate func trimmingSuffix(while isTrimmed: (Character) -> Bool) -> String {
        var text = self[...]
        while let last = text.last, isTrimmed(last) { text.removeLast() }
        return String(text)
    }
}
