import Files
import Foundation
import TestSupport
import Testing

/// Commands given twice: what is there is said, and only `--overwrite` replaces it.
@Suite struct OverwriteTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try writePhotos(in: scratch("photos"), count: 1)
    }

    private func training(_ method: String = "lora", seed: Int = 1, _ more: [String] = [])
        -> [String]
    {
        [
            "train", method, "--model", Fixture.url("models/tiny-sd1").path,
            "--instance-data-dir", "photos", "--output-dir", "out", "--max-train-steps", "1",
            "--learning-rate", "1e-3", "--seed", "\(seed)", "--report-to", "none",
            "--measuring-steps", "0",
        ]
            + (method == "lora" ? ["--rank", "2"] : [])
            + (method == "textual-inversion"
                ? ["--placeholder-token", "<x>"] : ["--instance-prompt", "a photo of sks robot"])
            + more
    }

    @discardableResult
    private func succeed(
        _ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Command.Outcome {
        let outcome = try Command.run(arguments, in: scratch.url)
        #expect(outcome.status == 0, "\(outcome.errors)", sourceLocation: sourceLocation)
        return outcome
    }

    /// All files with their bytes.
    private func contents(_ folder: String) throws -> [String: Data] {
        try scratch.listing().filter { $0.hasPrefix("\(folder)/") }.reduce(into: [:]) {
            $0[$1] = try? Data(contentsOf: scratch($1))
        }
    }

    private func write(_ text: String, to name: String) throws {
        let url = scratch(name)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    @Test(arguments: [
        ("dreambooth", "unet/diffusion_pytorch_model.safetensors"), ("lora", "out.safetensors"),
        ("textual-inversion", "x.pt"), ("hypernetwork", "out.pt"),
    ])
    func aFinishedTrainingIsKept(method: String, file: String) throws {
        try succeed(training(method))
        try write("mine", to: "out/notes.txt")
        let before = try contents("out")
        #expect(before["out/\(file)"] != nil)
        let word = String(file.prefix { $0 != "/" })
        for more in [[], ["--resume-from-checkpoint", "latest"]] {
            try expectRefusal(
                training(method, seed: 2, more), in: scratch,
                naming: ["--output-dir out", "--overwrite"] + (more.isEmpty ? [] : ["already"]))
        }
        #expect(try contents("out") == before)
        // Of another method, too: its record would be lost.
        if method != "lora" {
            try expectRefusal(training("lora"), in: scratch, naming: ["--output-dir out"])
        }
        try succeed(training(method, seed: 2, ["--overwrite"]))
        let after = try contents("out")
        #expect(after["out/\(file)"] != before["out/\(file)"], "\(word)")
        #expect(Set(after.keys) == Set(before.keys))
        #expect(after["out/notes.txt"] == Data("mine".utf8))
        // Repeating the run does not repeat the permission.
        let settings = String(decoding: after["out/run.yaml"] ?? Data(), as: UTF8.self)
        #expect(!settings.contains("overwrite"))
        try expectRefusal(
            ["train", "--config", "out/run.yaml"], in: scratch, naming: ["--overwrite"])
    }

    @Test func checkpointsAreReplacedWithTheirRun() throws {
        try succeed(training(["--checkpointing-steps", "1"]))
        try write("mine", to: "out/checkpoint-1/notes.txt")
        try expectRefusal(
            training(["--max-train-steps", "2"]), in: scratch,
            naming: ["checkpoint-1", "--resume-from-checkpoint", "--overwrite"])
        let outcome = try succeed(
            training(["--max-train-steps", "2", "--checkpointing-steps", "2", "--overwrite"]))
        let found = try scratch.listing()
        #expect(found.contains("out/checkpoint-2") && !found.contains("out/checkpoint-1"))
        // What somebody put into it is kept, and said.
        #expect(found.contains("out/attune-earlier/checkpoint-1/notes.txt"))
        #expect(!found.contains("out/attune-earlier/checkpoint-1/state.json"))
        #expect((outcome.output + outcome.errors).contains("attune-earlier"))
        // Going on is no overwriting.
        try succeed(training(["--max-train-steps", "3", "--resume-from-checkpoint", "latest"]))
    }

    private func training(_ more: [String]) -> [String] { training("lora", seed: 1, more) }

    /// What ends early has destroyed nothing.
    @Test func aRunThatFailsLeavesTheOldOne() throws {
        try succeed(training())
        let before = try contents("out")
        // Found only after the folder was opened.
        try write("in the way", to: "class")
        let outcome = try Command.run(
            training([
                "--overwrite", "--with-prior-preservation", "--class-prompt", "a robot",
                "--class-data-dir", "class", "--num-class-images", "1",
            ]), in: scratch.url)
        #expect(outcome.status != 0)
        #expect(try contents("out") == before)
    }

    @Test func aCheckpointOfAnotherFolderBeginsSomethingNew() throws {
        try succeed(training())
        let arguments = training(["--checkpointing-steps", "1"])
            .map { $0 == "out" ? "other" : $0 }
        try succeed(arguments)
        try expectRefusal(
            training(["--max-train-steps", "2", "--resume-from-checkpoint", "other/checkpoint-1"]),
            in: scratch, naming: ["--output-dir out", "out.safetensors", "--overwrite"])
    }

    @Test(arguments: [
        ("out/run.yaml", "run.yaml"), ("out/report.html", "report.html"),
        ("out/best/holiday.png", "best"), ("out/provenance.json", "provenance.json"),
        ("out/training.jsonl", "training.jsonl"),
    ])
    func filesOfOthersAreInTheWay(path: String, name: String) throws {
        try write("mine", to: path)
        for more in [[], ["--overwrite"]] {
            try expectRefusal(
                training(more), in: scratch, naming: ["--output-dir out", name, "no run wrote"])
        }
        #expect(try Data(contentsOf: scratch(path)) == Data("mine".utf8))
    }

    @Test func filesOfOthersThatAreNotInTheWayStay() throws {
        let names = ["robot-lora.safetensors", "notes.txt", "validation/me.png", "logs/x"]
        for name in names { try write("mine", to: "out/\(name)") }
        try succeed(training())
        try succeed(training(["--overwrite"]))
        for name in names {
            #expect(try Data(contentsOf: scratch("out/\(name)")) == Data("mine".utf8), "\(name)")
        }
        #expect(try !scratch.listing().contains { $0.contains("attune-earlier") })
    }

    @Test func oneRunAtATimeInAFolder() throws {
        try FileManager.default.createDirectory(
            at: scratch("out"), withIntermediateDirectories: true)
        let lock = try FolderLock(scratch("out"))
        try expectRefusal(training(), in: scratch, naming: ["out", "process \(getpid())"])
        withExtendedLifetime(lock) {}
    }

    @Test func convertAndMerge() throws {
        let model = Fixture.url("models/tiny-sd1").path
        let folder = ["convert", "--model", model, "--output", "model"]
        try succeed(folder)
        try write("mine", to: "model/notes.txt")
        let before = try contents("model")
        try expectRefusal(folder, in: scratch, naming: ["--output model", "unet", "--overwrite"])
        try succeed(folder + ["--precision", "fp16", "--overwrite"])
        let after = try contents("model")
        #expect(Set(before.keys) == Set(after.keys))
        #expect(after["model/notes.txt"] == Data("mine".utf8))
        let weights = "model/unet/diffusion_pytorch_model.safetensors"
        #expect(after[weights] != before[weights])

        try succeed(training())
        let merge = [
            "lora", "merge", "--model", model, "--lora", "out/out.safetensors", "--output",
        ]
        try expectRefusal(
            merge + ["model"], in: scratch, naming: ["--output model", "--overwrite"])
        try succeed(merge + ["merged"])
        try succeed(merge + ["model", "--overwrite"])
        #expect(try Data(contentsOf: scratch("model/notes.txt")) == Data("mine".utf8))

        let file =
            ["lora", "extract", "--model", model, "--tuned", "merged", "--rank", "2"]
            + ["--output", "x.safetensors"]
        try succeed(file)
        for arguments in [
            file,
            ["lora", "resize", "--model", model, "--lora", "out/out.safetensors", "--rank", "1"]
                + ["--output", "x.safetensors"],
            ["lora", "add", "--model", model, "--lora", "out/out.safetensors", "--rank", "2"]
                + ["--output", "x.safetensors"],
        ] {
            let old = try Data(contentsOf: scratch("x.safetensors"))
            try expectRefusal(
                arguments, in: scratch,
                naming: ["--output x.safetensors", "already", "--overwrite"])
            #expect(try Data(contentsOf: scratch("x.safetensors")) == old)
            try succeed(arguments + ["--overwrite"])
        }
    }

    @Test func contactSheetOfInspect() throws {
        let arguments = [
            "inspect", "data", "photos", "--resolution", "64", "--contact-sheet", "sheet.png",
        ]
        try write("mine", to: "sheet.png")
        try expectRefusal(
            arguments, in: scratch, naming: ["--contact-sheet sheet.png", "--overwrite"])
        try succeed(arguments + ["--overwrite"])
        #expect(try Data(contentsOf: scratch("sheet.png")).count > 100)
    }

    @Test func aFinishedDemoIsKept() throws {
        try write("mine", to: "out/after/notes.txt")
        let demo = ["demo", "--photos", "photos", "--steps", "1", "--output", "out"]
        try expectRefusal(demo, in: scratch, naming: ["--output", "did not write"])
        // As a finished one leaves it.
        try write("{\"program\": \"attune demo\", \"seconds\": 3}", to: "out/demo.json")
        let before = try contents("out")
        try expectRefusal(demo, in: scratch, naming: ["--output", "--overwrite"])
        #expect(try contents("out") == before)
    }
}
