import Files
import StableDiffusion

/// An axis of a grid: a setting, and the values that it takes one after the other.
///
/// Source: `scripts/xyz_grid.py` of the A1111 web UI.
public struct GridAxis: Sendable, Equatable {
    /// A value, as it changes a picture.
    enum Change: Sendable, Equatable {
        case seed(UInt64)
        case steps(Int)
        case guidanceScale(Double)
        case sampler(SamplerKind, SamplingSchedule?)
        case schedule(SamplingSchedule)
        case clipSkip(Int)
        case size(width: Int?, height: Int?)
        /// A text in the prompts becomes another one.
        case replaced(String, by: String)
        /// Texts in the prompt take each other's places.
        case order([String])
    }

    /// What stands beside its pictures.
    let labels: [String]
    let changes: [Change]

    /// Settings that can be an axis, with the web UI's names for them.
    static let names: [(name: String, others: [String])] = [
        ("seed", ["Seed"]), ("steps", ["Steps"]), ("guidance-scale", ["CFG Scale", "cfg"]),
        ("sampler", ["Sampler", "sampler name"]),
        ("schedule", ["Schedule type", "scheduler"]), ("clip-skip", ["Clip skip"]),
        ("size", ["Size"]), ("width", ["Width"]), ("height", ["Height"]),
        ("prompt-sr", ["Prompt S/R", "prompt search and replace"]),
        ("prompt-order", ["Prompt order"]),
    ]

    /// Reads `steps=10,20,30`, `guidance-scale=3-9 (+2)`, `prompt-sr=red,blue` or
    /// `sampler=euler,"DPM++ 2M Karras"`.
    ///
    /// - Throws: ``PictureListError/axis(_:reason:)``.
    public init(_ text: String) throws(PictureListError) {
        guard let equals = text.firstIndex(of: "=") else {
            throw .axis(text, reason: "expected a setting and its values, such as steps=10,20,30.")
        }
        let typed = String(text[..<equals])
        let plain = Self.plain(typed)
        let known = Self.names.first {
            Self.plain($0.name) == plain || $0.others.contains { Self.plain($0) == plain }
        }
        guard let name = known?.name else {
            let all = Self.names.map(\.name)
            let nearest = EditDistance.nearest(to: typed, among: all)
            throw .axis(
                typed,
                reason: "there is no such axis; "
                    + (nearest.map { "did you mean \($0)?" }
                        ?? "there are \(all.joined(separator: ", "))."))
        }
        let values = try Self.values(String(text[text.index(after: equals)...]), of: name)
        guard !values.isEmpty else {
            throw .axis(name, reason: "it has no values; write them behind =, with commas.")
        }
        let changes = try Self.changes(name, values)
        self.changes = changes.map(\.change)
        labels = changes.map(\.label)
    }

    private static func plain(_ name: String) -> String {
        String(name.lowercased().filter { $0.isLetter || $0.isNumber })
    }

    /// Divided at commas; quotes hold together.
    private static func values(
        _ text: String, of name: String
    ) throws(PictureListError) -> [String] {
        var values: [String] = []
        var value = ""
        var isQuoted = false
        var wasQuoted = false
        func add() {
            let plain = wasQuoted ? value : value.trimmingSpaces
            if wasQuoted || !plain.isEmpty { values.append(plain) }
            value = ""
            wasQuoted = false
        }
        var characters = Array(text)[...]
        while let character = characters.popFirst() {
            if isQuoted {
                if character != "\"" {
                    value.append(character)
                } else if characters.first == "\"" {
                    characters.removeFirst()
                    value.append("\"")
                } else {
                    isQuoted = false
                }
            } else if character == "\"", value.trimmingSpaces.isEmpty {
                (isQuoted, wasQuoted) = (true, true)
                value = ""
            } else if character == "," {
                add()
            } else if !(wasQuoted && character.isWhitespace) {
                value.append(character)
            }
        }
        guard !isQuoted else { throw .axis(name, reason: "a quote is not closed.") }
        add()
        return values
    }

    private typealias Labelled = (change: Change, label: String)

    private static func changes(
        _ name: String, _ values: [String]
    ) throws(PictureListError) -> [Labelled] {
        switch name {
        case "seed":
            return try numbers(name, values).map {
                (.seed(UInt64($0)), "Seed: \($0)")
            }
        case "steps": return try numbers(name, values, from: 1).map { (.steps($0), "Steps: \($0)") }
        case "clip-skip":
            return try numbers(name, values, from: 1).map { (.clipSkip($0), "Clip skip: \($0)") }
        case "width":
            return try numbers(name, values, from: 1).map {
                (.size(width: $0, height: nil), "Width: \($0)")
            }
        case "height":
            return try numbers(name, values, from: 1).map {
                (.size(width: nil, height: $0), "Height: \($0)")
            }
        case "size":
            return try values.map { (value) throws(PictureListError) -> Labelled in
                let sides = value.lowercased().split(separator: "x").map { Int($0.trimmingSpaces) }
                guard sides.count == 2, let width = sides[0], let height = sides[1] else {
                    throw .axis(name, reason: "\(value) is no size; write such as 512x768.")
                }
                return (.size(width: width, height: height), "\(width)x\(height)")
            }
        case "guidance-scale":
            guard let numbers = NumberList.numbers(values), numbers.allSatisfy({ $0 >= 0 }) else {
                throw notNumbers(name, values, "numbers from 0 up")
            }
            return numbers.map { (.guidanceScale($0), "CFG scale: \(short($0))") }
        case "sampler", "schedule":
            return try values.map { (value) throws(PictureListError) -> Labelled in
                do {
                    if name == "schedule" {
                        return (.schedule(try SamplingSchedule(named: value)), value)
                    }
                    let (kind, schedule) = try SamplerKind.withSchedule(named: value)
                    return (.sampler(kind, schedule), value)
                } catch {
                    throw .axis(name, reason: "\(error)")
                }
            }
        case "prompt-sr":
            guard !values[0].isEmpty else {
                throw .axis(name, reason: "its first value is what is replaced, and it is empty.")
            }
            return values.map { (.replaced(values[0], by: $0), $0) }
        default: return try orders(name, values)
        }
    }

    private static func numbers(
        _ name: String, _ values: [String], from least: Int = 0
    ) throws(PictureListError) -> [Int] {
        guard let numbers = NumberList.wholeNumbers(values), numbers.allSatisfy({ $0 >= least })
        else { throw notNumbers(name, values, "whole numbers from \(least) up") }
        return numbers
    }

    private static func notNumbers(
        _ name: String, _ values: [String], _ expected: String
    ) -> PictureListError {
        .axis(
            name,
            reason: "\(values.joined(separator: ",")) are not \(expected); write 10,20,30, 1-5, "
                + "1-9 (+2) or 1-10 [4].")
    }

    /// All orders of some texts, of which there soon are too many.
    private static func orders(
        _ name: String, _ values: [String]
    ) throws(PictureListError) -> [Labelled] {
        guard (2...6).contains(values.count), Set(values).count == values.count,
            values.allSatisfy({ !$0.isEmpty })
        else {
            throw .axis(name, reason: "expected two to six different texts of the prompt.")
        }
        func arranged(_ rest: [String]) -> [[String]] {
            guard !rest.isEmpty else { return [[]] }
            return rest.indices.flatMap { index in
                var others = rest
                let first = others.remove(at: index)
                return arranged(others).map { [first] + $0 }
            }
        }
        return arranged(values).map { (.order($0), $0.joined(separator: ", ")) }
    }

    private static func short(_ number: Double) -> String {
        number == number.rounded() ? String(Int(number)) : String(number)
    }
}

extension StringProtocol {
    var trimmingSpaces: String {
        var text = self[...]
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
