import Datasets
import Foundation
import NN
import Settings
import StableDiffusion
import Testing
import TestSupport
import Training

/// Several subjects in one run.
@Suite struct SubjectTests {
    private let folder: TemporaryFolder
    private let robot = "a photo of sks robot"
    private let duck = "a photo of zwx duck"

    init() throws {
        folder = try TemporaryFolder()
        try makePhotos(in: folder("data/1_\(robot)"), count: 2)
        try makePhotos(in: folder("data/2_\(duck)"), count: 3)
    }

    private func subject(_ number: Int, _ prompt: String) -> TrainingSubject {
        var subject = TrainingSubject(
            instanceDataDir: folder("data/\(number)_\(prompt)").path, instancePrompt: prompt)
        subject.numRepeats = number
        return subject
    }

    private var subjects: [TrainingSubject] { [subject(1, robot), subject(2, duck)] }

    private func configuration(
        _ output: String, _ subjects: [TrainingSubject]
    ) -> FineTuningConfiguration {
        var configuration = FineTuningConfiguration(subjects: subjects)
        configuration.model = Fixture.url("models/tiny-sd1").path
        configuration.outputDir = folder(output).path
        configuration.training.seed = 7
        configuration.training.maxTrainSteps = 5
        configuration.training.trainBatchSize = 2
        configuration.training.learningRate = 1e-3
        configuration.training.measuringSteps = 5
        configuration.classImageSteps = 2
        configuration.numClassImages = 3
        return configuration
    }

    private func weights(_ configuration: FineTuningConfiguration) throws -> [String: Data] {
        try FineTuningRun(configuration).run()
        return try contents(of: URL(filePath: configuration.outputDir))
            .filter { $0.key.hasSuffix(".safetensors") }
    }

    private func message(_ change: (inout FineTuningConfiguration) -> Void) -> String {
        var configuration = configuration("output", subjects)
        change(&configuration)
        do {
            try configuration.validate()
            return "valid"
        } catch { return "\(error)" }
    }

    /// A subject is photos that count so often with a text: what a folder with repeats says too.
    @Test func theyEqualFoldersWithRepeats() throws {
        let several = try weights(configuration("several", subjects))
        var one = FineTuningConfiguration(instanceDataDir: folder("data").path)
        one = configuration("one", one.subjects)
        #expect(try weights(one) == several)
        var alone = subjects
        alone.removeLast()
        #expect(try weights(configuration("alone", alone)) != several)
    }

    /// Each class picture has its own class's text, and so has each photo in its place.
    @Test(arguments: [false, true]) func eachHasItsClass(isDistilled: Bool) throws {
        func run(_ output: String, _ prompts: [String]) throws -> [String: Data] {
            var subjects = subjects
            for (index, prompt) in prompts.enumerated() {
                subjects[index].classPrompt = prompt
                if !isDistilled { subjects[index].classDataDir = folder("class-\(index)").path }
            }
            var configuration = configuration(output, subjects)
            configuration.withPriorPreservation = true
            configuration.selfDistillation = isDistilled
            return try weights(configuration)
        }
        // What is in the folders decides nothing here, since they are filled once.
        let first = try run("first", ["a robot", "a duck"])
        #expect(try run("again", ["a robot", "a duck"]) == first)
        #expect(try run("swapped", ["a duck", "a robot"]) != first)
        #expect(try run("same", ["a robot", "a robot"]) != first)
        guard !isDistilled else { return }
        for index in 0..<2 {
            let names = try FileManager.default.contentsOfDirectory(
                atPath: folder("class-\(index)").path)
            #expect(names.count { $0.hasSuffix(".png") } == 3)
        }
    }

    @Test func subjectsOfOneClassShareItsPictures() throws {
        var subjects = subjects
        for index in 0..<2 {
            subjects[index].classPrompt = "a toy"
            subjects[index].classDataDir = folder("toys").path
        }
        var configuration = configuration("output", subjects)
        configuration.withPriorPreservation = true
        _ = try weights(configuration)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder("toys").path)
        #expect(names.count { $0.hasSuffix(".png") } == 3)
        // Four rows of photos to three class pictures: an epoch is the longer of the two.
        configuration.subjects[1].classPrompt = "a duck"
        #expect(throws: SettingError.self) { try configuration.validate() }
    }

    @Test func oneMayHaveCaptionsAndTheOtherAPrompt() throws {
        var subjects = subjects
        subjects[0].instancePrompt = nil
        for index in 0..<2 {
            try Data("a robot, number \(index)".utf8).write(
                to: folder("data/1_\(robot)/\(index).txt"))
        }
        let run = FineTuningRun(configuration("output", subjects))
        try run.run()
        #expect(
            run.captions
                == PhotoTexts(["a robot, number 0", "a robot, number 1", duck, duck, duck]))
    }

    @Test func aRunGoesOnAsIfItHadNotStopped() throws {
        var whole = configuration("whole", subjects)
        whole.training.maxTrainSteps = 6
        whole.training.checkpointingSteps = 3
        let expected = try weights(whole).filter { !$0.key.hasPrefix("checkpoint") }
        var part = whole
        part.outputDir = folder("part").path
        part.training.maxTrainSteps = 3
        _ = try weights(part)
        part.training.maxTrainSteps = 6
        part.resumeFromCheckpoint = "latest"
        #expect(try weights(part).filter { !$0.key.hasPrefix("checkpoint") } == expected)
        part.subjects[1].instancePrompt = "a photo of qxz duck"
        #expect {
            _ = try weights(part)
        } throws: {
            "\($0)".contains("instance-prompt")
        }
    }

    @Test func whatCannotBeIsNamedWithItsSubject() {
        #expect(message { _ in } == "valid")
        #expect(
            message { $0.subjects[1].instancePrompt = " " }
                .hasPrefix("`instance-prompt` of subject 2 \" \": is empty"))
        #expect(
            message { $0.subjects[1].instanceDataDir = $0.subjects[0].instanceDataDir }
                .contains("is the folder of an earlier subject too"))
        #expect(
            message { $0.subjects[1].numRepeats = 0 }.hasPrefix("`num-repeats` of subject 2 0:"))
        #expect(
            message {
                $0.withPriorPreservation = true
                $0.subjects[0].classPrompt = "a robot"
                $0.subjects[0].classDataDir = "class"
            }.hasPrefix("`with-prior-preservation` of subject 2: needs class-data-dir in the file"))
        #expect(
            message {
                $0.data.maskDir = "masks"; $0.data.maskedLoss = true
            }.contains("beside"))
        #expect(
            message {
                $0.method = .textualInversion(
                    TextualInversionConfiguration(
                        placeholderToken: "<x>", initializerToken: "robot"))
            }.contains("in a run of its own"))
        #expect(message { $0.data.shuffleCaption = true }.contains("`shuffle-caption`"))
    }
}
