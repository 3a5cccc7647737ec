import Datasets
import Foundation
import Imaging
import RunRecord
import Settings
import Testing
import TestSupport
import Training

/// What is said of photos before they are trained.
@Suite struct PhotoInspectionTests {
    private struct Reference: Decodable {
        let width: Int
        let height: Int
        let kind: Int
        let hash: String
        let sharpness: Double
    }

    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The pictures of the fixture: kind 0 is smooth, others are full of edges.
    private func picture(_ width: Int, _ height: Int, _ kind: Int) -> PixelImage {
        var pixels: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                for channel in 0..<3 {
                    let smooth = [x * 255 / width, y * 255 / height, 128][channel]
                    let value = x * x / 7 * kind + y * y / 5 + x * y / (3 + channel)
                    pixels.append(UInt8((kind == 0 ? smooth : value) % 256))
                }
            }
        }
        return PixelImage(width: width, height: height, pixels: pixels)
    }

    private func write(_ picture: PixelImage, _ name: String) throws {
        try FileManager.default.createDirectory(
            at: folder(name).deletingLastPathComponent(), withIntermediateDirectories: true)
        try PNGWriter.write(picture, to: folder(name))
    }

    private func write(_ text: String, _ name: String) throws {
        try Data(text.utf8).write(to: folder(name))
    }

    @Test func traitsMatchReference() throws {
        let references = try JSONDecoder().decode(
            [Reference].self, from: Data(contentsOf: Fixture.url("data/photos.json")))
        #expect(references.count == 5)
        for reference in references {
            let traits = PhotoTraits(picture(reference.width, reference.height, reference.kind))
            let bits = String(traits.hash, radix: 2)
            #expect(
                String(repeating: "0", count: 64 - bits.count) + bits == reference.hash,
                "\(reference)")
            #expect(
                abs(traits.sharpness - reference.sharpness) <= 1e-9 * reference.sharpness,
                "\(traits.sharpness) \(reference)")
        }
    }

    @Test func twinsAreFoundAtOtherSizes() {
        let photo = picture(300, 200, 1).resized(width: 600, height: 400, filter: .bicubic)
        let traits = PhotoTraits(photo)
        let smaller = PhotoTraits(photo.resized(width: 420, height: 280))
        #expect(traits.isTwin(of: smaller), "\(traits.distance(to: smaller))")
        let other = PhotoTraits(photo.flippedHorizontally())
        #expect(!traits.isTwin(of: other), "\(traits.distance(to: other))")
    }

    /// A folder with everything that can be wrong.
    private func inspect(_ change: (inout DataConfiguration) -> Void = { _ in }) throws
        -> PhotoInspection
    {
        try write(picture(96, 64, 1), "photos/0.png")
        try write(picture(96, 64, 1), "photos/1.png")
        try write(picture(64, 64, 0), "photos/2.png")
        try write(picture(40, 48, 3), "photos/3.png")
        try write(picture(20, 64, 2), "photos/narrow.png")
        try write("not a picture", "photos/notes.md")
        try FileManager.default.createDirectory(
            at: folder("photos/3_sks robot"), withIntermediateDirectories: true)
        try write(picture(64, 96, 2), "photos/3_sks robot/4.png")
        let whole = try Data(contentsOf: folder("photos/0.png"))
        try whole.prefix(whole.count / 2).write(to: folder("photos/cut.png"))
        try write("a red robot, on a table", "photos/0.txt")
        try Data([0xFF, 0xFE, 0x61, 0x00]).write(to: folder("photos/2.txt"))
        var data = DataConfiguration()
        change(&data)
        return try PhotoInspection(
            folder("photos"), data, resolution: 64, factor: 8, isCentered: true, seed: 7)
    }

    @Test func everythingIsTold() throws {
        let found = try inspect()
        #expect(
            found.entries.map(\.url.lastPathComponent) == [
                "0.png", "1.png", "2.png", "3.png", "4.png",
            ])
        #expect(
            found.entries.map(\.trainedSize.description) == [
                "80x48", "80x48", "64x64", "64x64", "48x80",
            ])
        #expect(found.entries.map(\.repeats) == [1, 1, 1, 1, 3])
        #expect(found.exampleCount == 7)
        #expect(
            found.entries.map(\.caption) == [
                "a red robot, on a table", nil, nil, nil, "sks robot",
            ])
        #expect(found.entries[0].remarks.isEmpty)
        #expect(found.entries[1].remarks == ["is a copy of 0.png"])
        #expect(found.entries[2].remarks.contains { $0.hasPrefix("seems blurred") })
        #expect(found.entries[3].remarks.contains("is enlarged"))
        // 96x64 becomes 80x53, of which 48 rows are left.
        #expect(abs(found.entries[0].croppedShare - 5.0 / 53) < 1e-9)
        #expect(found.entries[2].croppedShare == 0)

        let reasons = Dictionary(
            uniqueKeysWithValues: found.leftOut.map { ($0.url.lastPathComponent, $0) })
        #expect(Set(reasons.keys) == ["cut.png", "narrow.png", "notes.md", "2.png"])
        #expect(reasons["cut.png"]?.reason.contains("damaged") == true)
        #expect(reasons["narrow.png"]?.reason.contains("must have at least 32") == true)
        #expect(reasons["2.png"]?.reason.contains("UTF-8") == true)
        #expect(reasons.filter { $0.value.stopsRuns }.count == 3)
    }

    @Test func optionsOfTheTrainingCount() throws {
        let found = try inspect {
            $0.enableBucket = false
            $0.randomFlip = true
            $0.shuffleCaption = true
        }
        #expect(Set(found.entries.map(\.trainedSize)) == [PixelSize(square: 64)])
        #expect(found.entries.allSatisfy { $0.viewCount == 2 })
        #expect(
            ["a red robot, on a table", "on a table, a red robot"].contains(
                found.entries[0].captionForm))
        #expect(found.entries[1].captionForm == nil)
        #expect(throws: SettingError.self) { try inspect { $0.keepTokens = 1 } }
    }

    @Test func theSheetShowsWhatIsCropped() throws {
        try write(
            PixelImage(width: 128, height: 64, filledWith: RGB(200, 100, 50)), "photos/0.png")
        var data = DataConfiguration()
        data.enableBucket = false
        let found = try PhotoInspection(
            folder("photos"), data, resolution: 64, factor: 8, isCentered: true, seed: 7)
        #expect(found.entries[0].croppedShare == 0.5)
        let sheet = try found.contactSheet(side: 256)
        func count(_ color: RGB) -> Int {
            (0..<sheet.height).reduce(0) { sum, y in
                sum + (0..<sheet.width).count { sheet[$0, y] == color }
            }
        }
        // 256x128: half is as it was, less the frame; half is dark.
        #expect(count(RGB(60, 30, 15)) == 128 * 128)
        #expect(count(RGB(200, 100, 50)) == 126 * 126)
        #expect(count(RGB(255, 220, 0)) == 4 * 127)
    }

    @Test func aRunTellsTwinsAndBlur() throws {
        try write(picture(64, 64, 1), "photos/0.png")
        try FileManager.default.copyItem(at: folder("photos/0.png"), to: folder("photos/1.png"))
        try write(picture(64, 64, 0), "photos/2.png")
        var settings = FineTuningConfiguration(
            instanceDataDir: folder("photos").path, instancePrompt: "a photo of sks robot")
        settings.model = Fixture.url("models/tiny-sd1").path
        settings.outputDir = folder("output").path
        settings.training.maxTrainSteps = 1
        var notices: [String] = []
        try FineTuningRun(settings) { event in
            if case .notice(let text) = event { notices.append(text) }
        }.run()
        #expect(notices.contains { $0.hasPrefix("1 photo(s) look like another one, first 1.png") })
        #expect(notices.contains { $0.hasPrefix("1 photo(s) seem blurred, first 2.png") })
    }
}
