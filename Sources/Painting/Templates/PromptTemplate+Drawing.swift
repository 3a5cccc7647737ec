internal import Files

extension PromptTemplate {
    /// One of the prompts that it stands for: of one seed always the same.
    ///
    /// - Parameter wildcards: where the lines of `__name__` are.
    /// - Throws: ``PromptTemplateError`` for a variable without a value or a wildcard without a
    ///   file; what reading a file throws.
    public func prompt(seed: UInt64, wildcards: Wildcards = Wildcards()) throws -> String {
        try prompt(seed: seed, reading: WildcardReading(wildcards))
    }

    func prompt(seed: UInt64, reading: WildcardReading) throws -> String {
        reading.restart()
        var drawing = Drawing(wildcards: reading, state: seed)
        return try drawing.text(parts)
    }

    /// Goes through a template once, and chooses.
    private struct Drawing {
        let wildcards: WildcardReading
        var state: UInt64
        var variables: [String: [Part]] = [:]
        /// What is being written out now, so that nothing stands in itself.
        var open: [String] = []

        /// A number below another one (SplitMix64, Steele et al. 2014).
        mutating func number() -> Double {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return Double((mixed ^ (mixed >> 31)) >> 11) * 0x1p-53
        }

        mutating func text(_ parts: [Part]) throws -> String {
            // A value counts in all of the text, wherever it stands.
            for case .assignment(let assignment) in parts { try assign(assignment) }
            var result = ""
            for part in parts {
                try wildcards.count()
                guard result.utf8.count <= PromptTemplate.lengthLimit else {
                    throw PromptTemplateError.tooLong(limit: PromptTemplate.lengthLimit)
                }
                switch part {
                case .text(let text): result += text
                case .choice(let choice): result += try text(choice)
                case .wildcard(let name):
                    let name = try text(name)
                    let lines = try wildcards.options(name)
                    let line = lines[index(of: lines.map(\.weight))]
                    result += try within("__\(name)__") { drawing in
                        try drawing.text(line.parts)
                    }
                case .variable(let name, let otherwise):
                    guard let value = variables[name] ?? otherwise else {
                        throw unknown(name)
                    }
                    result += try within("${\(name)}") { try $0.text(value) }
                case .assignment: break
                }
            }
            return result
        }

        private func unknown(_ name: String) -> PromptTemplateError {
            .unknownVariable(name, nearest: EditDistance.nearest(to: name, among: variables.keys))
        }

        private mutating func assign(_ assignment: Assignment) throws {
            if assignment.keepsValue, variables[assignment.name] != nil { return }
            variables[assignment.name] =
                assignment.isChosenOnce ? [.text(try text(assignment.value))] : assignment.value
        }

        private mutating func within(
            _ name: String, _ body: (inout Drawing) throws -> String
        ) throws -> String {
            try PromptTemplate.check(depth: open.count)
            guard !open.contains(name) else { throw PromptTemplateError.endless(name) }
            open.append(name)
            defer { open.removeLast() }
            return try body(&self)
        }

        private mutating func text(_ choice: Choice) throws -> String {
            var options = choice.options
            if let name = choice.wildcard {
                let name = try text(name)
                options = try wildcards.options(name)
                guard !open.contains("__\(name)__") else {
                    throw PromptTemplateError.endless("__\(name)__")
                }
                open.append("__\(name)__")
            }
            defer { if choice.wildcard != nil { open.removeLast() } }
            let counts = choice.counts.clamped(to: 0...options.count)
            let count = min(
                counts.upperBound,
                counts.lowerBound + Int(number() * Double(counts.count)))
            var chosen: [String] = []
            for _ in 0..<count {
                let option = options.remove(at: index(of: options.map(\.weight)))
                chosen.append(try text(option.parts))
            }
            return chosen.joined(separator: choice.separator)
        }

        /// Each as often as it weighs; where none weighs anything, all are the same.
        private mutating func index(of weights: [Double]) -> Int {
            let sum = weights.reduce(0, +)
            let drawn = number()
            guard sum > 0 else { return Int(drawn * Double(weights.count)) }
            var left = drawn * sum
            for (index, weight) in weights.enumerated() {
                left -= weight
                if left < 0 { return index }
            }
            return weights.lastIndex { $0 > 0 } ?? 0
        }
    }
}
