import Foundation
import StableDiffusion
import TestSupport
import Testing
import Torch

/// Ctrl-C, sent to the program itself in each of its phases, and a process that is killed.
///
/// Every run here would take hours if nobody ended it, so that none ends by itself however fast
/// the machine is: a signal that comes late is heard in the phase that follows.
@Suite(.serialized) struct InterruptionTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try writePhotos(in: scratch("photos"), count: 3)
    }

    private static let endless = "1000000"

    private func training(
        to output: String, steps: String = endless, _ options: [String] = []
    ) -> [String] {
        [
            "train", "lora", "--model", Fixture.url("models/tiny-sd1").path,
            "--instance-data-dir", "photos", "--instance-prompt", "a photo of sks robot",
            "--output-dir", output, "--max-train-steps", steps, "--rank", "4", "--seed", "7",
            "--train-batch-size", "1", "--learning-rate", "1e-3", "--measuring-steps", "0",
            "--report-to", "none", "--no-train-text-encoder",
        ] + options
    }

    private static let painting = [
        "--validation-prompt", "a robot", "--num-validation-images", endless,
    ]

    /// Runs until it prints some words, asks it to end, and sees that it does so in good order.
    ///
    /// - Returns: all that it printed.
    @discardableResult
    private func interrupt(
        _ arguments: [String], when words: [String], with signal: Int32 = SIGINT,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> String {
        let command = try RunningCommand(arguments, in: scratch.url)
        for words in words { try command.wait(for: words) }
        command.send(signal)
        #expect(command.end() == 130, "\(command.text)", sourceLocation: sourceLocation)
        #expect(!command.text.contains("Error:"), sourceLocation: sourceLocation)
        try expectWholeFiles(sourceLocation)
        return command.text
    }

    /// No file has a temporary name, and what has its own name can be read.
    private func expectWholeFiles(_ sourceLocation: SourceLocation) throws {
        for name in try scratch.listing() {
            #expect(!name.hasSuffix(".tmp"), "\(name)", sourceLocation: sourceLocation)
            try expectWhole(name, sourceLocation)
        }
    }

    private func expectWhole(_ name: String, _ sourceLocation: SourceLocation) throws {
        if name.hasSuffix(".safetensors") {
            _ = try SafetensorsFile(scratch(name))
        } else if name.hasSuffix(".png") {
            let end = try Data(contentsOf: scratch(name)).suffix(8).prefix(4)
            #expect(end == Data("IEND".utf8), "\(name)", sourceLocation: sourceLocation)
        } else if name.hasSuffix(".json") {
            _ = try JSONSerialization.jsonObject(
                with: Data(contentsOf: scratch(name)), options: .fragmentsAllowed)
        }
    }

    /// The step after which a run says that it ended.
    private func step(in text: String) -> Int {
        let rest = text.components(separatedBy: "interrupted after step ").dropFirst().first
        return rest.flatMap { Int($0.prefix { $0.isNumber }) } ?? 0
    }

    /// What is left goes on to the very bytes that a run has which never stopped.
    private func expectSameAsStraight(
        after step: Int, _ options: [String] = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let steps = String(step + 1)
        let resuming = step > 0 ? ["--resume-from-checkpoint", "latest"] : []
        for arguments in [
            training(to: "a/out", steps: steps, options + resuming),
            training(to: "b/out", steps: steps, options),
        ] {
            let outcome = try Command.run(arguments, in: scratch.url)
            #expect(outcome.status == 0, "\(outcome.errors)", sourceLocation: sourceLocation)
        }
        let results = try ["a", "b"].map {
            try Data(contentsOf: scratch("\($0)/out/pytorch_lora_weights.safetensors"))
        }
        #expect(results[0] == results[1], sourceLocation: sourceLocation)
        try expectWholeFiles(sourceLocation)
    }

    @Test func encoding() throws {
        try writePhotos(in: scratch("photos"), count: 300)
        let text = try interrupt(training(to: "a/out"), when: ["encoding photos 1/300"])
        try expectSameAsStraight(after: step(in: text))
    }

    @Test func classPictures() throws {
        let prior = [
            "--with-prior-preservation", "--class-prompt", "a robot", "--class-data-dir", "class",
            "--sample-batch-size", "1",
        ]
        try interrupt(
            training(
                to: "a/out",
                prior + ["--num-class-images", Self.endless, "--class-image-steps", "2"]),
            when: ["painting class pictures 0/"])
        let few = prior + ["--num-class-images", "2", "--class-image-steps", "2"]
        try expectSameAsStraight(after: 0, few)
    }

    @Test func training() throws {
        let text = try interrupt(training(to: "a/out"), when: ["training 1/"])
        #expect(step(in: text) > 0)
        #expect(text.contains("--resume-from-checkpoint latest"))
        try expectSameAsStraight(after: step(in: text))
    }

    @Test func terminating() throws {
        try interrupt(training(to: "a/out"), when: ["training 1/"], with: SIGTERM)
    }

    @Test func saving() throws {
        let options = ["--checkpointing-steps", "1", "--checkpoints-total-limit", "2"]
        let text = try interrupt(training(to: "a/out", options), when: ["Saved ", "Saved "])
        try expectSameAsStraight(after: step(in: text))
    }

    @Test func paintingValidationPictures() throws {
        let text = try interrupt(
            training(to: "a/out", Self.painting + ["--validation-steps", "1"]),
            when: ["training 1/"])
        #expect(!text.contains("cannot be painted"))
        try expectSameAsStraight(after: step(in: text))
    }

    /// What was trained is written, though its pictures are not painted.
    @Test(arguments: ["training 2/2", "The trained model is in"])
    func writingTheResult(words: String) throws {
        let text = try interrupt(
            training(to: "a/out", steps: "2", Self.painting), when: [words])
        #expect(text.contains("what was trained is whole"))
        #expect(try scratch.listing().contains("a/out/pytorch_lora_weights.safetensors"))
    }

    @Test func generate() throws {
        try interrupt(
            [
                "generate", "--model", Fixture.url("models/tiny-sd1").path, "--prompt", "p",
                "--steps", "2", "--batch-size", "1", "--count", "10000", "--output", "pictures",
            ], when: ["Painting"])
    }

    @Test(arguments: ["Painting before", "training 1/"]) func demo(words: String) throws {
        try interrupt(
            [
                "demo", "--model", Fixture.url("models/tiny-sd1").path, "--photos", "photos",
                "--steps", Self.endless, "--output", "demo",
            ], when: [words])
    }

    @Test func compare() throws {
        try interrupt(
            [
                "compare", "--model", Fixture.url("models/tiny-sd1").path, "--instance-data-dir",
                "photos", "--instance-prompt", "a photo of sks robot", "--class-prompt",
                "a photo of a robot", "--methods", "dreambooth", "--seeds", "1", "--pictures", "1",
                "--sampling-steps", "1", "--steps-scale", "1000", "--output-dir", "compared",
            ], when: ["DreamBooth"])
    }

    /// The second one ends at once, here in the middle of a step that would take hours.
    @Test func twice() throws {
        let command = try RunningCommand(
            training(to: "a/out", ["--gradient-accumulation-steps", Self.endless]),
            in: scratch.url)
        try command.wait(for: "Training")
        command.send(SIGINT)
        try command.wait(for: "press Ctrl-C again")
        command.send(SIGINT)
        #expect(command.end() == 130)
        try expectWholeFiles(#_sourceLocation)
        try expectSameAsStraight(after: 0)
    }

    /// Killed while it saves without a pause, again and again.
    @Test func killed() throws {
        let options = ["--checkpointing-steps", "1"]
        let first = try RunningCommand(training(to: "a/out", options), in: scratch.url)
        for _ in 1...3 { try first.wait(for: "Saved ") }
        first.send(SIGKILL)
        #expect(first.end() == 128 + SIGKILL)
        let second = try RunningCommand(
            training(to: "a/out", options + ["--resume-from-checkpoint", "latest"]),
            in: scratch.url)
        try second.wait(for: "Going on after step")
        try second.wait(for: "Saved ")
        second.send(SIGKILL)
        #expect(second.end() == 128 + SIGKILL)
        let steps = try scratch.listing().compactMap { name in
            name.split(separator: "/").last.flatMap { $0.split(separator: "-").last }
                .flatMap { Int($0) }
        }
        try expectSameAsStraight(after: try #require(steps.max()), options)
    }
}
