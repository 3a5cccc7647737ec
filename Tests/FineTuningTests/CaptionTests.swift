import Datasets
import Files
import Foundation
import RunRecord
import Settings
import StableDiffusion
import Testing
import TestSupport
import Training

/// Captions beside photos: where they are found, and what a run does with them.
@Suite struct CaptionTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try makePhotos(in: folder("photos"))
    }

    private func write(_ text: String, _ name: String) throws {
        try write(Data(text.utf8), name)
    }

    private func write(_ bytes: Data, _ name: String) throws {
        try bytes.write(to: folder("photos").appending(path: name))
    }

    private func captions() throws -> [String] {
        try PhotoCaptions(
            TrainingPhotos(folder("photos"), resolution: 64, takesRepeated: true)
        ).read()
    }

    private func complaint(_ body: () throws -> Void) -> String {
        do {
            try body()
            return ""
        } catch { return "\(error)" }
    }

    private func configuration(
        _ output: String, steps: Int = 3, prompt: String? = nil
    ) -> FineTuningConfiguration {
        var configuration = FineTuningConfiguration(
            instanceDataDir: folder("photos").path, instancePrompt: prompt)
        configuration.model = Fixture.url("models/tiny-sd1").path
        configuration.outputDir = folder(output).path
        configuration.training.seed = 7
        configuration.training.maxTrainSteps = steps
        configuration.training.trainBatchSize = 2
        configuration.training.learningRate = 1e-3
        configuration.training.checkpointingSteps = 3
        return configuration
    }

    private func weights(_ output: String) throws -> [String: Data] {
        try contents(of: folder(output)).filter { $0.key.hasSuffix(".safetensors") }
    }

    // MARK: Sources

    @Test func filesBesideThePhotosAreRead() throws {
        try write(Data([0xEF, 0xBB, 0xBF]) + Data("a red robot\r\n".utf8), "0.txt")
        try write(" sks robot,\n  in the grass \n", "1.caption")
        try write("first", "2.txt")
        try write("second", "2.caption")
        #expect(try captions() == ["a red robot", "sks robot, in the grass", "first"])
    }

    @Test func metadataIsRead() throws {
        try write(
            """
            {"file_name": "0.png", "text": "a red robot", "width": 80}
            {"file_name": "1.png", "caption": "a bl\\u00fce robot"}

            {"file_name": "2.png", "text": "not this one"}
            {"file_name": "elsewhere.png", "text": "no such photo"}
            """, "metadata.jsonl")
        try write("its own file", "2.txt")
        #expect(try captions() == ["a red robot", "a blüe robot", "its own file"])
    }

    @Test func foldersWithRepeatsAreTaken() throws {
        try makePhotos(in: folder("photos/3_sks robot_toy"), count: 2)
        try makePhotos(in: folder("photos/not repeated"), count: 1)
        try write("a robot that lies", "3_sks robot_toy/1.txt")
        for name in ["0.txt", "1.txt", "2.txt"] { try write(name, name) }
        let photos = try TrainingPhotos(folder("photos"), resolution: 64, takesRepeated: true)
        #expect(photos.count == 5)
        #expect(photos.examples.map(\.place) == [0, 1, 2, 3, 3, 3, 4, 4, 4])
        #expect(
            try captions() == ["0.txt", "1.txt", "2.txt", "sks robot_toy", "a robot that lies"])
        let strays = photos.remarks(resolution: 64, captions: PhotoCaptions(photos)).flatMap {
            event -> [String] in
            if case .skippedFiles(_, let entries) = event { return entries.map(\.name) }
            return []
        }
        #expect(strays == ["not repeated"])
        // The same photos in the same order, but each once.
        let before = try photos.fingerprint()
        try FileManager.default.moveItem(
            at: folder("photos/3_sks robot_toy"), to: folder("photos/1_sks robot_toy"))
        #expect(
            try TrainingPhotos(folder("photos"), resolution: 64, takesRepeated: true).fingerprint()
                != before)
    }

    /// kohya's layout: nothing but such folders.
    @Test func aRunTakesFoldersWithRepeatsAlone() throws {
        try FileManager.default.createDirectory(
            at: folder("data"), withIntermediateDirectories: true)
        try FileManager.default.moveItem(at: folder("photos"), to: folder("data/2_sks robot"))
        var settings = configuration("output")
        settings.instanceDataDir = folder("data").path
        settings.training.maxTrainSteps = nil
        settings.training.numTrainEpochs = 1
        var stepCount = 0
        let run = FineTuningRun(settings) { event in
            if case .started(_, let total) = event { stepCount = total }
        }
        try run.run()
        // Three photos twice, two in a batch.
        #expect(stepCount == 3)
        #expect(run.captions == PhotoTexts(["sks robot", "sks robot", "sks robot"]))
    }

    // MARK: Complaints

    @Test func aMissingCaptionIsNamed() throws {
        try write("a red robot", "0.txt")
        try write(" \n", "1.txt")
        let text = complaint { try FineTuningRun(configuration("output")).run() }
        #expect(text.contains("/photos/1.png has no caption"))
        #expect(text.contains("`instance-prompt`") && text.contains("1.txt"))
        #expect(!FileManager.default.fileExists(atPath: folder("output").path))
    }

    @Test func anotherEncodingIsRefused() throws {
        for name in ["0.txt", "1.txt", "2.txt"] { try write("a robot", name) }
        let foreign: [Data] = [
            Data([0x72, 0xF6, 0x74]),  // Latin 1
            Data([0xFF, 0xFE, 0x61, 0x00]),  // UTF-16 with its mark
            Data([0x61, 0x00, 0x62, 0x00]),  // and without
        ]
        for bytes in foreign {
            try write(bytes, "1.txt")
            let text = complaint { _ = try captions() }
            #expect(text.contains("/photos/1.txt") && text.contains("UTF-8"), "\(text)")
        }
    }

    @Test func badMetadataIsNamedByItsLine() throws {
        let good = #"{"file_name": "0.png", "text": "a robot"}"#
        let bad = [
            "{", #"{"file_name": "1.png"}"#, #"{"file_name": "1.png", "text": 3}"#,
            #"{"text": "a robot"}"#, good,
        ]
        for line in bad {
            try write("\(good)\n\(line)\n", "metadata.jsonl")
            let text = complaint { _ = try captions() }
            #expect(text.contains("metadata.jsonl") && text.contains("line 2"), "\(text)")
        }
    }

    // MARK: Runs

    @Test func everyPhotoIsTrainedWithItsCaption() throws {
        let (red, blue) = ("a red robot", "a blue robot in the grass")
        func run(_ output: String, _ texts: [String]) throws -> [String: Data] {
            for (index, text) in texts.enumerated() { try write(text, "\(index).txt") }
            let run = FineTuningRun(configuration(output))
            try run.run()
            #expect(run.captions == PhotoTexts(texts))
            return try weights(output)
        }
        #expect(PhotoTexts([red, blue, red]).numbers == [0, 1, 0])
        let one = try run("one", [red, blue, red])
        #expect(try run("same", [red, blue, red]) == one)
        // The same texts, each as often, on other photos.
        #expect(try run("swapped", [blue, red, red]) != one)
    }

    /// A caption is what the prompt would be: with one text for all, every byte is the same.
    @Test func captionsThatAreAllThePromptEqualIt() throws {
        let prompt = "a photo of sks robot"
        try FineTuningRun(configuration("prompt", prompt: prompt)).run()
        for index in 0..<3 { try write(prompt, "\(index).txt") }
        try FineTuningRun(configuration("captions")).run()
        #expect(try weights("captions") == weights("prompt"))
    }

    /// Three steps, a stop, three more: all bytes as after six in one go.
    @Test(arguments: [false, true]) func resumingIsExact(trainsText: Bool) throws {
        for index in 0..<3 { try write("robot number \(index)", "\(index).txt") }
        func settings(_ output: String, _ steps: Int) -> FineTuningConfiguration {
            var result = configuration(output, steps: steps)
            var lora = LoRAConfiguration()
            lora.adapters.rank = 2
            result.method = .lora(lora)
            result.trainTextEncoder = trainsText
            return result
        }
        try FineTuningRun(settings("straight/robot", 6)).run()
        try FineTuningRun(settings("halves/robot", 3)).run()
        var rest = settings("halves/robot", 6)
        rest.resumeFromCheckpoint = "latest"
        try FineTuningRun(rest).run()
        let straight = try weights("straight/robot")
        #expect(straight.keys.contains("checkpoint-6/optimizer.safetensors"))
        #expect(try weights("halves/robot") == straight)

        rest.training.maxTrainSteps = 9
        try write("another text", "1.txt")
        let text = complaint { try FineTuningRun(rest).run() }
        #expect(text.contains("`instance-prompt` was captions"), "\(text)")
    }

    @Test func dropoutTakesCaptionsAway() throws {
        for index in 0..<3 { try write("robot number \(index)", "\(index).txt") }
        func run(_ output: String, _ rate: Double?, steps: Int = 3) throws -> [String: Data] {
            var settings = configuration(output, steps: steps)
            settings.captionDropout = rate
            if steps > 3 { settings.resumeFromCheckpoint = "latest" }
            try FineTuningRun(settings).run()
            return try weights(output)
        }
        let without = try run("without", nil)
        #expect(try run("none", 0) == without)
        let half = try run("half", 0.5)
        #expect(half != without)
        #expect(try run("again", 0.5) == half)
        let text = complaint { _ = try run("half", 0.25, steps: 6) }
        #expect(text.contains("`caption-dropout` was 0.5 and is now 0.25"), "\(text)")
        var refused = configuration("refused", prompt: "a photo of sks robot")
        refused.captionDropout = 0.1
        #expect(complaint { try refused.validate() }.hasPrefix("`caption-dropout` 0.1:"))
        refused = configuration("refused")
        refused.captionDropout = 1
        #expect(complaint { try refused.validate() }.hasPrefix("`caption-dropout` 1.0:"))
    }

    @Test func thePromptWins() throws {
        let prompt = "a photo of sks robot"
        try FineTuningRun(configuration("plain", prompt: prompt)).run()
        try write("a red robot", "0.txt")
        // Not even looked into.
        try write(Data([0xFF, 0xFE, 0x61, 0x00]), "1.txt")
        var (notices, strays): ([String], [String]) = ([], [])
        try FineTuningRun(configuration("captions", prompt: prompt)) { event in
            if case .notice(let text) = event, text.contains("captions") { notices.append(text) }
            if case .found(let data) = event {
                strays += data.folders.flatMap(\.skipped).map(\.name)
            }
        }.run()
        #expect(
            notices == [
                "2 captions beside the photos are not used, since `instance-prompt` is given; "
                    + "leave it away to use them."
            ])
        #expect(strays.isEmpty)
        #expect(try weights("captions") == weights("plain"))
    }
}
