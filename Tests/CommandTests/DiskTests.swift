import Foundation
import TestSupport
import Testing

/// Disks that are full or must not be written to.
@Suite(.serialized) struct DiskTests {
    private let model = Fixture.url("models/tiny-sd1").path

    private func generate(to output: String) -> [String] {
        [
            "generate", "--model", model, "--prompt", "p", "--steps", "1", "--seed", "1",
            "--output",
            output,
        ]
    }

    private func train(to output: String) -> [String] {
        BadOptionTests.training(model: model) + ["--output-dir", output, "--train-batch-size", "1"]
    }

    @Test func folderBelowAFile() throws {
        let scratch = try Scratch()
        try writePhotos(in: scratch("photos"), count: 1)
        try Data("in the way".utf8).write(to: scratch("file"))
        for output in ["file", "file/below"] {
            try expectRefusal(generate(to: output), in: scratch, naming: [scratch("file").path])
            try expectRefusal(train(to: output), in: scratch, naming: [scratch("file").path])
        }
    }

    /// Nobody may make files there, not even root.
    @Test(
        .enabled(
            if: FileManager.default.fileExists(atPath: "/proc/self/status"),
            "no /proc, where nobody may make files"))
    func folderThatIsReadOnly() throws {
        let scratch = try Scratch()
        try writePhotos(in: scratch("photos"), count: 1)
        try expectRefusal(generate(to: "/proc/self"), in: scratch, naming: ["/proc/self"])
        try expectRefusal(train(to: "/proc/self"), in: scratch, naming: ["/proc/self"])
    }

    /// No file of more than 4 KiB can be written, which only what was trained is smaller than.
    @Test func whatIsOnlyForLookingAtEndsNoRun() throws {
        let scratch = try Scratch()
        try writePhotos(in: scratch("photos"), count: 1)
        let outcome = try Command.run(
            [
                "train", "textual-inversion", "--model", model, "--instance-data-dir", "photos",
                "--placeholder-token", "<robot>", "--output-dir", "out", "--num-vectors", "1",
                "--max-train-steps", "60", "--train-batch-size", "1", "--measuring-steps", "20",
                "--checkpointing-steps", "20", "--seed", "1", "--learning-rate", "1e-3",
                "--validation-prompt", "a <robot>", "--validation-steps", "30",
                "--num-validation-images", "1",
            ], in: scratch.url, fileLimit: 4)
        #expect(outcome.status == 0, "\(outcome.errors)")
        for words in [
            "after step 20 is not saved, the run goes on",
            "training.jsonl has gaps, the run goes on",
            "Validation pictures cannot be painted, the run goes on",
            "report.html is written no more, the run goes on",
        ] {
            #expect(outcome.output.components(separatedBy: words).count == 2, "\(words)")
        }
        let files = try scratch.listing()
        #expect(files.contains("out/learned_embeds.safetensors"))
        #expect(!files.contains { $0.hasSuffix(".tmp") })
        // What there is of the log is whole.
        let log = try String(contentsOf: scratch("out/training.jsonl"), encoding: .utf8)
        for line in log.split(separator: "\n") {
            _ = try JSONSerialization.jsonObject(with: Data(line.utf8))
        }
    }

    @Test(.enabled(if: Volume.canMount, "only root may mount a small file system"))
    func readOnlyFileSystem() throws {
        let scratch = try Scratch()
        try writePhotos(in: scratch("photos"), count: 1)
        let volume = try Volume(in: scratch, kibibytes: 64)
        try volume.makeReadOnly()
        try expectRefusal(generate(to: "disk/out"), in: scratch, naming: ["disk/out", "read-only"])
        try expectRefusal(train(to: "disk/out"), in: scratch, naming: ["disk/out", "read-only"])
    }

    @Test(.enabled(if: Volume.canMount, "only root may mount a small file system"))
    func fullDiskWhilePaintingOrTraining() throws {
        let scratch = try Scratch()
        try writePhotos(in: scratch("photos"), count: 1)
        let volume = try Volume(in: scratch, kibibytes: 8)
        // Folders are no half-written files, and logs are whole after every line and event.
        let allowed: Set = [
            "disk/pictures", "disk/model", "disk/kept", "disk/model/training.jsonl",
            "disk/kept/training.jsonl", "disk/model/provenance.json", "disk/kept/provenance.json",
            "disk/model/run.yaml", "disk/kept/run.yaml",
        ]
        for arguments in [
            generate(to: "disk/pictures"), train(to: "disk/model"),
            train(to: "disk/kept") + ["--checkpointing-steps", "1"],
        ] {
            let outcome = try Command.run(arguments, in: scratch.url)
            #expect(outcome.isOrderly && outcome.status != 0)
            expectOneSentence(outcome.errors, naming: ["disk/", "is full"])
            // The name that the file would have got, not the one it was written under.
            #expect(!outcome.errors.replacing(scratch.url.path, with: "").contains(".tmp"))
            let found = try scratch.listing().filter {
                $0.hasPrefix("disk/") && !$0.contains("/logs")
            }
            #expect(found.isSubset(of: allowed))
        }
        withExtendedLifetime(volume) {}
    }

    /// The disk is full in the middle of writing over something: what was there is as it was.
    @Test(.enabled(if: Volume.canMount, "only root may mount a small file system"))
    func fullDiskWhileReplacing() throws {
        let scratch = try Scratch()
        try writePhotos(in: scratch("photos"), count: 2)
        let (trained, merged) = ("trained/trained.safetensors", "merged")
        let preparations = [
            train(to: "trained").map { $0 == "dreambooth" ? "lora" : $0 } + ["--rank", "2"],
            [
                "lora", "merge", "--model", model, "--lora", trained, "--output", merged,
            ],
        ]
        for arguments in preparations {
            let outcome = try Command.run(arguments, in: scratch.url)
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        let volume = try Volume(in: scratch, kibibytes: 64)
        let lora = ["--model", model, "--lora", trained]
        for (arguments, output) in [
            (["convert", "--model", model], "model"),
            (["convert", "--model", model], "model.safetensors"),
            (["lora", "merge"] + lora, "model"),
            (["lora", "resize", "--rank", "2"] + lora, "a.safetensors"),
            (["lora", "add", "--rank", "2"] + lora, "a.safetensors"),
            (
                ["lora", "extract", "--rank", "2", "--model", model, "--tuned", merged],
                "a.safetensors"
            ),
        ] {
            let place = scratch("disk/\(output)")
            if output == "model" {
                try FileManager.default.createDirectory(
                    at: place.appending(path: "unet"), withIntermediateDirectories: true)
                try Data("old".utf8).write(to: place.appending(path: "unet/config.json"))
            } else {
                try Data("old".utf8).write(to: place)
            }
            // Some pages are left, so that writing begins.
            try Data(count: 48 << 10).write(to: scratch("disk/filler"))
            let before = try scratch.listing()
            let outcome = try Command.run(
                arguments + ["--output", "disk/\(output)", "--overwrite"], in: scratch.url)
            #expect(outcome.isOrderly && outcome.status != 0, "\(arguments)")
            expectOneSentence(outcome.errors, naming: ["disk/\(output)", "is full"])
            #expect(!outcome.errors.replacing(scratch.url.path, with: "").contains(".tmp"))
            #expect(try scratch.listing() == before, "\(arguments)")
            let file = output == "model" ? place.appending(path: "unet/config.json") : place
            #expect(try Data(contentsOf: file) == Data("old".utf8))
            try FileManager.default.removeItem(at: place)
        }
        let sheet = [
            "inspect", "data", "photos", "--resolution", "64", "--contact-sheet",
            "disk/sheet.png", "--overwrite",
        ]
        try Data("old".utf8).write(to: scratch("disk/sheet.png"))
        try Data(count: 60 << 10).write(to: scratch("disk/filler"))
        let outcome = try Command.run(sheet, in: scratch.url)
        expectOneSentence(outcome.errors, naming: ["disk/sheet.png", "is full"])
        #expect(try Data(contentsOf: scratch("disk/sheet.png")) == Data("old".utf8))
        withExtendedLifetime(volume) {}
    }
}

/// A small file system in memory, mounted at `disk` in a scratch folder.
private final class Volume {
    private let path: String
    /// A folder in which something is mounted cannot be removed, so it must live longer.
    private let scratch: Scratch

    init(in scratch: Scratch, kibibytes: Int) throws {
        self.scratch = scratch
        let folder = scratch("disk")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        path = folder.path
        try Self.call("mount", ["-t", "tmpfs", "-o", "size=\(kibibytes)k", "attune-test", path])
    }

    deinit { try? Self.call("umount", ["-l", path]) }

    func makeReadOnly() throws { try Self.call("mount", ["-o", "remount,ro", path]) }

    /// Containers often let not even root do this, so it is tried.
    static let canMount: Bool = {
        guard let scratch = try? Scratch() else { return false }
        return (try? Volume(in: scratch, kibibytes: 8)) != nil
    }()

    private struct Failure: Error {}

    private static func call(_ program: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        if process.terminationStatus != 0 { throw Failure() }
    }
}
