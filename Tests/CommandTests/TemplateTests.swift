import Foundation
import TestSupport
import Testing

/// The sentences of textual inversion must have their word where it is read.
@Suite struct TemplateTests {
    private func train(
        _ lines: [String], vectors: Int = 1, naming words: [String]
    ) throws {
        let scratch = try Scratch()
        try writePhotos(in: scratch("photos"), count: 1)
        try Data(lines.joined(separator: "\n").utf8).write(to: scratch("lines.txt"))
        try expectRefusal(
            [
                "train", "textual-inversion", "--model", Fixture.url("models/tiny-sd1").path,
                "--instance-data-dir", "photos", "--placeholder-token", "<me>", "--output-dir",
                "out", "--max-train-steps", "1", "--num-vectors", "\(vectors)", "--templates",
                "lines.txt",
            ], in: scratch, naming: words)
    }

    @Test func theWordBeyondWhatIsRead() throws {
        let long = String(repeating: "red ", count: 80)
        try train(
            ["a photo of {}", long + "{}"],
            naming: ["--templates lines.txt", "red red", "75 tokens"])
    }

    /// Some of its vectors would never be trained.
    @Test func theWordCutInTheMiddle() throws {
        let line = String(repeating: "a ", count: 73) + "{}"
        try train([line], vectors: 4, naming: ["--templates lines.txt", "75 tokens"])
    }
}
