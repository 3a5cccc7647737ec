import Files
import Foundation
import Imaging
import TestSupport
import Testing

/// `attune generate` with many prompts, and a run that is ended and gone on with.
@Suite struct VolumeTests {
    private let model = Fixture.url("models/tiny-sd1").path
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func arguments(_ options: [String]) -> [String] {
        ["generate", "--model", model, "--steps", "2"] + options
    }

    @discardableResult
    private func generate(_ options: [String]) throws -> String {
        let outcome = try Command.run(arguments(options), in: scratch.url)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.isEmpty)
        return outcome.output
    }

    private func prompt(_ file: String) throws -> String? {
        try PNGText.value("parameters", of: scratch(file))?
            .split(separator: "\n").first.map(String.init)
    }

    @Test func promptsOfAFile() throws {
        try Data("a robot\n--prompt \"a {red|blue} cat\" --seed 9 --count 2\n".utf8)
            .write(to: scratch("prompts.txt"))
        try generate([
            "--prompts-file", "prompts.txt", "--seed", "5", "--output", "out",
            "--dynamic-prompts", "combinatorial",
        ])
        let names = try scratch.listing().filter { $0.hasSuffix(".png") && !$0.contains("grid") }
        #expect(
            names.sorted() == [
                "out/00000-5.png", "out/00001-9.png", "out/00002-10.png", "out/00003-9.png",
                "out/00004-10.png",
            ])
        #expect(try prompt("out/00004-10.png") == "a blue cat")
    }

    @Test func wildcards() throws {
        try FileManager.default.createDirectory(
            at: scratch("lists"), withIntermediateDirectories: false)
        try Data("teal\n".utf8).write(to: scratch("lists/colour.txt"))
        let options = ["--prompt", "a __colour__ cat", "--seed", "5", "--output", "out"]
        try generate(options + ["--wildcards-dir", "lists"])
        #expect(try prompt("out/00000-5.png") == "a teal cat")
        try generate(options + ["--dynamic-prompts", "off"])
        #expect(try prompt("out/00001-5.png") == "a __colour__ cat")
        try expectRefusal(
            arguments(options), in: scratch, naming: ["__colour__", "--wildcards-dir"])
    }

    @Test func grids() throws {
        try generate([
            "--prompt", "a red cat", "--x", "prompt-sr=red,blue", "--y", "guidance-scale=1-3 (+2)",
            "--seed", "5", "--output", "out",
        ])
        #expect(try prompt("out/00003-5.png") == "a blue cat")
        let sheet = try PhotoReader.read(scratch("out/grid-0000.png"))
        #expect(sheet.width > 2 * 192 && sheet.height > 2 * 192)
        try generate([
            "--prompt", "a cat|red|old", "--prompt-matrix", "--seed", "5", "--output", "matrix",
        ])
        #expect(try prompt("matrix/00003-5.png") == "a cat, red, old")
    }

    @Test(arguments: [
        ([], ["--prompt", "--prompts-file"]),
        (["--prompt", "a", "--prompts-file", "p"], ["--prompts-file", "one of them"]),
        (["--prompts-file", "nowhere.txt"], ["nowhere.txt"]),
        (["--prompt", "a", "--y", "steps=1"], ["--x"]),
        (["--prompt", "a", "--x", "steps=1", "--prompt-matrix"], ["--prompt-matrix", "--x"]),
        (["--prompt", "a", "--prompt-matrix"], ["|"]),
        (["--prompt", "a", "--x", "stepz=1"], ["stepz", "steps"]),
        (["--prompt", "a", "--x", "width=13"], ["--width 13"]),
        (["--prompt", "a {b|c"], ["{b|c", "closed"]),
        (["--prompt", "a", "--count", "100001"], ["--count", "100000"]),
        (
            ["--prompt", "{a|b}", "--dynamic-prompts", "combinatorial", "--count", "60000"],
            ["--count", "100000"]
        ),
        (["--resume", "--output", "nowhere"], ["nowhere"]),
        (["--resume", "--seed", "4"], ["--seed", "manifest"]),
    ])
    func badWishes(options: [String], words: [String]) throws {
        try expectRefusal(
            ["generate", "--model", model] + options, in: scratch, naming: words)
    }

    @Test func badLines() throws {
        try Data("a robot\n--prompt b --width 13\n".utf8).write(to: scratch("prompts.txt"))
        try expectRefusal(
            arguments(["--prompts-file", "prompts.txt"]), in: scratch,
            naming: ["prompts.txt, line 2", "width 13"])
    }

    /// A run that is killed at any moment, and gone on with until it is whole, has the files of
    /// one that nobody ended.
    @Test func killedRuns() throws {
        let options = ["--prompt", "a {red|blue} cat", "--count", "30", "--seed", "5"]
        try generate(options + ["--output", "straight", "--batch-size", "2"])
        var isBegun = false
        for count in [1, 4, 9, 14, 22] {
            let command = try RunningCommand(
                arguments(
                    options + ["--output", "out", "--batch-size", "2"]
                        + (isBegun ? ["--resume"] : [])), in: scratch.url,
                variables: ["TERM": "dumb"])
            while try pictures("out") < count, command.isRunning { usleep(2000) }
            command.send(SIGKILL)
            _ = command.end()
            isBegun = true
        }
        let there = try pictures("out")
        let outcome = try Command.run(
            ["generate", "--resume", "--output", "out"], in: scratch.url)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let text = outcome.output
        #expect(there == 30 || text.contains("\(there) of 30 pictures are there"), "\(text)")
        for name in try scratch.listing() where name.hasPrefix("straight/") {
            let other = "out/" + name.dropFirst("straight/".count)
            let same = try Data(contentsOf: scratch(name)) == Data(contentsOf: scratch(other))
            #expect(same, "\(name)")
        }
        let visible = try scratch.listing().filter { $0.hasPrefix("out/") && !$0.contains("/.") }
        #expect(visible.count == 30 + 2)
    }

    private func pictures(_ folder: String) throws -> Int {
        let names = try? FileManager.default.contentsOfDirectory(atPath: scratch(folder).path)
        return names?.count { $0.hasPrefix("000") && $0.hasSuffix(".png") } ?? 0
    }

    /// What is asked for must be what was begun.
    @Test func otherWishes() throws {
        let options = ["--prompt", "a cat", "--count", "3", "--seed", "5", "--output", "out"]
        try generate(options)
        try FileManager.default.removeItem(at: scratch("out/00001-6.png"))
        func refuse(_ other: [String], _ words: [String]) throws {
            try expectRefusal(arguments(other) + ["--resume"], in: scratch, naming: words)
        }
        try refuse(
            ["--prompt", "a dog", "--count", "3", "--output", "out"], ["a cat", "a dog"])
        try refuse(options + ["--guidance-scale", "3"], ["guidance scale \"7.5\""])
        try refuse(
            ["--prompt", "a cat", "--count", "4", "--seed", "5", "--output", "out"],
            ["3 pictures, and 4"])
        try refuse(
            ["--prompt", "a cat", "--count", "3", "--seed", "6", "--output", "out"],
            ["seed", "\"5\"", "\"6\""])
        try refuse(options + ["--precision", "bf16"], ["fp32", "bf16"])
        try refuse(
            options + ["--lora", Fixture.url("adapters/locon.safetensors").path],
            ["nothing lay over the model", "locon"])
        let other = try Command.run(
            [
                "generate", "--model", Fixture.url("models/tiny-sd2").path, "--resume", "--output",
                "out",
            ], in: scratch.url)
        expectOneSentence(other.errors, naming: ["begun with the model"])
        // A model whose other parts are others.
        let model = try scratch.copy("models/tiny-sd1", as: "m")
        let config = model.appending(path: "vae/config.json")
        try Data((try String(contentsOf: config, encoding: .utf8) + " ").utf8).write(to: config)
        let changed = try Command.run(
            ["generate", "--model", "m", "--resume", "--output", "out"], in: scratch.url)
        expectOneSentence(changed.errors, naming: ["autoencoder", "others than they were"])
        try refuse(options + ["--prediction-type", "v_prediction"], ["prediction"])
        try expectRefusal(
            ["generate", "--resume", "--prompt-syntax", "a1111", "--output", "out"], in: scratch,
            naming: ["--prompt-syntax"])
        // Without --model, that is another one.
        try expectRefusal(
            ["generate", "--steps", "2", "--resume"] + options, in: scratch,
            naming: ["begun with the model"])
        // The very same wish, with its seed left to the manifest.
        try generate([
            "--prompt", "a cat", "--count", "3", "--output", "out", "--resume",
        ])
        #expect(try scratch.listing().contains("out/00001-6.png"))
    }
}
