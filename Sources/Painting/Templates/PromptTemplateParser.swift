/// Reads the grammar of ``PromptTemplate``.
struct PromptTemplateParser {
    private typealias Part = PromptTemplate.Part
    private let characters: [Character]
    private var place = 0
    private var depth = 0
    static let depthLimit = 100

    init(_ text: String) { characters = Array(text) }

    /// All of it.
    mutating func all() throws(PromptTemplateError) -> [PromptTemplate.Part] {
        try parts(until: [])
    }

    private func has(_ sign: String) -> Bool {
        let sign = Array(sign)
        return place + sign.count <= characters.count
            && characters[place..<(place + sign.count)].elementsEqual(sign)
    }

    private mutating func take(_ sign: String) -> Bool {
        guard has(sign) else { return false }
        place += sign.count
        return true
    }

    private mutating func skipSpaces() {
        while place < characters.count, characters[place].isWhitespace { place += 1 }
    }

    private func text(from start: Int) -> String { String(characters[start...]) }

    /// Parts up to one of some characters, which is left.
    private mutating func parts(
        until ends: Set<Character>
    ) throws(PromptTemplateError) -> [PromptTemplate.Part] {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else { throw .tooDeep(limit: Self.depthLimit) }
        var parts: [Part] = []
        var literal = ""
        func flush() {
            if !literal.isEmpty { parts.append(.text(literal)) }
            literal = ""
        }
        while place < characters.count, !ends.contains(characters[place]) {
            let character = characters[place]
            if character == "\\", place + 1 < characters.count,
                "{}|".contains(characters[place + 1])
            {
                literal.append(characters[place + 1])
                place += 2
            } else if has("${") {
                flush()
                parts.append(try variable())
            } else if character == "{" {
                flush()
                parts.append(.choice(try choice()))
            } else if has("__") {
                flush()
                parts += try wildcard()
            } else {
                literal.append(character)
                place += 1
            }
        }
        flush()
        return parts
    }

    private mutating func choice() throws(PromptTemplateError) -> PromptTemplate.Choice {
        let start = place
        place += 1
        skipSpaces()
        var choice = PromptTemplate.Choice(options: [])
        if let (counts, separator) = try bounds(in: start) {
            choice.separator = separator ?? ","
            choice.counts = counts
        }
        repeat {
            skipSpaces()
            let weight = weight()
            choice.options.append(
                PromptTemplate.Choice.Option(
                    parts: try parts(until: ["|", "}"]), weight: weight ?? 1))
        } while take("|")
        guard take("}") else { throw .open("{", in: text(from: start)) }
        return choice
    }

    /// `2$$`, `1-3$$`, `2-$$ and $$`; nil: nothing of that kind.
    private mutating func bounds(
        in start: Int
    ) throws(PromptTemplateError) -> (ClosedRange<Int>, separator: String?)? {
        // Only signs that counts are written with may stand in front of the dollars.
        var end = place
        while end < characters.count, characters[end].isNumber || characters[end] == "-" {
            end += 1
        }
        guard end > place, end + 1 < characters.count, characters[end] == "$",
            characters[end + 1] == "$"
        else { return nil }
        let found = String(characters[place..<end])
        let numbers = found.split(separator: "-", omittingEmptySubsequences: false)
        let limits = numbers.map { Int($0) }
        guard numbers.count <= 2, found != "-",
            zip(numbers, limits).allSatisfy({ $0.isEmpty || $1 != nil })
        else { throw .bounds(found, in: text(from: start)) }
        let lower = limits[0] ?? 1
        let upper = limits.count == 1 ? lower : limits[1] ?? .max
        place = end + 2
        // A second pair of dollars ends what stands between those that are taken.
        var separatorEnd = place
        while separatorEnd < characters.count, !"${}".contains(characters[separatorEnd]) {
            separatorEnd += 1
        }
        var separator: String?
        if separatorEnd > place, separatorEnd + 1 < characters.count,
            characters[separatorEnd] == "$", characters[separatorEnd + 1] == "$"
        {
            separator = String(characters[place..<separatorEnd])
            place = separatorEnd + 2
        }
        return (min(lower, upper)...max(lower, upper), separator)
    }

    /// `0.5::`
    private mutating func weight() -> Double? {
        var end = place
        while end < characters.count, characters[end].isASCII,
            characters[end].isNumber || characters[end] == "."
        {
            end += 1
        }
        guard end > place, end + 1 < characters.count, characters[end] == ":",
            characters[end + 1] == ":",
            let weight = Double(String(characters[place..<end])), weight.isFinite
        else { return nil }
        place = end + 2
        return weight
    }

    /// Where the underscores are not closed, they and what follows are text.
    private mutating func wildcard() throws(PromptTemplateError) -> [PromptTemplate.Part] {
        place += 2
        var name: [Part] = []
        var literal = ""
        while place < characters.count {
            if has("__") {
                guard !name.isEmpty || !literal.isEmpty else { break }
                place += 2
                if !literal.isEmpty { name.append(.text(literal)) }
                return [.wildcard(name)]
            }
            if has("${") {
                if !literal.isEmpty { name.append(.text(literal)) }
                literal = ""
                name.append(try variable())
                continue
            }
            let character = characters[place]
            guard !"{}|\n$#(),\\".contains(character) else { break }
            literal.append(character)
            place += 1
        }
        if !literal.isEmpty { name.append(.text(literal)) }
        return [.text("__")] + name
    }

    private mutating func variable() throws(PromptTemplateError) -> PromptTemplate.Part {
        let start = place
        place += 2
        skipSpaces()
        var name = ""
        while place < characters.count,
            characters[place].isLetter || characters[place].isNumber
                || "_-".contains(characters[place])
        {
            name.append(characters[place])
            place += 1
        }
        guard !name.isEmpty else { throw .namelessVariable(in: text(from: start)) }
        skipSpaces()
        let keepsValue = has("?=") && take("?")
        let part: Part
        if take("=") {
            let isChosenOnce = take("!")
            skipSpaces()
            part = .assignment(
                PromptTemplate.Assignment(
                    name: name, value: try parts(until: ["}"]), isChosenOnce: isChosenOnce,
                    keepsValue: keepsValue))
        } else if take(":") {
            skipSpaces()
            part = .variable(name, otherwise: try parts(until: ["}"]))
        } else {
            part = .variable(name, otherwise: nil)
        }
        guard take("}") else { throw .open("${", in: text(from: start)) }
        return part
    }
}
