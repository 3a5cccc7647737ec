/// A text with its edits: `[from:to:when]` and `[one|other]`, nested as one likes.
///
/// Source: the grammar of prompt editing of the A1111 web UI. Brackets that make no edit stay in
/// the text, where ``PromptEmphasis`` reads them.
struct PromptEdits {
    /// A text in pieces.
    indirect enum Node {
        case text(ArraySlice<Unicode.Scalar>)
        /// The first up to a step, the second from then on.
        case edit([Node], [Node], when: Moment)
        /// Each for a step, in turns.
        case turns([[Node]])
    }

    /// The step after which an edit happens.
    struct Moment {
        let number: Double
        /// Whether it is a share of the steps.
        let isShare: Bool

        func step(of count: Int) -> Int {
            let step = isShare ? number * Double(count) : number
            return Int(min(max(step, -1), Double(count)))
        }
    }

    /// As many brackets within each other as anybody writes, so that the stack does for them.
    private static let depthLimit = 500

    private(set) var nodes: [Node] = []
    /// The brackets that are open, from the outermost.
    private var frames: [Frame] = []

    private struct Frame {
        let opener: ArraySlice<Unicode.Scalar>
        var parts: [[Node]] = [[]]
        /// What stands between the parts.
        var separators: [ArraySlice<Unicode.Scalar>] = []
    }

    /// Nil where the grammar fits nowhere in the text, such as with a `|` outside of brackets: then
    /// all of it stands as it is.
    ///
    /// - Throws: ``PromptError/tooDeep(limit:)``.
    init?(_ text: String) throws(PromptError) {
        let scalars = Array(text.unicodeScalars)
        var start = 0
        while start < scalars.count {
            var end = start + 1
            switch scalars[start] {
            case "(", "[":
                guard frames.count < Self.depthLimit else { throw .tooDeep(limit: Self.depthLimit) }
                frames.append(Frame(opener: scalars[start..<end]))
            case ")", "]": guard close(with: scalars[start..<end]) else { return nil }
            case ":", "|":
                if frames.isEmpty, scalars[start] == "|" { return nil }
                separate(with: scalars[start..<end])
            default:
                guard let plainEnd = Self.endOfPlain(scalars, from: start) else { return nil }
                end = plainEnd
                append(.text(scalars[start..<end]))
            }
            start = end
        }
        guard dissolve() else { return nil }
    }

    /// Where plain text ends; nil where a backslash in it has nothing to stand before.
    private static func endOfPlain(_ text: [Unicode.Scalar], from start: Int) -> Int? {
        var place = start
        while place < text.count, !"()[]:|".unicodeScalars.contains(text[place]) {
            guard text[place] == "\\" else {
                place += 1
                continue
            }
            guard place + 1 < text.count, text[place + 1] != "\n" else { return nil }
            place += 2
        }
        return place
    }

    private mutating func append(_ node: Node) {
        guard let last = frames.indices.last else { return nodes.append(node) }
        frames[last].parts[frames[last].parts.count - 1].append(node)
    }

    private mutating func separate(with text: ArraySlice<Unicode.Scalar>) {
        guard let last = frames.indices.last else { return nodes.append(.text(text)) }
        frames[last].separators.append(text)
        frames[last].parts.append([])
    }

    /// - Returns: false where the text cannot be read.
    private mutating func close(with closer: ArraySlice<Unicode.Scalar>) -> Bool {
        if let frame = frames.last, let closed = Self.closed(frame, with: closer) {
            frames.removeLast()
            closed.forEach { append($0) }
            return true
        }
        // A bracket that closes nothing stands in the text, so none around it closes anything.
        guard dissolve() else { return false }
        append(.text(closer))
        return true
    }

    /// What a pair of brackets means; nil where it is no pair.
    private static func closed(
        _ frame: Frame, with closer: ArraySlice<Unicode.Scalar>
    ) -> [Node]? {
        let isRound = closer.first == ")"
        guard isRound == (frame.opener.first == "(") else { return nil }
        let signs = frame.separators.compactMap(\.first)
        if signs.isEmpty || isRound && signs == [":"] {
            return [.text(frame.opener)] + joined(frame) + [.text(closer)]
        }
        guard !isRound else { return nil }
        if signs.allSatisfy({ $0 == "|" }) { return [.turns(frame.parts)] }
        guard signs == [":"] || signs == [":", ":"], let when = moment(frame.parts.last ?? [])
        else { return nil }
        return [
            .edit(signs.count == 2 ? frame.parts[0] : [], frame.parts[signs.count - 1], when: when)
        ]
    }

    /// Whether the text is not the same in all steps.
    var changes: Bool {
        nodes.contains { if case .text = $0 { false } else { true } }
    }

    private static func joined(_ frame: Frame) -> [Node] {
        frame.parts[0]
            + zip(frame.separators, frame.parts.dropFirst()).flatMap { [.text($0)] + $1 }
    }

    /// Puts all open brackets back into the text.
    private mutating func dissolve() -> Bool {
        for frame in frames {
            if frame.separators.contains(where: { $0.first == "|" }) { return false }
            nodes += [.text(frame.opener)] + Self.joined(frame)
        }
        frames = []
        return true
    }

    /// A number alone, such as ` .5 `.
    private static func moment(_ part: [Node]) -> Moment? {
        guard part.count == 1, case .text(let text) = part[0] else { return nil }
        let number = String(Array(text).trimmed)
        guard number.wholeMatch(of: /[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?/) != nil
        else { return nil }
        let isShare = number.contains(".")
        // Swift reads neither "5." nor ".5".
        let digits = "0" + number.drop { $0 == "+" || $0 == "-" }
        guard let size = Double(digits.replacing(/\.(?![0-9])/) { _ in ".0" }) else { return nil }
        return Moment(number: number.hasPrefix("-") ? -size : size, isShare: isShare)
    }
}
