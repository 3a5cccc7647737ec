import Datasets
import Foundation
import Settings
import StableDiffusion
import Testing
import TestSupport
import Training

/// Tags that change places or are left out.
@Suite struct TagTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try makePhotos(in: folder("photos"))
    }

    private func complaint(_ body: () throws -> Void) -> String {
        do {
            try body()
            return ""
        } catch { return "\(error)" }
    }

    private func forms(
        _ caption: String, seed: UInt64 = 1, _ change: (inout DataConfiguration) -> Void
    ) -> [String] {
        var data = DataConfiguration()
        change(&data)
        let texts = PhotoTexts([caption]).varied(data, seed: seed)
        return texts.choices[0].map { texts.texts[$0] }
    }

    @Test func tagsChangePlaces() {
        let caption = "sks robot,  red , on a table, daylight"
        let found = forms(caption) {
            $0.shuffleCaption = true
            $0.keepTokens = 1
        }
        #expect(found.count == PhotoTexts.formCount)
        // Three tags have six orders; sixteen draws of one order would be no shuffling.
        #expect((3...6).contains(Set(found).count), "\(found)")
        for form in found {
            let tags = form.components(separatedBy: ", ")
            #expect(tags[0] == "sks robot")
            #expect(tags.sorted() == ["daylight", "on a table", "red", "sks robot"])
        }
        #expect(found == forms(caption) { ($0.shuffleCaption, $0.keepTokens) = (true, 1) })
        #expect(
            found != forms(caption, seed: 2) { ($0.shuffleCaption, $0.keepTokens) = (true, 1) })
    }

    @Test func tagsAreLeftOut() {
        let tags = (0..<50).map { "tag \($0)" }
        let found = forms(tags.joined(separator: ",")) {
            $0.captionTagDropoutRate = 0.25
            $0.keepTokens = 2
        }
        var count = 0
        for form in found {
            let left = form.components(separatedBy: ", ")
            #expect(Array(left.prefix(2)) == ["tag 0", "tag 1"])
            // In their order: they are not shuffled.
            #expect(left == tags.filter(left.contains))
            count += left.count - 2
        }
        // 768 chances of three quarters: 576, and a standard deviation of 12.
        #expect((516...636).contains(count), "\(count)")
    }

    @Test func anotherSeparatorIsTaken() {
        let found = forms("a robot, red; on a table") {
            $0.shuffleCaption = true
            $0.captionSeparator = ";"
        }
        #expect(Set(found) == ["a robot, red; on a table", "on a table; a robot, red"])
    }

    @Test func plainCaptionsStayAsTheyAre() {
        let texts = PhotoTexts(["a, b", "c", "a, b"])
        #expect(texts.varied(DataConfiguration(), seed: 1) == texts)
        #expect(texts.choices == [[0], [1], [0]])
        var data = DataConfiguration()
        data.shuffleCaption = true
        let varied = texts.varied(data, seed: 1)
        // The captions themselves keep their places, and one tag has one order.
        #expect(Array(varied.texts.prefix(2)) == ["a, b", "c"])
        #expect(Set(varied.choices[1]) == [1])
        #expect(varied.choices[0] == varied.choices[2])
        #expect(varied.fingerprint == texts.fingerprint)
    }

    private func configuration(_ output: String, steps: Int) -> FineTuningConfiguration {
        var result = FineTuningConfiguration(instanceDataDir: folder("photos").path)
        result.model = Fixture.url("models/tiny-sd1").path
        result.outputDir = folder(output).path
        result.training.seed = 7
        result.training.maxTrainSteps = steps
        result.training.trainBatchSize = 2
        result.training.learningRate = 1e-3
        result.training.checkpointingSteps = 3
        result.data.shuffleCaption = true
        result.data.captionTagDropoutRate = 0.2
        return result
    }

    @Test func resumingIsExact() throws {
        for index in 0..<3 {
            try Data("robot \(index), red, on a table".utf8).write(
                to: folder("photos").appending(path: "\(index).txt"))
        }
        func weights(_ output: String) throws -> [String: Data] {
            try contents(of: folder(output)).filter { $0.key.hasSuffix(".safetensors") }
        }
        try FineTuningRun(configuration("straight", steps: 6)).run()
        try FineTuningRun(configuration("halves", steps: 3)).run()
        var rest = configuration("halves", steps: 6)
        rest.resumeFromCheckpoint = "latest"
        try FineTuningRun(rest).run()
        #expect(try weights("halves") == weights("straight"))
        var plain = configuration("plain", steps: 6)
        plain.data = DataConfiguration()
        try FineTuningRun(plain).run()
        #expect(try weights("plain") != weights("straight"))

        rest.training.maxTrainSteps = 9
        rest.data.keepTokens = 1
        let text = complaint { try FineTuningRun(rest).run() }
        #expect(text.contains("`keep-tokens` was 0 and is now 1"), "\(text)")
    }

    @Test func whatCannotBeIsRefused() {
        func complaint(_ change: (inout FineTuningConfiguration) -> Void) -> String {
            var settings = configuration("refused", steps: 1)
            change(&settings)
            return self.complaint { try settings.validate() }
        }
        #expect(
            complaint { $0.instancePrompt = "a robot" }.hasPrefix(
                "`shuffle-caption`: is for captions beside the photos"))
        #expect(
            complaint {
                $0.instancePrompt = "<robot>"
                $0.method = .textualInversion(
                    TextualInversionConfiguration(
                        placeholderToken: "<robot>", initializerToken: nil))
            }.contains("does not go with textual-inversion"))
        #expect(
            complaint { $0.data.captionTagDropoutRate = 1 }.hasPrefix(
                "`caption-tag-dropout-rate` 1.0:"))
        #expect(complaint { $0.data.captionSeparator = "" }.contains("is empty"))
        #expect(complaint { $0.data.keepTokens = -1 }.hasPrefix("`keep-tokens` -1:"))
        #expect(
            complaint {
                $0.data = DataConfiguration()
                $0.data.keepTokens = 1
            }.contains("needs `shuffle-caption`"))
    }
}
