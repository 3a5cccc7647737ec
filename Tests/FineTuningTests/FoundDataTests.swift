import Datasets
import Foundation
import Imaging
import RunRecord
import Settings
import StableDiffusion
import TestSupport
import Testing
import Training

/// What a run says of its data before its first step, and what folders with numbers mean.
@Suite struct FoundDataTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func write(_ text: String, _ name: String) throws {
        try Data(text.utf8).write(to: folder(name))
    }

    private func configuration(_ data: String, prompt: String?) -> FineTuningConfiguration {
        var result = FineTuningConfiguration(
            instanceDataDir: folder(data).path, instancePrompt: prompt)
        result.model = Fixture.url("models/tiny-sd1").path
        result.outputDir = folder("output-\(UUID().uuidString)").path
        result.training.seed = 7
        result.training.maxTrainSteps = 1
        result.training.mixedPrecision = .no
        return result
    }

    /// What a run tells before its first step.
    private func run(
        _ data: String, prompt: String? = nil
    ) throws -> (found: [FoundData], notices: [String], skipped: Int) {
        var found: [FoundData] = []
        var (notices, skipped): ([String], Int) = ([], 0)
        var hasBegun = false
        try FineTuningRun(configuration(data, prompt: prompt)) { event in
            switch event {
            case .found(let data):
                #expect(!hasBegun)
                found.append(data)
            case .notice(let text): notices.append(text)
            case .skippedFiles: skipped += 1
            case .started: hasBegun = true
            default: break
            }
        }.run()
        return (found, notices, skipped)
    }

    private func complaint(_ body: () throws -> Void) -> String {
        do {
            try body()
            return ""
        } catch { return "\(error)" }
    }

    @Test func aRunTellsWhatItFound() throws {
        try makePhotos(in: folder("data"))
        try makePhotos(in: folder("data/10_sks robot"), count: 2)
        try makePhotos(in: folder("data/more"), count: 1)
        try write("a robot", "data/0.txt")
        try write("{\"file_name\": \"1.png\", \"text\": \"a robot\"}", "data/metadata.jsonl")
        try write("a robot", "data/2.png.txt")
        try write("nothing", "data/notes.md")
        let (all, _, skipped) = try run("data")
        let found = try #require(all.first)
        #expect(all.count == 1 && skipped == 0)
        let path = folder("data").path
        #expect(
            found.description == """
                Found 5 photo(s), 23 in an epoch: 3 of \(path), 2 of \(path)/10_sks robot \
                counted 10 times.
                  Texts: 2 by a caption beside the photo, 1 by a row of metadata, 2 by the \
                folder's name.
                  Sizes: 64x64 (5).
                  Skipped in \(path): more (a folder with 1 picture(s), not looked into), \
                notes.md (text).
                """, "\(found.description)")
        // The run's record keeps it, for whoever reads that later.
        let again = try JSONDecoder().decode(FoundData.self, from: JSONEncoder().encode(found))
        #expect(again == found)
        let inspection = try PhotoInspection(
            folder("data"), DataConfiguration(), resolution: 64, factor: 8, isCentered: true,
            seed: 7)
        #expect(inspection.found == found)
    }

    @Test func aPromptMakesPlainFoldersOfNumbers() throws {
        try makePhotos(in: folder("album/2019_Italy"), count: 2)
        try makePhotos(in: folder("album/2020_Spain"), count: 1)
        try write("a caption", "album/2019_Italy/0.txt")
        let (all, notices, _) = try run("album", prompt: "a photo of sks robot")
        let found = try #require(all.first)
        #expect(found.exampleCount == 3 && found.photoCount == 3)
        #expect(found.texts.prompt == 3 && found.texts.folder == 0)
        #expect(
            notices.contains {
                $0.hasPrefix("2 folder(s) have a number in their name, first 2019_Italy: their ")
            }, "\(notices)")
        let without = try PhotoInspection(
            folder("album"), DataConfiguration(), resolution: 64, factor: 8, isCentered: true,
            seed: 7)
        #expect(without.exampleCount == 2 * 2019 + 2020)
        let with = try PhotoInspection(
            folder("album"), DataConfiguration(), resolution: 64, factor: 8, isCentered: true,
            seed: 7, prompt: "a photo of sks robot")
        #expect(with.exampleCount == 3 && with.found == found)
        #expect(Set(with.entries.map(\.caption)) == ["a photo of sks robot"])
    }

    @Test func kohyasTreeIsUnderstoodALevelTooLow() throws {
        try makePhotos(in: folder("img/10_sks robot"), count: 2)
        let (all, _, _) = try run("img/10_sks robot")
        let found = try #require(all.first)
        #expect(found.exampleCount == 20 && found.texts.folder == 2)
        let (plain, notices, _) = try run("img/10_sks robot", prompt: "a photo of sks robot")
        #expect(plain.first?.exampleCount == 2)
        #expect(!notices.contains { $0.contains("number in their name") })
    }

    @Test(arguments: [nil, "a photo of sks robot"])
    func theRightFolderIsNamedALevelTooHigh(prompt: String?) throws {
        try makePhotos(in: folder("project/img/10_sks robot"), count: 2)
        try makePhotos(in: folder("project/img/5_sks robot"), count: 1)
        try makePhotos(in: folder("project/reg/1_robot"), count: 1)
        try FileManager.default.createDirectory(
            at: folder("project/log"), withIntermediateDirectories: true)
        let text = complaint { _ = try run("project", prompt: prompt) }
        let path = folder("project").path
        #expect(
            text == "the folder \(path) holds no photos itself, but folders in it do: "
                + "\(path)/img (3 pictures), \(path)/reg (1 pictures); name the one with the photos "
                + "of the subject", "\(text)")
        let inspected = complaint {
            _ = try PhotoInspection(
                folder("project"), DataConfiguration(), resolution: 64, factor: 8,
                isCentered: true, seed: 7)
        }
        #expect(inspected == text)
    }

    @Test func wordsThatAreCutAreTold() throws {
        try makePhotos(in: folder("data"))
        let tokenizer = try ModelSource(Fixture.url("models/tiny-sd1")).tokenizer
        let limit = tokenizer.maximumLength - 2
        var fitting = "robot"
        while tokenizer.encode(fitting + " robot").count <= limit { fitting += " robot" }
        let cut = fitting + " robot on a table"
        try write("a robot", "data/0.txt")
        try write(fitting, "data/1.txt")
        try write("a robot", "data/2.txt")
        let whole = try run("data").notices
        #expect(!whole.contains { $0.contains("is lost") }, "\(whole)")
        try write(cut, "data/1.txt")
        let one = try run("data").notices
        let unread = try #require(PromptEncoder(tokenizer).unread(of: cut))
        #expect(unread.hasSuffix("on a table"))
        #expect(
            one.contains(
                "The caption in 1.txt is longer than the model reads: \"\(unread)\" is lost."),
            "\(one)")
        try write(cut, "data/2.txt")
        let two = try run("data").notices
        #expect(
            two.contains {
                $0.hasPrefix("2 captions are longer than the model reads, first that in 1.txt: ")
            }, "\(two)")
    }

    @Test func absurdRepeatsAreRefused() throws {
        try makePhotos(in: folder("data/10000_a"), count: 1)
        var settings = configuration("data", prompt: nil)
        settings.subjects[0].numRepeats = .max
        #expect(complaint { try FineTuningRun(settings).run() }.contains("num-repeats"))
        settings.subjects[0].numRepeats = 10_000
        let text = complaint { try FineTuningRun(settings).run() }
        #expect(text.contains("an epoch would have 100000000 photos"), "\(text)")
        settings = configuration("data", prompt: nil)
        settings.data.maxBucketReso = .max / 8 * 8
        #expect(complaint { try FineTuningRun(settings).run() }.contains("must be at most"))
    }
}
