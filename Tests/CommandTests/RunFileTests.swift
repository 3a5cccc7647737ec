import Foundation
import TestSupport
import Testing

/// `run.yaml`: what a run leaves, and `attune train --config` with one.
@Suite struct RunFileTests {
    private func scratch() throws -> Scratch {
        let scratch = try Scratch()
        try writePhotos(in: scratch("photos"), count: 2)
        return scratch
    }

    @Test func aRunIsRepeatedFromItsFile() throws {
        let scratch = try scratch()
        let first = try Command.run(
            [
                "train", "lora", "--model", Fixture.url("models/tiny-sd1").path,
                "--instance_data_dir", "photos", "--instance-prompt=a photo of \"sks\": robot",
                "--output-dir", "out", "--max-train-steps", "2", "--rank", "2", "--offset_noise",
                "--no-enable-bucket", "--lokr-factor", "-1", "--report-to", "none",
                "--optimizer-args", "weight_decay=0.1", "eps=1e-7",
            ], in: scratch.url)
        #expect(first.status == 0, "\(first.errors)")
        let text = try String(contentsOf: scratch("out/run.yaml"), encoding: .utf8)
        for line in [
            "method: lora", "rank: 2", "offset-noise: 0.1", "enable-bucket: false",
            "learning-rate: 0.001", "lokr-factor: -1",
        ] {
            #expect(text.split(separator: "\n").contains(Substring(line)), "\(line) in\n\(text)")
        }
        // What is typed counts before the file.
        let second = try Command.run(
            ["train", "--config", "out/run.yaml", "--output-dir", "again"], in: scratch.url)
        #expect(second.status == 0, "\(second.errors)")
        let name = "pytorch_lora_weights.safetensors"
        #expect(
            try Data(contentsOf: scratch("out/\(name)"))
                == Data(contentsOf: scratch("again/\(name)")))
    }

    /// Whoever gives the text encoder a rate or an end wants it trained; and a word has as many
    /// vectors as the preset says.
    @Test func whatIsMeantIsWrittenDown() throws {
        let scratch = try scratch()
        func lines(_ arguments: [String], _ output: String) throws -> [String] {
            let outcome = try Command.run(
                arguments + [
                    "--model", Fixture.url("models/tiny-sd1").path, "--output-dir", output,
                    "--max-train-steps", "1", "--no-enable-bucket", "--report-to", "none",
                ], in: scratch.url)
            #expect(outcome.status == 0, "\(outcome.errors)")
            return try String(contentsOf: scratch("\(output)/run.yaml"), encoding: .utf8)
                .split(separator: "\n").map(String.init)
        }
        let lora = [
            "train", "lora", "--instance-data-dir", "photos", "--instance-prompt", "a robot",
            "--rank", "2",
        ]
        let rate = try lines(lora + ["--text-encoder-lr", "1e-5"], "rate")
        #expect(rate.contains("train-text-encoder: true"))
        #expect(rate.contains("text-encoder-lr: 1e-5"))
        let end = try lines(lora + ["--stop-text-encoder-training", "1"], "end")
        #expect(end.contains("train-text-encoder: true"))
        #expect(end.contains { $0.hasPrefix("text-encoder-lr: ") })
        let word = try lines(
            [
                "train", "textual-inversion", "--train-data-dir", "photos", "--placeholder-token",
                "<x>",
            ], "word")
        #expect(word.contains("num-vectors: 4"))
        // Prodigy finds the rate of all by itself.
        let prodigy = try lines(lora + ["--optimizer", "prodigy"], "prodigy")
        #expect(!prodigy.contains { $0.hasPrefix("text-encoder-lr") })
    }

    @Test(arguments: [
        ("lerning-rate: 1e-4", ["bad.yaml", "lerning-rate", "--learning-rate"]),
        ("rank: two", ["bad.yaml", "rank two", "whole number"]),
        ("rank:\n  value: 2", ["bad.yaml", "rank: must be a text"]),
        ("- rank", ["bad.yaml", "learning-rate: 1e-4"]),
        ("rank: [2", ["bad.yaml", "is not YAML"]),
        ("config: other.yaml", ["bad.yaml", "config", "no such setting"]),
        ("method: hypernetwork", ["bad.yaml", "hypernetwork", "lora is asked for"]),
    ])
    func mistakesAreNamed(text: String, words: [String]) throws {
        let scratch = try scratch()
        try Data(text.utf8).write(to: scratch("bad.yaml"))
        try expectRefusal(
            [
                "train", "lora", "--config", "bad.yaml", "--instance-data-dir", "photos",
                "--output-dir", "out", "--model", Fixture.url("models/tiny-sd1").path,
            ], in: scratch, naming: words)
    }

    @Test func anAbsentFileIsNamed() throws {
        try expectRefusal(
            ["train", "--config", "nowhere.yaml"], in: try scratch(), naming: ["nowhere.yaml"])
    }
}
