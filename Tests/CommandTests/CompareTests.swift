import Foundation
import TestSupport
import Testing

/// `attune compare` with wishes that cannot be fulfilled, and once in the smallest way.
@Suite struct CompareTests {
    private let model = Fixture.url("models/tiny-sd1").path
    private static let prompts = [
        "--instance-prompt", "a photo of sks robot", "--class-prompt", "a photo of a robot",
    ]
    private static let usual =
        ["compare", "--instance-data-dir", "photos", "--output-dir", "out"] + prompts

    private func scratch() throws -> Scratch {
        let scratch = try Scratch()
        try writePhotos(in: scratch("photos"), count: 2)
        try Data("{} in the rain\nin the snow\n".utf8).write(to: scratch("prompts.txt"))
        try Data().write(to: scratch("empty.txt"))
        return scratch
    }

    @Test(arguments: [
        (usual + ["--methods", "dreambooth,magic"], ["--methods", "\"magic\"", "hypernetwork"]),
        (usual + ["--methods", ","], ["--methods"]),
        (usual + ["--seeds", "0"], ["--seeds 0"]),
        (usual + ["--pictures", "0"], ["--pictures 0"]),
        (usual + ["--steps-scale", "0"], ["--steps-scale 0"]),
        (usual + ["--sampling-steps", "0"], ["--sampling-steps 0"]),
        (usual + ["--photo-counts", "1,x"], ["--photo-counts 1,x"]),
        (usual + ["--photo-counts", "1,3"], ["--photo-counts 1,3", "2 in photos"]),
        (usual + ["--held-out-dir", "nowhere"], ["nowhere"]),
        (usual + ["--prompts", "nowhere.txt"], ["nowhere.txt"]),
        (usual + ["--prompts", "prompts.txt"], ["prompts.txt", "\"in the snow\"", "{}"]),
        (usual + ["--prompts", "empty.txt"], ["empty.txt", "no lines"]),
        (
            usual.filter { $0 != "a photo of sks robot" && $0 != "--instance-prompt" }
                + ["--instance-prompt", "a photo of a robot"],
            ["--instance-prompt", "rare word"]
        ),
        (usual + ["--device", "toaster"], ["toaster"]),
        (["compare", "--instance-data-dir", "nowhere"] + prompts, ["nowhere"]),
        (["compare"] + prompts, ["--instance-data-dir"]),
    ])
    func wishes(arguments: [String], words: [String]) throws {
        try expectRefusal(arguments + ["--model", model], in: try scratch(), naming: words)
    }

    @Test func foreignFilesAreLeftAlone() throws {
        let scratch = try scratch()
        try FileManager.default.createDirectory(
            at: scratch("out"), withIntermediateDirectories: true)
        try Data("mine".utf8).write(to: scratch("out/notes.txt"))
        try expectRefusal(
            Self.usual + ["--model", model], in: scratch, naming: ["--output-dir out", "another"])
    }

    @Test func helpNamesTheMethods() throws {
        let scratch = try scratch()
        let outcome = try Command.run(["compare", "--help"], in: scratch.url)
        #expect(outcome.status == 0)
        for method in [
            "dreambooth-prior", "dreambooth-self-distillation", "lora,", "lora-self-distillation",
            "textual-inversion", "hypernetwork",
        ] { #expect(outcome.output.contains(method), "\(method)") }
        #expect(outcome.output.contains("--photo-counts"))
        let all = try Command.run(["--help"], in: scratch.url)
        #expect(!all.output.contains("compare-one"), "it is for attune compare alone")
    }

    /// One step of one method on a model without a CLIP: the files are there, a second call does
    /// nothing again, and other settings are refused.
    @Test func aComparisonIsMadeAndGoneOnWith() throws {
        let scratch = try scratch()
        try Data("{} in the rain\n".utf8).write(to: scratch("prompts.txt"))
        let arguments =
            Self.usual + [
                "--model", model, "--methods", "textual-inversion", "--seeds", "1", "--pictures",
                "1", "--sampling-steps", "1", "--steps-scale", "0.002", "--prompts", "prompts.txt",
                "--device", "cpu",
            ]
        let first = try Command.run(arguments, in: scratch.url)
        #expect(first.status == 0, "\(first.errors)")
        let files = try scratch.listing()
        let run = "textual-inversion-2-photos-seed-1"
        for file in [
            "compare.json", "methods.md", "report.html", "sheet.png", "results/\(run).json",
            "pictures/untrained/class-1.png", "pictures/\(run)/place-1-1.png",
        ] { #expect(files.contains("out/\(file)"), "no \(file)") }
        #expect(!files.contains("out/work"))
        let page = String(decoding: try Data(contentsOf: scratch("out/report.html")), as: UTF8.self)
        #expect(page.contains("Textual Inversion"))
        #expect(!page.contains("src=\"pictures"), "the page stands alone")
        #expect(first.output.contains("no folder clip"))

        let second = try Command.run(arguments, in: scratch.url)
        #expect(second.status == 0, "\(second.errors)")
        #expect(second.output.contains("done already"))

        let third = try Command.run(arguments + ["--pictures", "2"], in: scratch.url)
        #expect(third.status != 0)
        expectOneSentence(third.errors, naming: ["--output-dir out", "--pictures"])

        let fourth = try Command.run(
            arguments + ["--steps-scale", "0.004", "--overwrite"], in: scratch.url)
        #expect(fourth.status == 0, "\(fourth.errors)")
        #expect(!fourth.output.contains("done already"), "another comparison begins anew")
        #expect(try scratch.listing() == files, "nothing of the first is left")
    }
}
