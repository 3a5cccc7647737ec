import Foundation
import TestSupport
import Testing

/// `--subjects FILE`: several subjects for one run.
@Suite struct SubjectsFileTests {
    private static let good = """
        - instance-data-dir: robot
          instance-prompt: a photo of sks robot
        - instance-data-dir: duck
          instance-prompt: a photo of zwx duck
          num-repeats: 2
        """
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try writePhotos(in: scratch("robot"), count: 2)
        try writePhotos(in: scratch("duck"), count: 2)
    }

    private func arguments(_ file: String, _ output: String) -> [String] {
        [
            "train", "lora", "--model", Fixture.url("models/tiny-sd1").path, "--subjects", file,
            "--output-dir", output, "--max-train-steps", "2", "--rank", "2", "--seed", "7",
            "--report-to", "none",
        ]
    }

    @Test func aRunTakesThemAndIsRepeated() throws {
        try Data(Self.good.utf8).write(to: scratch("subjects.yaml"))
        // As descendants of diffusers' script have it.
        try Data(
            """
            [{"instance_data_dir": "robot", "instance_prompt": "a photo of sks robot"},
             {"instance_data_dir": "duck", "instance_prompt": "a photo of zwx duck",
              "num_repeats": 2}]
            """.utf8
        ).write(to: scratch("concepts.json"))
        let first = try Command.run(arguments("subjects.yaml", "first"), in: scratch.url)
        #expect(first.status == 0, "\(first.errors)")
        var typed = arguments("concepts.json", "second")
        typed = typed.map { $0 == "--subjects" ? "--concepts_list" : $0 }
        let second = try Command.run(typed, in: scratch.url)
        #expect(second.status == 0, "\(second.errors)")
        // The folder of the run says all, whatever becomes of the list.
        try FileManager.default.removeItem(at: scratch("subjects.yaml"))
        let third = try Command.run(
            ["train", "--config", "first/run.yaml", "--output-dir", "third"], in: scratch.url)
        #expect(third.status == 0, "\(third.errors)")
        let name = "pytorch_lora_weights.safetensors"
        let files = try ["first", "second", "third"].map {
            try Data(contentsOf: scratch("\($0)/\(name)"))
        }
        let written = try String(contentsOf: scratch("first/run.yaml"), encoding: .utf8)
        #expect(written.contains("subjects: first/subjects.yaml"))
        #expect(files[1] == files[0])
        #expect(files[2] == files[0])
    }

    @Test(arguments: [
        ("- instance-prompt: a robot", ["subjects.yaml", "subject 1", "instance-data-dir"]),
        ("- instance-data-dir: robot\n- duck", ["subjects.yaml", "subject 2"]),
        ("- instance-data-dir: robot\n  prompt: a robot", ["subject 1", "\"prompt\""]),
        ("- instance-data-dir: [robot]", ["subject 1", "instance-data-dir must be a text"]),
        ("- instance-data-dir: robot\n  num-repeats: two", ["subject 1", "num-repeats two"]),
        ("robot", ["subjects.yaml", "expected a list"]),
        ("", ["subjects.yaml", "expected a list"]),
        ("- [", ["subjects.yaml", "neither YAML nor JSON"]),
        (
            "- instance-data-dir: robot\n  instance-prompt: a\n- instance-data-dir: robot\n"
                + "  instance-prompt: b", ["subject 2", "robot"]
        ),
    ])
    func mistakesAreNamed(text: String, words: [String]) throws {
        try Data(text.utf8).write(to: scratch("subjects.yaml"))
        try expectRefusal(arguments("subjects.yaml", "out"), in: scratch, naming: words)
    }

    @Test(arguments: [
        (["--instance-data-dir", "robot"], "--instance-data-dir"),
        (["--instance-prompt", "a robot"], "--instance-prompt"),
        (["--class-prompt", "a robot"], "--class-prompt"),
        (["--class-data-dir", "class"], "--class-data-dir"),
    ])
    func whatIsOfOneSubjectIsRefused(more: [String], name: String) throws {
        try Data(Self.good.utf8).write(to: scratch("subjects.yaml"))
        try expectRefusal(
            arguments("subjects.yaml", "out") + more, in: scratch, naming: [name, "--subjects"])
    }
}
