/// A piece of a prompt and how much it counts.
public struct PromptSegment: Sendable, Equatable {
    /// The text without the brackets around it.
    public var text: String
    /// What its tokens' vectors are multiplied by; 1 as they are.
    public var emphasis: Double

    /// Whether it is no text but the end of a chunk of tokens, as `BREAK` asks.
    public var isChunkEnd: Bool { self == .chunkEnd }

    static let chunkEnd = PromptSegment(text: "BREAK", emphasis: -1)
}

/// Emphasis: `(word)` counts 1.1 times as much, `[word]` 1 / 1.1 times, `(word:1.3)` 1.3 times, and
/// brackets within brackets multiply; `\(` is a bracket that means nothing.
///
/// Source: the A1111 web UI, whose rules hold for brackets without a partner too: one that is not
/// closed counts to the end of the text, and one that was not opened is text.
struct PromptEmphasis {
    /// The pieces in their order; neighbours count differently.
    private(set) var segments: [PromptSegment] = []
    /// How many pairs of brackets gave a weight.
    private(set) var pairCount = 0
    /// How many brackets count to the end of the text, since nothing closes them.
    var openCount: Int { openRound.count + openSquare.count }
    private var openRound: [Int] = []
    private var openSquare: [Int] = []

    /// - Throws: ``PromptError`` for a weight that is no number.
    init(_ text: String) throws(PromptError) {
        let scalars = Array(text.unicodeScalars)
        var place = 0
        while place < scalars.count { place = try read(scalars, at: place) }
        for start in openRound { weigh(from: start, 1.1) }
        for start in openSquare { weigh(from: start, 1 / 1.1) }
        segments = segments.reduce(into: []) { merged, segment in
            if let last = merged.indices.last, merged[last].emphasis == segment.emphasis {
                merged[last].text += segment.text
            } else {
                merged.append(segment)
            }
        }
        if segments.isEmpty { segments = [PromptSegment(text: "", emphasis: 1)] }
        if let endless = segments.first(where: { !Float($0.emphasis).isFinite }) {
            throw .endlessWeight(endless.text)
        }
    }

    /// Reads what begins at a place, and says where it ends.
    private mutating func read(
        _ text: [Unicode.Scalar], at place: Int
    ) throws(PromptError) -> Int {
        let next = place + 1
        switch text[place] {
        case "\\":
            let isEscape = next < text.count && "()[]\\".unicodeScalars.contains(text[next])
            let end = isEscape ? next + 1 : next
            segments.append(PromptSegment(text: String(text[next..<end]), emphasis: 1))
            return end
        case "(": openRound.append(segments.count)
        case "[": openSquare.append(segments.count)
        case ")":
            guard let start = openRound.popLast() else { return append(text[place..<next]) }
            close(from: start, 1.1)
        case "]":
            guard let start = openSquare.popLast() else { return append(text[place..<next]) }
            close(from: start, 1 / 1.1)
        case ":":
            guard let weight = Self.weight(text, behind: place) else {
                return append(text[place..<next])
            }
            guard let start = openRound.popLast() else { return append(text[place..<weight.end]) }
            guard let number = weight.number else {
                let around = segments[min(start, segments.count)...].map(\.text).joined()
                throw .weight(
                    weight.text, in: "(" + around + String(text[place..<weight.end]))
            }
            close(from: start, number)
            return weight.end
        default:
            let end = text[place...].firstIndex { "\\()[]:".unicodeScalars.contains($0) }
            return append(text[place..<(end ?? text.count)])
        }
        return next
    }

    private mutating func close(from start: Int, _ factor: Double) {
        pairCount += 1
        weigh(from: start, factor)
    }

    private mutating func weigh(from start: Int, _ factor: Double) {
        for index in segments.indices.dropFirst(start) { segments[index].emphasis *= factor }
    }

    /// Appends a text cut at every `BREAK`, and says where it ends.
    private mutating func append(_ text: ArraySlice<Unicode.Scalar>) -> Int {
        let scalars = Array(text)
        var start = 0
        for place in scalars.places(of: "BREAK") where place.lowerBound >= start {
            var (from, to) = (place.lowerBound, place.upperBound)
            while from > start, scalars[from - 1].isPromptSpace { from -= 1 }
            while to < scalars.count, scalars[to].isPromptSpace { to += 1 }
            segments.append(PromptSegment(text: String(scalars[start..<from]), emphasis: 1))
            segments.append(.chunkEnd)
            start = to
        }
        segments.append(PromptSegment(text: String(scalars[start...]), emphasis: 1))
        return text.endIndex
    }

    /// The number between a colon and a closing bracket; nil where no such thing stands there.
    private static func weight(
        _ text: [Unicode.Scalar], behind colon: Int
    ) -> (number: Double?, text: String, end: Int)? {
        var place = colon + 1
        func skipSpace() {
            while place < text.count, text[place].isPromptSpace { place += 1 }
        }
        skipSpace()
        let start = place
        if place < text.count, text[place] == "+" || text[place] == "-" { place += 1 }
        while place < text.count, text[place] == "." || text[place].promptDigit != nil {
            place += 1
        }
        let found = text[start..<place]
        guard found.contains(where: { $0 != "+" && $0 != "-" }) else { return nil }
        skipSpace()
        guard place < text.count, text[place] == ")" else { return nil }
        return (Double(promptNumber: found), String(found), place + 1)
    }
}
