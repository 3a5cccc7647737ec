import Files
import Datasets
import Foundation
import Imaging
import RunRecord
import Settings
import StableDiffusion
import Testing
import TestSupport
import Torch
import Training

/// Whole runs on the tiny model.
@Suite struct DreamBoothTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try makePhotos(in: folder("photos"))
        try Data("not a photo".utf8).write(to: folder("photos/Thumbs.db"))
    }

    private func configuration(_ output: String, steps: Int) -> FineTuningConfiguration {
        var configuration = FineTuningConfiguration(
            instanceDataDir: folder("photos").path, instancePrompt: "a photo of sks robot")
        configuration.model = Fixture.url("models/tiny-sd1").path
        configuration.outputDir = folder(output).path
        configuration.training.seed = 7
        configuration.training.maxTrainSteps = steps
        configuration.training.trainBatchSize = 1
        configuration.training.learningRate = 1e-3
        configuration.training.checkpointingSteps = 3
        return configuration
    }

    private func withPrior(_ configuration: FineTuningConfiguration) -> FineTuningConfiguration {
        var configuration = configuration
        configuration.withPriorPreservation = true
        configuration.classDataDir = folder("class").path
        configuration.classPrompt = "a photo of a robot"
        configuration.numClassImages = 3
        configuration.classImageSteps = 2
        configuration.sampleBatchSize = 2
        return configuration
    }

    private func model(_ output: String) throws -> [String: Data] {
        try contents(of: folder(output)).filter { $0.key.hasSuffix(".safetensors") }
    }

    /// Three steps, a stop, three more: all bytes as after six in one go.
    @Test(arguments: [false, true])
    func resumingEqualsNeverHavingStopped(trainsText: Bool) throws {
        func settings(_ output: String, _ steps: Int) -> FineTuningConfiguration {
            var result = withPrior(configuration(output, steps: steps))
            result.trainTextEncoder = trainsText
            result.training.snrGamma = 5
            result.training.offsetNoise = 0.1
            result.training.gradientAccumulationSteps = 2
            return result
        }
        try FineTuningRun(settings("straight", 6)).run()
        try FineTuningRun(settings("halves", 3)).run()
        var rest = settings("halves", 6)
        rest.resumeFromCheckpoint = "latest"
        try FineTuningRun(rest).run()
        let straight = try model("straight")
        #expect(straight.keys.contains("checkpoint-6/optimizer.safetensors"))
        #expect(straight.keys.contains("unet/diffusion_pytorch_model.safetensors"))
        #expect(try model("halves") == straight)
    }

    /// The text encoder of a longer run is that of one that ended when its training did, and a
    /// run that goes on stops it likewise.
    @Test(arguments: [false, true]) func theTextEncoderStopsEarly(isAveraged: Bool) throws {
        func settings(_ output: String, _ steps: Int) -> FineTuningConfiguration {
            var result = configuration(output, steps: steps)
            result.trainTextEncoder = true
            result.training.stopTextEncoderTraining = 3
            result.training.useEMA = isAveraged
            return result
        }
        func weights(_ output: String, _ part: String) throws -> [String: Data] {
            try model(output).filter { $0.key.hasPrefix("\(part)/") }
        }
        try FineTuningRun(settings("straight", 6)).run()
        try FineTuningRun(settings("halves", 3)).run()
        #expect(try weights("straight", "text_encoder") == weights("halves", "text_encoder"))
        #expect(try weights("straight", "unet") != weights("halves", "unet"))
        var rest = settings("halves", 6)
        rest.resumeFromCheckpoint = "latest"
        var notices: [String] = []
        try FineTuningRun(rest) { if case .notice(let text) = $0 { notices.append(text) } }.run()
        #expect(try weights("halves", "unet") == weights("straight", "unet"))
        #expect(try weights("halves", "text_encoder") == weights("straight", "text_encoder"))
        #expect(notices.contains { $0.hasPrefix("From step 4 on, text_encoder stays") })
        #expect(!notices.contains { $0.contains("learn nothing") })
        let before = try contents(of: Fixture.url("models/tiny-sd1/text_encoder"))
        #expect(
            try contents(of: folder("straight/text_encoder"))["model.safetensors"]
                != before["model.safetensors"])
    }

    @Test func whatIsAloneCannotStopEarly() throws {
        var lora = LoRAConfiguration()
        lora.adapters.pattern = "self_attn"
        var settings = configuration("output", steps: 6)
        settings.method = .lora(lora)
        settings.trainTextEncoder = true
        settings.training.stopTextEncoderTraining = 3
        #expect {
            try FineTuningRun(settings).run()
        } throws: {
            "\($0)".contains("`stop-text-encoder-training` 3: leaves nothing to train")
        }
        settings.training.stopTextEncoderTraining = 6
        try FineTuningRun(settings).run()
    }

    @Test func onlyWhatIsTrainedChanges() throws {
        try FineTuningRun(configuration("output", steps: 1)).run()
        let before = try contents(of: Fixture.url("models/tiny-sd1"))
        let after = try contents(of: folder("output"))
        for (name, bytes) in before where name.hasSuffix(".safetensors") {
            #expect((after[name] == bytes) == !name.hasPrefix("unet/"), "\(name)")
        }
        // It is a model again.
        _ = try ModelSource(folder("output")).unet()
    }

    @Test func otherSettingsAreNotResumed() throws {
        try FineTuningRun(configuration("output", steps: 3)).run()
        var other = configuration("output", steps: 6)
        #expect(throws: TrainingError.self) { try FineTuningRun(other).run() }
        other.resumeFromCheckpoint = "checkpoint-3"
        other.training.learningRate = 2e-3
        do {
            try FineTuningRun(other).run()
            Issue.record("resumed with another learning rate")
        } catch let error as TrainingError {
            #expect(error.description.contains("`learning-rate` was 0.001 and is now 0.002"))
        }
        other.training.learningRate = 1e-3
        try makePhotos(in: folder("photos"), count: 4)
        do {
            try FineTuningRun(other).run()
            Issue.record("resumed with other photos")
        } catch let error as TrainingError {
            #expect(error.description.contains("`instance-data-dir` was photos"))
        }
    }

    @Test func classPicturesArePaintedOnceAndKept() throws {
        var painted: [Int] = []
        func run(_ output: String) throws {
            painted = []
            try FineTuningRun(withPrior(configuration(output, steps: 1))) { event in
                if case .preparing("painting class pictures", let done, _) = event {
                    painted.append(done)
                }
            }.run()
        }
        try run("first")
        #expect(painted == [0, 1, 2, 3])
        let pictures = try contents(of: folder("class"))
        #expect(
            Set(pictures.keys) == ["class-00000-7.png", "class-00001-8.png", "class-00002-9.png"])
        try run("second")
        #expect(painted.isEmpty)
        try FileManager.default.removeItem(at: folder("class/class-00002-9.png"))
        try run("third")
        #expect(try contents(of: folder("class")) == pictures)
    }

    @Test func aFolderOfClassPicturesIsPaintedByOneRunAtATime() throws {
        try FileManager.default.createDirectory(
            at: folder("class"), withIntermediateDirectories: true)
        var other: FolderLock? = try FolderLock(folder("class"))
        var notices: [String] = []
        try FineTuningRun(withPrior(configuration("output", steps: 1))) { event in
            guard case .notice(let text) = event, text.contains("class pictures") else { return }
            notices.append(text)
            // The other one is done.
            withExtendedLifetime(other) {}
            other = nil
        }.run()
        #expect(notices.count == 1 && notices[0].contains(folder("class").path))
        #expect(try contents(of: folder("class")).count == 3)
    }

    @Test func validationPicturesDoNotChangeTheRun() throws {
        try FineTuningRun(configuration("plain", steps: 2)).run()
        var painting = configuration("painting", steps: 2)
        painting.training.validationPrompt = "a photo of sks robot"
        painting.training.numValidationImages = 1
        painting.training.validationSteps = 1
        try FineTuningRun(painting).run()
        #expect(try model("painting") == model("plain"))
        for step in 1...2 {
            let picture = try PhotoReader.read(folder("painting/validation/step-\(step)-0.png"))
            #expect(picture.width == 64)
        }
    }

    @Test func badInputLeavesNothingBehind() throws {
        var damaged = configuration("output", steps: 1)
        damaged.instanceDataDir = folder("nowhere").path
        #expect(throws: ImagingError.noSuchFolder(path: folder("nowhere").path)) {
            try FineTuningRun(damaged).run()
        }
        var model = configuration("output", steps: 1)
        model.model = folder("nowhere").path
        #expect(throws: ModelError.self) { try FineTuningRun(model).run() }
        #expect(!FileManager.default.fileExists(atPath: folder("output").path))
    }

    @Test func strayFilesAreListed() throws {
        var names: [String] = []
        try FineTuningRun(configuration("output", steps: 1)) { event in
            if case .found(let data) = event {
                names += data.folders.flatMap(\.skipped).map(\.name)
            }
        }.run()
        #expect(names == ["Thumbs.db"])
    }
}
