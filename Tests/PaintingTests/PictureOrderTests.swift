import Foundation
import Painting
import StableDiffusion
import Testing

/// Lists of pictures: prompts files, matrices and grids.
@Suite struct PictureOrderTests {
    private func order(_ prompt: String, seed: UInt64 = 5) -> PictureOrder {
        PictureOrder([PromptLine(GenerationSettings(prompt: prompt))], title: "t", seed: seed)
    }

    private func lines(_ text: String) throws -> [PromptLine] {
        try PromptLine.lines(
            of: text, file: "p.txt", settings: GenerationSettings(prompt: "unused"))
    }

    @Test func countsAndSeeds() throws {
        var order = order("a robot")
        order.count = 3
        let list = try order.list()
        #expect(list.pictures.map(\.seed) == [5, 6, 7])
        #expect(list.sheets.map(\.count) == [3])
        order.count = 230
        #expect(try order.list().sheets.map(\.first) == [0, 100, 200])
        order.count = 1
        #expect(try order.list().sheets.isEmpty)
        order.count = PictureList.countLimit + 1
        #expect(throws: PictureListError.self) { try order.list() }
    }

    @Test func promptsFile() throws {
        let text = """
            \u{FEFF}a red robot
            # for people

              --prompt "a (blue) robot" --negative_prompt dark, blurred --seed 9 --n_iter 2
            a cat --n a dog --w 64 --h 128 --d 77 --s 12 --l 3.5 --ss euler_a
            --prompt a "b c" d --steps 4 --cfg_scale 2 --width 72 --sampler_name "DPM++ 2M Karras"
            --prompt "say \\"hi\\"" --batch_size 2 --n_iter 3 --clip_skip 2
            a robot -- standing --high
            """
        let lines = try lines(text)
        #expect(lines.map(\.number) == [1, 4, 5, 6, 7, 8])
        let prompts = lines.map(\.settings.prompt)
        #expect(
            prompts == [
                "a red robot", "a (blue) robot", "a cat", "a b c d", "say \"hi\"",
                "a robot -- standing --high",
            ])
        #expect(lines[1].settings.negativePrompt == "dark, blurred")
        #expect(lines[1].seed == 9 && lines[1].count == 2)
        let kohya = lines[2].settings
        #expect(kohya.negativePrompt == "a dog" && kohya.width == 64 && kohya.height == 128)
        #expect(kohya.stepCount == 12 && kohya.guidanceScale == 3.5 && lines[2].seed == 77)
        #expect(kohya.sampler == .eulerAncestral)
        #expect(
            lines[3].settings.sampler == .dpmPlusPlus2M && lines[3].settings.schedule == .karras)
        #expect(lines[4].count == 3 && lines[4].batchSize == 2 && lines[4].settings.clipSkip == 2)
        var order = PictureOrder(lines, title: "t", seed: 5)
        order.count = 2
        // A line's own seed and count are its own, and others go on.
        #expect(
            try order.list().pictures.map(\.seed) == [
                5, 6, 9, 10, 77, 78, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
            ])
    }

    /// What a line does not say is as the command says, a schedule behind a sampler too.
    @Test func whatLinesLeave() throws {
        var settings = GenerationSettings(prompt: "")
        settings.schedule = .karras
        let read = try PromptLine.lines(
            of: "a --ss euler\n--prompt b --sampler Euler\nc --D 4", file: "p", settings: settings)
        #expect(read.allSatisfy { $0.settings.schedule == .karras })
        #expect(read[0].settings.sampler == .euler && read[2].seed == 4)
        var order = PictureOrder(
            try lines("--prompt a --batch_size 2"), title: "t", seed: 5)
        order.count = 3
        #expect(try order.list().pictures.count == 6)
    }

    /// What is wrong with a line is told with its number.
    @Test func faultsOfLines() throws {
        let order = PictureOrder(try lines("a\n\nb {c|d"), title: "p.txt", seed: 5)
        let error = #expect(throws: PictureListError.self) { try order.list() }
        #expect(error?.description.hasPrefix("p.txt, line 3: ") == true)
    }

    @Test(arguments: [
        ("--prompt a --sede 5", ["line 1", "--sede", "did you mean --seed?"]),
        ("a\n--prompt a --steps many", ["line 2", "--steps many"]),
        ("--seed 5", ["no --prompt"]), ("--prompt a --seed", ["--seed has no value"]),
        ("--prompt \"a", ["not closed"]), ("--prompt a --sampler eulr", ["eulr"]),
        ("a robot --q 5", ["--q", "--ss"]), ("a --n", ["--n"]),
        ("a robot --steps 5", ["--steps", "begin the line with --prompt"]),
        ("--steps 5 a robot --prompt b", ["\"a\"", "quotes"]), ("# nothing\n", ["no prompt"]),
        ("--prompt a --seed -5", ["-5"]), ("--prompt a --cfg_scale nan", ["nan"]),
    ])
    func badLines(text: String, words: [String]) throws {
        let error = #expect(throws: PictureListError.self) { try lines(text) }
        for word in words + ["p.txt"] {
            #expect(error?.description.contains(word) == true, "\(String(describing: error))")
        }
    }

    @Test func templates() throws {
        var order = order("a {red|blue} robot")
        order.count = 40
        let list = try order.list()
        #expect(Set(list.pictures.map(\.settings.prompt)) == ["a red robot", "a blue robot"])
        #expect(list.pictures.allSatisfy { $0.template == "a {red|blue} robot" })
        // A picture has its prompt by its seed alone.
        let alone = try self.order("a {red|blue} robot", seed: 17).list()
        #expect(alone.pictures[0].settings == list.pictures[12].settings)
        order.templates = .combinatorial
        order.count = 2
        #expect(
            try order.list().pictures.map { "\($0.seed) \($0.settings.prompt)" } == [
                "5 a red robot", "6 a red robot", "7 a blue robot", "8 a blue robot",
            ])
        order.templates = .off
        #expect(try order.list().pictures[0].settings.prompt == "a {red|blue} robot")
    }

    /// Each prompt is read as it seems to be written.
    @Test func syntax() throws {
        var order = order("a {(red:1.2)|blue} robot")
        order.templates = .combinatorial
        #expect(try order.list().pictures.map(\.settings.promptSyntax) == [.a1111, .plain])
        order.syntax = .plain
        #expect(try order.list().pictures.map(\.settings.promptSyntax) == [.plain, .plain])
    }

    @Test func matrix() throws {
        var order = order("a robot| in rain,|at night|red")
        order.isMatrix = true
        order.count = 2
        let list = try order.list()
        #expect(list.pictures.count == 16)
        #expect(
            list.pictures.prefix(5).map(\.settings.prompt) == [
                "a robot", "a robot, in rain", "a robot, at night", "a robot, in rain, at night",
                "a robot, red",
            ])
        #expect(
            list.pictures.map(\.seed) == Array(repeating: 5, count: 8)
                + Array(repeating: 6, count: 8))
        let sheet = list.sheets[0]
        #expect(list.sheets.count == 2 && sheet.columns == 4)
        #expect(sheet.columnLabels == ["–", "in rain", "at night", "in rain, at night"])
        #expect(sheet.rowLabels == ["–", "red"])
        #expect(throws: PictureListError.noMatrix) {
            var plain = self.order("a robot")
            plain.isMatrix = true
            _ = try plain.list()
        }
        #expect(throws: PictureListError.self) {
            var large = self.order(String(repeating: "a|", count: 20))
            large.isMatrix = true
            _ = try large.list()
        }
    }

    @Test func grid() throws {
        var order = order("a red robot, shiny")
        order.axes = [
            try GridAxis("steps=5,10"), try GridAxis("Prompt S/R=red, blue, \"dark, green\""),
            try GridAxis("seed=1-2"),
        ]
        let list = try order.list()
        #expect(list.pictures.count == 12)
        #expect(list.pictures.map(\.settings.stepCount).prefix(4) == [5, 10, 5, 10])
        #expect(list.pictures[4].settings.prompt == "a dark, green robot, shiny")
        #expect(
            list.pictures.map(\.seed) == Array(repeating: 1, count: 6)
                + Array(repeating: 2, count: 6))
        #expect(list.sheets.map(\.first) == [0, 6])
        #expect(list.sheets[0].columnLabels == ["Steps: 5", "Steps: 10"])
        #expect(list.sheets[0].rowLabels == ["red", "blue", "dark, green"])
        #expect(list.sheets[1].title == "a red robot, shiny · Seed: 2")
    }

    @Test func orders() throws {
        var order = order("first red then blue and green last")
        order.axes = [try GridAxis("prompt-order=red,green,blue")]
        let prompts = try order.list().pictures.map(\.settings.prompt)
        #expect(prompts.count == 6)
        #expect(prompts[0] == "first red then green and blue last")
        #expect(prompts[5] == "first blue then green and red last")
    }

    /// As the web UI reads them.
    @Test(arguments: [
        ("1, 2,5", [1.0, 2, 5]), ("1-5", [1, 2, 3, 4, 5]), ("1-9 (+2)", [1, 3, 5, 7, 9]),
        ("1-10 [4]", [1, 4, 7, 10]), ("5-1", [5, 4, 3, 2, 1]), ("10-5 (-3)", [10, 7]),
        ("1-2 (+0.3)", [1, 1.3, 1.6, 1.9]), ("0.5-1.5 [3]", [0.5, 1, 1.5]), ("3-3", [3]),
        ("1-2,7", [1, 2, 7]),
    ])
    func numbers(text: String, expected: [Double]) throws {
        var order = order("a")
        order.axes = [try GridAxis("guidance-scale=\(text)")]
        #expect(try order.list().pictures.map(\.settings.guidanceScale) == expected)
    }

    @Test(arguments: [
        ("steps", ["such as steps=10"]), ("step=1,2", ["did you mean steps?"]),
        ("steps=", ["no values"]), ("steps=1,two", ["two"]), ("steps=0", ["from 1"]),
        ("seed=-1", ["from 0"]), ("steps=1-1000000000", ["steps"]),
        ("guidance-scale=1-2 (0)", ["guidance-scale"]), ("sampler=eulr", ["eulr"]),
        ("size=512", ["512x768"]), ("prompt-order=a", ["two to six"]),
        ("prompt-sr=\"a", ["not closed"]), ("steps=99999999999999999999", ["steps"]),
        ("prompt-sr=\"\",b", ["empty"]), ("steps=1-9 [0]", ["steps"]),
    ])
    func badAxes(text: String, words: [String]) throws {
        let error = #expect(throws: PictureListError.self) { try GridAxis(text) }
        for word in words {
            #expect(error?.description.contains(word) == true, "\(String(describing: error))")
        }
    }

    @Test func textsThatAreNotInThePrompt() throws {
        for axis in ["prompt-sr=green,red", "prompt-order=red,green"] {
            var order = order("a red robot")
            order.axes = [try GridAxis(axis)]
            let error = #expect(throws: PictureListError.self) { try order.list() }
            #expect(error?.description.contains("\"green\"") == true)
        }
        var large = order("a red robot")
        large.axes = [
            try GridAxis("seed=1-9999"), try GridAxis("steps=1-9999"),
            try GridAxis("clip-skip=1-9999"),
        ]
        #expect(throws: PictureListError.tooMany(limit: PictureList.countLimit)) {
            try large.list()
        }
    }
}
