import Foundation
import TestSupport
import Testing

/// `attune plan`, and trainings that are fitted into memory.
@Suite struct PlanTests {
    private let scratch: Scratch
    private let options: [String]

    init() throws {
        scratch = try Scratch()
        try writePhotos(in: scratch("photos"), count: 2)
        options = [
            "--model", Fixture.url("models/tiny-sd1").path, "--instance-data-dir", "photos",
            "--instance-prompt", "a photo of sks robot", "--output-dir", "out",
            "--max-train-steps", "2",
        ]
    }

    @Test(arguments: ["cpu", "cuda"]) func itSaysWhatIsNeeded(device: String) throws {
        let plan = try Command.run(
            ["plan", "dreambooth"] + options + ["--device", device], in: scratch.url)
        #expect(plan.status == 0, "\(plan.errors)")
        for text in [
            "weights are trained", "3 to 20 photos of a subject: two more,",
            "--gradient-checkpointing", "moments", "Disk:",
        ] {
            #expect(plan.output.contains(text), "\(plan.output)")
        }
        #expect(plan.output.contains("--offload-optimizer-device cpu") == (device == "cuda"))
        #expect(!FileManager.default.fileExists(atPath: scratch("out").path))
    }

    @Test func aProgramReadsIt() throws {
        let plan = try Command.run(
            ["plan", "lora", "--rank", "2", "--json"] + options, in: scratch.url)
        let object = try JSONSerialization.jsonObject(with: Data(plan.output.utf8))
        let ways = try #require((object as? [String: Any])?["ways"] as? [[String: Any]])
        #expect(ways.count == 3)
        #expect(ways[1]["options"] as? String == "--gradient-checkpointing")
    }

    @Test func whatSavesMemoryIsTakenAndTold() throws {
        func peaks(_ more: [String] = []) throws -> [Int] {
            let plan = try Command.run(
                ["plan", "lora", "--rank", "2", "--json", "--train-batch-size", "32"] + options
                    + more, in: scratch.url)
            let object = try JSONSerialization.jsonObject(with: Data(plan.output.utf8))
            let ways = try #require((object as? [String: Any])?["ways"] as? [[String: Any]])
            return try ways.map { way in
                let memory = try #require(way["memory"] as? [String: Any])
                return try #require(memory["tensorPeak"] as? Int)
                    + #require(memory["program"] as? Int)
            }
        }
        let found = try peaks()
        let between = (found[0] + found[1]) / 2
        let run = try Command.run(
            ["train", "lora", "--rank", "2", "--train-batch-size", "32"] + options
                + ["--device-memory-limit", "\(between)"], in: scratch.url)
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.output.contains("--gradient-checkpointing"), "\(run.output)")
        let file = try String(contentsOf: scratch("out/run.yaml"), encoding: .utf8)
        #expect(file.contains("gradient-checkpointing: true"))
    }

    @Test func whatCannotFitIsRefusedBeforeAnythingIsWritten() throws {
        let arguments =
            ["train", "lora", "--rank", "2"] + options + ["--device-memory-limit", "20MB"]
        try expectRefusal(
            arguments, in: scratch, naming: ["--device-memory-limit", "20 MiB", "--no-fit"])
        #expect(!FileManager.default.fileExists(atPath: scratch("out").path))
        let all = try Command.run(arguments + ["--no-fit"], in: scratch.url)
        #expect(all.status == 0, "\(all.errors)")
    }
}
