import Foundation
import TestSupport
import Testing

/// `attune inspect data` prints what a training would say of the same folder.
@Suite struct InspectDataTests {
    private func output(_ more: [String], in scratch: Scratch) throws -> String {
        let outcome = try Command.run(
            ["inspect", "data", "data", "--model", Fixture.url("models/tiny-sd1").path] + more,
            in: scratch.url)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return outcome.output
    }

    @Test func whatATrainingSeesIsPrinted() throws {
        let scratch = try Scratch()
        try FileManager.default.createDirectory(
            at: scratch("data"), withIntermediateDirectories: true)
        try writePhotos(in: scratch("data/2019_Italy"), count: 2)
        let words = Array(repeating: "robot", count: 100).joined(separator: " ")
        try Data(words.utf8).write(to: scratch("data/2019_Italy/0.txt"))
        let captioned = try output([], in: scratch)
        #expect(captioned.contains("Found 2 photo(s), 4038 in an epoch: 2 of "), "\(captioned)")
        #expect(captioned.contains("2019_Italy counted 2019 times"))
        #expect(captioned.contains("longer than the model reads: \""), "\(captioned)")
        let prompted = try output(["--instance-prompt", "a photo of sks robot"], in: scratch)
        #expect(prompted.contains("Found 2 photo(s), 2 in an epoch: 2 of "), "\(prompted)")
        #expect(prompted.contains("Note: 1 folder(s) have a number in their name"))
        #expect(!prompted.contains("longer than the model reads"))
    }
}
