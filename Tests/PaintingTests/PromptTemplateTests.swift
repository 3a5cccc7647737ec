import Files
import Foundation
import Painting
import TestSupport
import Testing

/// Prompts that stand for many.
@Suite struct PromptTemplateTests {
    private struct Row: Decodable {
        let template: String
        let prompts: [String]
    }

    private func wildcards() throws -> Wildcards {
        try Wildcards(in: Fixture.url("templates/wildcards"))
    }

    private func prompts(_ text: String, limit: Int = 1000) throws -> [String] {
        try PromptTemplate(text).prompts(limit: limit, wildcards: wildcards())
    }

    /// All that they stand for is what the reference makes of them, in whatever order.
    @Test func combinationsMatchReference() throws {
        let data = try Data(contentsOf: Fixture.url("templates/table.json"))
        for row in try JSONDecoder().decode([Row].self, from: data) {
            let found = try prompts(row.template)
            #expect(Set(found) == Set(row.prompts), "\(row.template)")
            #expect(found.count == Set(found).count, "\(row.template)")
        }
    }

    /// A drawn prompt is one of all, each of them is drawn, and a seed draws one only.
    @Test func drawnPrompts() throws {
        let wildcards = try wildcards()
        let data = try Data(contentsOf: Fixture.url("templates/table.json"))
        for row in try JSONDecoder().decode([Row].self, from: data) {
            let template = try PromptTemplate(row.template)
            var drawn: Set<String> = []
            for seed in 0..<150 {
                let prompt = try template.prompt(seed: UInt64(seed), wildcards: wildcards)
                drawn.insert(prompt)
                #expect(try template.prompt(seed: UInt64(seed), wildcards: wildcards) == prompt)
            }
            // A value that is chosen once is the first in all, and any in those that are drawn.
            guard !row.template.contains("=!") else { continue }
            #expect(drawn == Set(row.prompts), "\(row.template)")
        }
    }

    @Test func weights() throws {
        let template = try PromptTemplate("{3::a|1::b|0::c}")
        let drawn = try (0..<4000).map { try template.prompt(seed: UInt64($0)) }
        let share = Double(drawn.count { $0 == "a" }) / Double(drawn.count)
        #expect(abs(share - 0.75) < 0.03)
        #expect(!drawn.contains("c"))
    }

    @Test func variables() throws {
        #expect(try prompts("${x={a|b}}${x}") == ["a", "b"])
        #expect(try prompts("${x={a|b}}${x} ${x}").count == 4)
        #expect(try prompts("${x ?= c}${x}") == ["c"])
        #expect(try prompts("${x=a}${x?=c}${x}") == ["a"])
        #expect(try prompts("${c=colour}__${c}__") == ["blue", "red", "teal"])
        for seed in UInt64(0)..<50 {
            let once = try PromptTemplate("${x=!{a|b}}${x}-${x}").prompt(seed: seed)
            #expect(["a-a", "b-b"].contains(once))
        }
    }

    @Test func escapes() throws {
        #expect(try prompts("\\{a\\|b\\} {c|d\\}}") == ["{a|b} c", "{a|b} d}"])
        #expect(try prompts("\\(a\\) {b|c}") == ["\\(a\\) b", "\\(a\\) c"])
    }

    /// What is no template stays as it stands, other programs' braces too.
    @Test func meantTemplates() throws {
        for text in [
            "a robot", "{best quality}", "{{masterpiece}}, a cat", "a smile :{", "a } b", "x | y",
            "snake_case", "a __ b", "", "{}", "$5 {notes}",
        ] {
            #expect(try PromptTemplate.meant(by: text) == nil, "\(text)")
        }
        for text in ["{a|b}", "__colour__", "{2$$a}", "${x=1}a", "{a|}"] {
            #expect(try PromptTemplate.meant(by: text) != nil, "\(text)")
        }
    }

    @Test(arguments: [
        ("a {b|c", "{b|c"), ("${=a} {b|c}", "without a name"), ("{a-$$b|c}", "a-"),
        ("${x=a", "${x=a"), ("{1-2-3$$b|c}", "1-2-3"), ("${x} {a|b}", "${x}"),
        ("${xs=a}${x}", "did you mean ${xs}?"), ("__color__", "did you mean __colour__?"),
        ("${x=a ${x}}${x}", "never ends"), ("__loop__", "never ends"),
    ])
    func badTemplates(text: String, words: String) throws {
        let folder = try ScratchFolder()
        for name in ["colour.txt": "red", "loop.txt": "a __loop__|b"] {
            try Data(name.value.utf8).write(to: folder(name.key))
        }
        let wildcards = try Wildcards(in: folder.url)
        if words == "a-" {
            // No count, so text.
            #expect(try prompts(text) == ["a-$$b", "c"])
            return
        }
        for draws in [true, false] {
            let error = #expect(throws: PromptTemplateError.self) {
                let template = try PromptTemplate(text)
                if draws {
                    _ = try template.prompt(seed: 1, wildcards: wildcards)
                } else {
                    _ = try template.prompts(limit: 100, wildcards: wildcards)
                }
            }
            let found = error?.description ?? ""
            #expect(
                found.contains(words) && (found.hasSuffix(".") || found.hasSuffix("?")), "\(found)")
        }
    }

    /// A few signs that stand for more than there is memory for are refused at once.
    @Test func bombs() throws {
        #expect(throws: PromptTemplateError.tooMany(limit: 1000)) {
            try prompts(String(repeating: "{a|b|c|d}", count: 40))
        }
        #expect(throws: PromptTemplateError.tooMany(limit: 1000)) {
            try prompts("{1-20$$" + (0..<20).map(String.init).joined(separator: "|") + "}")
        }
        #expect(throws: PromptTemplateError.self) {
            try prompts(String(repeating: "{", count: 100_000))
        }
        for deep in [
            "__${a:" + String(repeating: "__${a:", count: 60) + "x"
                + String(repeating: "}", count: 61),
            "{a|b}" + String(repeating: "__", count: 5001), String(repeating: "__a", count: 20_001),
        ] {
            _ = try? prompts(deep)
        }
        #expect(try prompts("{20$$" + String(repeating: "a|", count: 19) + "a}") == [])
        #expect(throws: PromptTemplateError.self) {
            try prompts("{11$$" + (0..<12).map { "\($0)" }.joined(separator: "|") + "}")
        }
        let folder = try ScratchFolder()
        let chain = (0..<5000).map { "l\($0): [__l\($0 + 1)__]\n" }.joined()
        try Data(chain.utf8).write(to: folder("chain.yaml"))
        let chains = try Wildcards(in: folder.url)
        #expect(throws: PromptTemplateError.tooDeep(limit: 100)) {
            try PromptTemplate("__l0__").prompt(seed: 1, wildcards: chains)
        }
        for level in 0..<30 {
            let line =
                level == 29
                ? "laugh"
                : Array(
                    repeating: "__level\(level + 1)__", count: 10
                ).joined(separator: " ")
            try Data(line.utf8).write(to: folder("level\(level).txt"))
        }
        let wildcards = try Wildcards(in: folder.url)
        #expect(throws: PromptTemplateError.self) {
            try PromptTemplate("__level0__").prompt(seed: 1, wildcards: wildcards)
        }
        #expect(throws: PromptTemplateError.self) {
            try PromptTemplate("__level0__").prompts(limit: 100, wildcards: wildcards)
        }
        for level in 0..<40 {
            let line = level == 39 ? "{}" : "__void\(level + 1)____void\(level + 1)__"
            try Data(line.utf8).write(to: folder("void\(level).txt"))
        }
        let voids = try Wildcards(in: folder.url)
        #expect(throws: PromptTemplateError.self) {
            try PromptTemplate("__void0__").prompt(seed: 1, wildcards: voids)
        }
        let aliases =
            "a0: &a0 {x: laugh}\n"
            + (1..<40).map { "a\($0): &a\($0) {p: *a\($0 - 1), q: *a\($0 - 1)}\n" }.joined()
        try Data(aliases.utf8).write(to: folder("aliases.yaml"))
        #expect(throws: FileError.self) { try Wildcards(in: folder.url) }
        let stars = String(repeating: "*a", count: 2000)
        #expect(throws: PromptTemplateError.self) {
            try PromptTemplate("__\(stars)__").prompt(
                seed: 1, wildcards: Wildcards(in: Fixture.url("templates/wildcards")))
        }
    }

    @Test func badWildcards() throws {
        let folder = try ScratchFolder()
        try Data("a: [b, c".utf8).write(to: folder("broken.yaml"))
        #expect(throws: FileError.self) { try Wildcards(in: folder.url) }
        #expect(throws: FileError.self) { try Wildcards(in: folder("nowhere")) }
        let error = #expect(throws: PromptTemplateError.self) {
            try PromptTemplate("__colour__").prompt(seed: 1)
        }
        #expect(error?.description.contains("`wildcards-dir`") == true)
    }
}
