import Foundation
import TestSupport
import Testing

/// Wishes to what a run keeps and records.
@Suite struct RecordOptionTests {
    @Test(arguments: [
        (["--report-to", "wandb"], ["--report-to", "tensorboard", "none"]),
        (["--logging-dir", " "], ["--logging-dir", "is empty"]),
        (["--num-held-out", "-1"], ["--num-held-out"]),
        (["--num-held-out", "2"], ["--num-held-out 2", "2 photos"]),
        (["--num-held-out", "1", "--measuring-steps", "0"], ["--num-held-out 1", "measured"]),
        (["--keep-best", "--measuring-steps", "0"], ["--keep-best", "readings"]),
    ])
    func impossibleWishesAreRefused(options: [String], words: [String]) throws {
        let scratch = try Scratch()
        try writePhotos(in: scratch("photos"), count: 2)
        try expectRefusal(
            [
                "train", "dreambooth", "--instance-data-dir", "photos", "--instance-prompt",
                "a robot", "--output-dir", "out", "--max-train-steps", "1", "--model",
                Fixture.url("models/tiny-sd1").path,
            ] + options, in: scratch, naming: words)
    }
}
