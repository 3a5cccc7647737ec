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
        try tinyRun(smallList(count, firstSeed: firstSeed), in: folder, batchSize: batchSize)
    }

    private struct Weak { weak var picture: PaintedPicture? }

    /// Whatever the count: a picture that was written is gone soon.
    @Test func noPictureIsKept() throws {
        let folder = try ScratchFolder()
        var seen: [Weak] = []
        var most = 0
        let outcome = try run(folder, count: 210, batchSize: 35).paint(written: { picture, _ in
            most = max(most, seen.count { $0.picture != nil })
            seen.append(Weak(picture: picture))
        })
        // Those that wait to be written, and those that were since this was called last.
        #expect(most <= 10)
        #expect(seen.allSatisfy { $0.picture == nil })
        #expect(outcome.pictureCount == 210)
        #expect(
            outcome.sheets.map(\.lastPathComponent) == [
                "grid-0000.png", "grid-0001.png", "grid-0002.png",
            ])
        #expect(try folder.names().count == 214)
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
                == Set(
                    strangers + [
                        "00042-5.png", "00043-6.png", "grid-0004.png", "manifest-0000.jsonl",
                    ]))
        for name in strangers { #expect(try Data(contentsOf: folder(name)) == Data(name.utf8)) }
        // One picture needs no sheet, and no manifest.
        try run(folder, count: 1).paint()
        #expect(try folder.names().count == strangers.count + 5)
    }

    /// Another program that paints into the same folder takes names from under this one's feet.
    @Test func twoProgramsInOneFolder() throws {
        let folder = try ScratchFolder()
        let first = try run(folder, count: 4, batchSize: 1)
        for name in ["00001-6.png", "00003-8.png", "grid-0000.png"] {
            try Data("another's".utf8).write(to: folder(name))
        }
        var names: [String] = []
        let outcome = try first.paint(written: { names.append($1.lastPathComponent) })
        #expect(names == ["00000-5.png", "00004-6.png", "00002-7.png", "00005-8.png"])
        #expect(outcome.sheets.map(\.lastPathComponent) == ["grid-0001.png"])
        for name in ["00001-6.png", "00003-8.png", "grid-0000.png"] {
            #expect(try Data(contentsOf: folder(name)) == Data("another's".utf8))
        }
        // The manifest knows where they are.
        let manifest = try PictureManifest(folder("manifest-0000.jsonl"))
        #expect(manifest.entries.map(\.file) == names)
        // One that has given its names away, though it has painted nothing yet.
        _ = try run(folder, count: 3)
        let last = try run(folder, count: 2)
        #expect(last.file.manifest.entries.map(\.file) == ["00009-5.png", "00010-6.png"])
        #expect(last.file.manifest.sheets.map(\.file) == ["grid-0003.png"])
        // The very name that is about to be written, though the folder was looked at before.
        var files = try NumberedFiles(in: folder.url)
        let url = try files.add(end: "-1.png") { url in
            if url.lastPathComponent.hasPrefix("00006") {
                try Data("the first".utf8).write(to: url)
            }
            try AtomicFile.write(Data("the second".utf8), to: url, replacing: false)
        }
        #expect(url.lastPathComponent == "00007-1.png")
        #expect(try Data(contentsOf: folder("00006-1.png")) == Data("the first".utf8))
        #expect(try folder.names().allSatisfy { !$0.hasSuffix(".tmp") })
    }

    /// A sheet is only for looking at.
    @Test func sheetThatCannotBeWritten() throws {
        let folder = try ScratchFolder()
        let wanted = try run(folder, count: 2)
        // What no file can take the place of, or be numbered on from.
        try FileManager.default.createDirectory(
            at: folder("grid-0000.png"), withIntermediateDirectories: false)
        var told: [String] = []
        let outcome = try wanted.paint(notify: { told.append($0) })
        #expect(told.count == 1 && outcome.sheets.isEmpty && outcome.pictureCount == 2)
        #expect(told.first?.contains("grid-0000.png") == true)
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

    /// What is finished stays, with a sheet, when a run is ended; and one that goes on gives the
    /// very files of one that never stopped.
    @Test func endedRun() throws {
        struct Enough: Error {}
        let (folder, straight) = (try ScratchFolder(), try ScratchFolder())
        let list = smallList(130)
        try tinyRun(list, in: straight, batchSize: 2).paint()
        for count in [4, 2, 60, 44] {
            let isFirst = try folder.names().isEmpty
            #expect(throws: Enough.self) {
                let run = try tinyRun(list, in: folder, batchSize: 2, resuming: !isFirst)
                try run.paint(progress: { now in
                    if now.pictureCount == count { throw Enough() }
                })
            }
            if isFirst {
                #expect(
                    try folder.names() == [
                        "00000-5.png", "00001-6.png", "00002-7.png", "00003-8.png",
                        "grid-0000.png", "manifest-0000.jsonl",
                    ])
            }
        }
        let last = try tinyRun(list, in: folder, batchSize: 3, resuming: true).paint()
        #expect(last.pictureCount == 20)
        #expect(try folder.names() == straight.names())
        for name in try straight.names() {
            let same = try Data(contentsOf: folder(name)) == Data(contentsOf: straight(name))
            #expect(same, "\(name)")
        }
        // Nothing is missing, and nothing is painted or written again.
        let again = try tinyRun(list, in: folder, resuming: true).paint()
        #expect(again.pictureCount == 0 && again.sheets.isEmpty)
    }

    /// A picture that is painted again is painted beside those that it was painted with.
    @Test(arguments: [[6], [0], [3, 4], [9]]) func missingPictures(gone: [Int]) throws {
        let folder = try ScratchFolder()
        let list = smallList(10)
        try tinyRun(list, in: folder, batchSize: 4).paint()
        let names = try folder.names()
        let before = try names.map { try Data(contentsOf: folder($0)) }
        for index in gone { try FileManager.default.removeItem(at: folder(names[index])) }
        let outcome = try tinyRun(list, in: folder, resuming: true).paint()
        #expect(outcome.pictureCount == gone.count)
        for (name, data) in zip(names, before) {
            let same = try Data(contentsOf: folder(name)) == data
            #expect(same, "\(name)")
        }
    }

    /// Another's picture of the same name and seed is no picture of the run, and stays.
    @Test func strangersOfTheSameName() throws {
        let (folder, other) = (try ScratchFolder(), try ScratchFolder())
        try tinyRun(smallList(3), in: folder).paint()
        try tinyRun(
            PictureList(
                [6].map { PictureRequest(smallSettings("something else"), seed: $0) }, title: ""),
            in: other
        ).paint()
        try FileManager.default.removeItem(at: folder("00001-6.png"))
        try FileManager.default.copyItem(at: other("00000-6.png"), to: folder("00001-6.png"))
        let outcome = try tinyRun(smallList(3), in: folder, resuming: true).paint()
        #expect(outcome.pictureCount == 1)
        #expect(
            try Data(contentsOf: folder("00001-6.png"))
                == Data(contentsOf: other("00000-6.png")))
        #expect(try folder.names().contains("00003-6.png"))
        // A link of such a name leads nowhere.
        try FileManager.default.removeItem(at: folder("00002-7.png"))
        try FileManager.default.createSymbolicLink(
            at: folder("00002-7.png"), withDestinationURL: other("evil.txt"))
        try tinyRun(smallList(3), in: folder, resuming: true).paint()
        #expect(try !other.names().contains("evil.txt"))
    }

    /// A sheet that shows less than there is by now is made again.
    @Test func sheetsThatShowLess() throws {
        let folder = try ScratchFolder()
        try tinyRun(smallList(3), in: folder).paint()
        let whole = try Data(contentsOf: folder("grid-0000.png"))
        let third = try Data(contentsOf: folder("00002-7.png"))
        try FileManager.default.removeItem(at: folder("00002-7.png"))
        try FileManager.default.removeItem(at: folder("grid-0000.png"))
        struct Enough: Error {}
        #expect(throws: Enough.self) {
            try tinyRun(smallList(3), in: folder, resuming: true)
                .paint(progress: { _ in throw Enough() })
        }
        // What was on its way is there.
        try? third.write(to: folder("00002-7.png"))
        try tinyRun(smallList(3), in: folder, resuming: true).paint()
        #expect(try Data(contentsOf: folder("grid-0000.png")) == whole)
    }

    /// Of several runs in one folder, each can be gone on with.
    @Test func severalRuns() throws {
        let folder = try ScratchFolder()
        try tinyRun(smallList(3), in: folder).paint()
        try tinyRun(smallList(2, firstSeed: 50), in: folder).paint()
        try Data("{}".utf8).write(to: folder("manifest-0001 (copy).jsonl"))
        try Data("{}".utf8).write(to: folder("manifest-0007.jsonl"))
        try FileManager.default.removeItem(at: folder("00001-6.png"))
        let file = try ManifestFile.open(folder.url)
        #expect(file.url?.lastPathComponent == "manifest-0000.jsonl")
        #expect(file.missing() == [1])
        let wanted = try ManifestFile.open(folder.url) {
            $0.difference(from: smallList(2, firstSeed: 50))
        }
        #expect(wanted.url?.lastPathComponent == "manifest-0001.jsonl")
        let error = #expect(throws: ManifestError.self) {
            try ManifestFile.open(folder.url) { $0.difference(from: smallList(9)) }
        }
        #expect(error?.description.contains("9 are asked for") == true)
    }

    /// While one program paints a manifest, no other does.
    @Test func manifestIsHeld() throws {
        let folder = try ScratchFolder()
        let first = try run(folder, count: 2)
        let error = #expect(throws: OutputError.self) {
            try tinyRun(smallList(2), in: folder, resuming: true)
        }
        #expect(error?.description.contains("manifest-0000.jsonl") == true)
        try first.paint()
    }

    /// One bad picture does not take the others with it.
    @Test func picturesThatAreNotFinite() throws {
        let folder = try ScratchFolder()
        let pipeline = try tinyPipeline()
        let weight = try #require(
            pipeline.unet.parameters.entries.first { $0.name == "conv_in.weight" }?.tensor)
        let sound = weight.copied()
        let run = try tinyRun(smallList(5), in: folder, batchSize: 1, pipeline: pipeline)
        let error = #expect(throws: PaintingError.self) {
            try run.paint(progress: { now in
                // Called when a picture is there: before those of the seeds 7 and 8.
                let isBroken = now.done == 2 || now.done == 3
                withoutGradients { weight.copy(from: isBroken ? sound * .nan : sound) }
            })
        }
        #expect(
            try folder.names() == [
                "00000-5.png", "00001-6.png", "00004-9.png", "grid-0000.png", "manifest-0000.jsonl",
            ])
        let failures = try PictureManifest(folder("manifest-0000.jsonl")).entries.map(\.failure)
        #expect(failures == [nil, nil, "not finite", "not finite", nil])
        #expect(
            error?.description.hasPrefix("The pictures of seeds 7, 8 are not finite in fp32")
                == true, "\(String(describing: error))")
    }

    @Test func nothingButNotFinite() throws {
        let (folder, files) = (try ScratchFolder(), try ScratchFolder())
        var settings = smallSettings()
        settings.guidanceScale = 1e38
        let list = PictureList(
            consecutiveSeeds(from: 5, count: 100).map { PictureRequest(settings, seed: $0) },
            title: "")
        let run = try tinyRun(list, in: folder, batchSize: 2, given: [try files.lora("robot")])
        let error = #expect(throws: PaintingError.self) { try run.paint() }
        let text = error?.description ?? ""
        for part in ["5, 6", "fp32", "robot.safetensors", "1e+38", "other 98"] {
            #expect(text.contains(part), "no \(part) in \(text)")
        }
        #expect(!text.contains("precision fp32"))
        #expect(try folder.names() == ["manifest-0000.jsonl"])
    }
}
