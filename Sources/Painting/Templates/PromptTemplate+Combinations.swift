internal import Files

extension PromptTemplate {
    /// All prompts that it stands for, each once, what stands last changing first.
    ///
    /// - Parameter limit: the most that are wanted.
    /// - Throws: ``PromptTemplateError/tooMany(limit:)`` where there are more; else as
    ///   ``prompt(seed:wildcards:)``.
    public func prompts(
        limit: Int, wildcards: Wildcards = Wildcards()
    ) throws -> [String] {
        try prompts(limit: limit, reading: WildcardReading(wildcards))
    }

    func prompts(limit: Int, reading: WildcardReading) throws -> [String] {
        reading.restart()
        let writing = Writing(wildcards: reading, limit: limit)
        var seen: Set<String> = []
        return try writing.texts(parts).filter { seen.insert($0).inserted }
    }

    private struct Writing {
        let wildcards: WildcardReading
        let limit: Int
        var variables: [String: [Part]] = [:]
        var open: [String] = []

        func texts(_ parts: [Part]) throws -> [String] {
            var writing = self
            for case .assignment(let assignment) in parts {
                if assignment.keepsValue, writing.variables[assignment.name] != nil { continue }
                // What is chosen once has one value in all of the prompts: the first.
                writing.variables[assignment.name] =
                    assignment.isChosenOnce
                    ? try writing.texts(assignment.value).first.map { [.text($0)] } ?? []
                    : assignment.value
            }
            var results = [""]
            for part in parts {
                try wildcards.count()
                let ends = try writing.texts(part)
                guard results.count * ends.count <= limit else {
                    throw PromptTemplateError.tooMany(limit: limit)
                }
                results = results.flatMap { begin in ends.map { begin + $0 } }
                try check(results)
            }
            return results
        }

        private func texts(_ part: Part) throws -> [String] {
            switch part {
            case .text(let text): return [text]
            case .assignment: return [""]
            case .choice(let choice): return try texts(choice)
            case .wildcard(let name):
                return try texts(name).flatMap { name in
                    let inner = try within("__\(name)__")
                    var texts: [String] = []
                    for option in try wildcards.options(name) {
                        texts += try inner.texts(option.parts)
                        try check(texts)
                    }
                    return texts
                }
            case .variable(let name, let otherwise):
                guard let value = variables[name] ?? otherwise else {
                    throw PromptTemplateError.unknownVariable(
                        name, nearest: EditDistance.nearest(to: name, among: variables.keys))
                }
                return try within("${\(name)}").texts(value)
            }
        }

        private func within(_ name: String) throws -> Writing {
            try PromptTemplate.check(depth: open.count)
            guard !open.contains(name) else { throw PromptTemplateError.endless(name) }
            var inner = self
            inner.open.append(name)
            return inner
        }

        private func texts(_ choice: Choice) throws -> [String] {
            if let name = choice.wildcard {
                return try texts(name).flatMap { name in
                    let inner = try within("__\(name)__")
                    return try texts(choice, of: inner.each(of: wildcards.options(name)))
                }
            }
            return try texts(choice, of: each(of: choice.options))
        }

        private func each(of options: [Choice.Option]) throws -> [[String]] {
            var (all, count) = ([[String]](), 0)
            for option in options {
                all.append(try texts(option.parts))
                count += all[all.count - 1].count
                guard count <= limit else { throw PromptTemplateError.tooMany(limit: limit) }
            }
            return all
        }

        /// More than so many of so many characters are more than there is memory for.
        private func check(_ texts: [String]) throws {
            guard texts.count <= limit else { throw PromptTemplateError.tooMany(limit: limit) }
            let lengths = texts.map(\.utf8.count)
            guard (lengths.max() ?? 0) <= PromptTemplate.lengthLimit,
                lengths.reduce(0, +) <= 100 * PromptTemplate.lengthLimit
            else { throw PromptTemplateError.tooLong(limit: PromptTemplate.lengthLimit) }
        }

        private func texts(_ choice: Choice, of options: [[String]]) throws -> [String] {
            var results: [String] = []
            for count in choice.counts.clamped(to: 0...options.count) {
                for chosen in try arrangements(count, of: options) {
                    results.append(chosen.joined(separator: choice.separator))
                    guard results.count <= limit else {
                        throw PromptTemplateError.tooMany(limit: limit)
                    }
                }
            }
            return results
        }

        /// So many of the options in every order, none twice.
        private func arrangements(_ count: Int, of options: [[String]]) throws -> [[String]] {
            try wildcards.count()
            guard count > 0 else { return [[]] }
            guard Set(options.joined()).count >= count else { return [] }
            var results: [[String]] = []
            for (index, texts) in options.enumerated() {
                var others = options
                others.remove(at: index)
                for rest in try arrangements(count - 1, of: others) {
                    for text in texts where !rest.contains(text) { results.append([text] + rest) }
                    guard results.count <= limit else {
                        throw PromptTemplateError.tooMany(limit: limit)
                    }
                }
            }
            return results
        }
    }
}
