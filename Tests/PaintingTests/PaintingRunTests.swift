import Files
import Foundation
import Imaging
import NN
import Painting
import StableDiffusion
import TestSupport
import Testing
import Torch

/// Many pictures as files.
@Suite struct PaintingRunTests {
    private func run(
        _ folder: ScratchFolder, count: Int, batchSize: Int = 4, firstSeed: UInt64 = 5
    ) throws -> PaintingRun {
        PaintingRun(
            painter: try Painter(try tinyPipeline(), smallSettings()), folder: folder.url,
            firstSeed: firstSeed, count: count, batchSize: batchSize)
    }

    private struct Weak { weak var picture: PaintedPicture? }

    /// Whatever the count: a picture that was written is gone when the next one is.
    @Test func noPictureIsKept() throws {
        let folder = try ScratchFolder()
        var seen: [Weak] = []
        let outcome = try run(folder, count: 210, batchSize: 35).paint(written: { picture, _ in
            #expect(seen.allSatisfy { $0.picture == nil })
            seen.append(Weak(picture: picture))
        })
        #expect(seen.allSatisfy { $0.picture == nil })
        #expect(outcome.pictureCount == 210)
        #expect(
            outcome.sheets.map(\.lastPathComponent) == [
                "grid-0000.png", "grid-0001.png", "grid-0002.png",
            ])
        #expect(try folder.names().count == 213)
    }

    /// Only what one sheet shows is held, and no larger than the sheet shows it.
    @Test func sheetsHoldLittle() throws {
        let folder = try ScratchFolder()
        var sheets = ContactSheets(in: folder.url, title: "t", count: 1000) { _ in }
        var most = 0
        try Painter(try tinyPipeline(), smallSettings()).paint(
            seeds: consecutiveSeeds(from: 0, count: 250), batchSize: 50
        ) { picture in
            sheets.add(picture)
            most = max(most, sheets.cells.count)
        }
        #expect(most == ContactSheets.cellLimit - 1)
        sheets.finish()
        #expect(sheets.cells.isEmpty && sheets.written.count == 3)

        var settings = smallSettings()
        settings.width = 2048
        sheets = ContactSheets(in: folder.url, title: "t", count: 1_000_000) { _ in }
        try Painter(try tinyPipeline(), settings).paint(seeds: [1]) { sheets.add($0) }
        let held = sheets.cells.reduce(0) { $0 + $1.pixels.count }
        #expect(held <= 2048 * 8 * 3)
    }

    @Test func numbersGoOnAndNothingIsReplaced() throws {
        let folder = try ScratchFolder()
        let strangers = [
            "grid.png", "note.txt", "robot-5.png", "-7.png", "9223372036854775807-1.png",
            "grid-0003.png", "00041-2.jpg",
        ]
        for name in strangers { try Data(name.utf8).write(to: folder(name)) }
        try run(folder, count: 2).paint()
        #expect(
            Set(try folder.names())
                == Set(strangers + ["00042-5.png", "00043-6.png", "grid-0004.png"]))
        for name in strangers { #expect(try Data(contentsOf: folder(name)) == Data(name.utf8)) }
        // One picture needs no sheet.
        try run(folder, count: 1).paint()
        #expect(try folder.names().count == strangers.count + 4)
    }

    /// Another program that paints into the same folder takes names from under this one's feet.
    @Test func twoProgramsInOneFolder() throws {
        let folder = try ScratchFolder()
        try run(folder, count: 4, batchSize: 1).paint(written: { picture, url in
            let number = picture.index * 2 + 1
            #expect(url.lastPathComponent == "0000\(number - 1)-\(picture.seed).png")
            let taken = folder("0000\(number)-\(picture.seed + 1).png")
            try? Data("another's".utf8).write(to: taken)
        })
        for index in 0..<4 {
            let other = folder("0000\(index * 2 + 1)-\(index + 6).png")
            #expect(try Data(contentsOf: other) == Data("another's".utf8))
        }
        // The very name that is about to be written, though the folder was looked at before.
        var files = try NumberedFiles(in: folder.url)
        let url = try files.add(end: "-1.png") { url in
            if url.lastPathComponent.hasPrefix("00008") {
                try Data("the first".utf8).write(to: url)
            }
            try AtomicFile.write(Data("the second".utf8), to: url, replacing: false)
        }
        #expect(url.lastPathComponent == "00009-1.png")
        #expect(try Data(contentsOf: folder("00008-1.png")) == Data("the first".utf8))
        #expect(try folder.names().allSatisfy { !$0.hasSuffix(".tmp") })
    }

    /// A sheet is only for looking at.
    @Test func sheetThatCannotBeWritten() throws {
        let folder = try ScratchFolder()
        let gone = try ScratchFolder()
        try FileManager.default.removeItem(at: gone.url)
        var told: [String] = []
        var sheets = ContactSheets(in: gone.url, title: "t", count: 300) { told.append($0) }
        try Painter(try tinyPipeline(), smallSettings()).paint(
            seeds: consecutiveSeeds(from: 0, count: 250), batchSize: 50
        ) { sheets.add($0) }
        sheets.finish()
        #expect(told.count == 1 && sheets.written.isEmpty)
        #expect(told.first?.contains(gone.url.path) == true)
        #expect(try folder.names().isEmpty)
    }

    /// The last step is told when its pictures are there.
    @Test func progressCountsWhatIsThere() throws {
        var settings = smallSettings()
        settings.stepCount = 2
        var told: [Painter.Progress] = []
        var delivered = 0
        try Painter(try tinyPipeline(), settings).paint(
            seeds: [1, 2, 3], batchSize: 2,
            progress: { now in
                #expect(now.pictureCount == delivered)
                told.append(now)
            }, deliver: { _ in delivered += 1 })
        #expect(told.map(\.done) == [2, 4, 5, 6])
        #expect(told.map(\.pictureCount) == [0, 2, 2, 3])
        #expect(told.allSatisfy { $0.total == 6 })
    }

    /// What is finished stays, with a sheet, when a run is ended.
    @Test func endedRun() throws {
        struct Enough: Error {}
        let folder = try ScratchFolder()
        #expect(throws: Enough.self) {
            try run(folder, count: 1_000_000, batchSize: 2).paint(progress: { now in
                #expect(now.total == 1_000_000)
                if now.pictureCount == 4 { throw Enough() }
            })
        }
        #expect(
            try folder.names() == [
                "00000-5.png", "00001-6.png", "00002-7.png", "00003-8.png", "grid-0000.png",
            ])
    }

    /// One bad picture does not take the others with it.
    @Test func picturesThatAreNotFinite() throws {
        let folder = try ScratchFolder()
        let pipeline = try tinyPipeline()
        let weight = try #require(
            pipeline.unet.parameters.entries.first { $0.name == "conv_in.weight" }?.tensor)
        let sound = weight.copied()
        let run = PaintingRun(
            painter: try Painter(pipeline, smallSettings()), folder: folder.url, firstSeed: 5,
            count: 5, batchSize: 1)
        let error = #expect(throws: PaintingError.self) {
            try run.paint(progress: { now in
                // Called when a picture is there: before those of the seeds 7 and 8.
                let isBroken = now.done == 2 || now.done == 3
                withoutGradients { weight.copy(from: isBroken ? sound * .nan : sound) }
            })
        }
        #expect(try folder.names().filter { !$0.hasPrefix("grid") }.count == 3)
        #expect(
            error?.description.hasPrefix("The pictures of seeds 7, 8 are not finite in fp32")
                == true, "\(String(describing: error))")
    }

    @Test func nothingButNotFinite() throws {
        let (folder, files) = (try ScratchFolder(), try ScratchFolder())
        var settings = smallSettings()
        settings.guidanceScale = 1e38
        let painter = try Painter(
            try tinyPipeline(), settings,
            overlays: [try files.lora("robot")])
        let run = PaintingRun(
            painter: painter, folder: folder.url, firstSeed: 5, count: 100, batchSize: 2)
        let error = #expect(throws: PaintingError.self) { try run.paint() }
        let text = error?.description ?? ""
        for part in ["5, 6", "fp32", "robot.safetensors", "1e+38", "other 98"] {
            #expect(text.contains(part), "no \(part) in \(text)")
        }
        #expect(!text.contains("precision fp32"))
        #expect(try folder.names().isEmpty)
    }
}
