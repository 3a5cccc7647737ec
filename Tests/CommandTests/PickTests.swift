import Foundation
import Imaging
import TestSupport
import Testing

/// `attune pick`
@Suite struct PickTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        let painted = try Command.run(
            [
                "generate", "--model", Fixture.url("models/tiny-sd1").path, "--prompt",
                "a (red:1.2) cat", "--steps", "1", "--count", "5", "--seed", "5", "--output", "out",
            ], in: scratch.url)
        #expect(painted.status == 0, "\(painted.errors)")
    }

    private func pick(_ options: [String]) throws -> Command.Outcome {
        try Command.run(["pick", "out"] + options, in: scratch.url)
    }

    @Test func bestAreCopied() throws {
        try writePhotos(in: scratch("photos"), count: 2)
        let before = try scratch.listing()
        let outcome = try pick(["--photos", "photos", "--keep", "2"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let record = try JSONSerialization.jsonObject(
            with: Data(contentsOf: scratch("out-picked/pick.json")))
        let pictures = try #require((record as? [String: Any])?["pictures"] as? [[String: Any]])
        #expect(pictures.count == 5)
        let scores = pictures.compactMap { $0["score"] as? Double }
        #expect(scores.count == 5)
        #expect(pictures.allSatisfy { $0["match"] is Double && $0["faithfulness"] is Double })
        let first = try #require(pictures[0]["file"] as? String)
        #expect(
            try Data(contentsOf: scratch("out-picked/\(first)"))
                == Data(contentsOf: scratch("out/\(first)")))
        let copies = try scratch.listing().filter { $0.hasPrefix("out-picked/0") }
        #expect(copies.count == 2)
        let sheet = try PhotoReader.read(scratch("out-picked/sheet-0000.png"))
        #expect(sheet.width > 192 * 2)
        // The pictures themselves are as they were.
        #expect(before.isSubset(of: try scratch.listing()))

        // What is there is not replaced unless that is said, and then all of it is.
        try Data("mine".utf8).write(to: scratch("out-picked/mine.txt"))
        let again = try pick(["--keep", "1"])
        expectOneSentence(again.errors, naming: ["out-picked", "--overwrite"])
        let replaced = try pick(["--keep", "1", "--overwrite"])
        #expect(replaced.status == 0, "\(replaced.errors)")
        #expect(replaced.output.contains("Without --photos"))
        #expect(try scratch.listing().filter { $0.hasPrefix("out-picked/0") }.count == 1)
        #expect(try scratch.listing().contains("out-picked/mine.txt"))
    }

    @Test func badWishes() throws {
        for (options, words) in [
            (["--output", "out"], ["--output out"]), (["--output", "out/in"], ["out/in"]),
            (["--keep", "0"], ["--keep 0"]), (["--photos", "nowhere"], ["nowhere"]),
            (["--model", "nowhere"], ["nowhere"]),
        ] {
            try expectRefusal(["pick", "out"] + options, in: scratch, naming: words)
        }
        try FileManager.default.createDirectory(
            at: scratch("empty"), withIntermediateDirectories: false)
        try expectRefusal(["pick", "empty"], in: scratch, naming: ["empty"])
        try expectRefusal(["pick", "nowhere"], in: scratch, naming: ["nowhere"])
    }

    /// A damaged picture is left out, and a record that says anything takes nothing else away.
    @Test func damagedFiles() throws {
        try Data("no picture".utf8).write(to: scratch("out/00009-1.png"))
        try FileManager.default.createDirectory(
            at: scratch("out-picked"), withIntermediateDirectories: false)
        try Data("mine".utf8).write(to: scratch("precious.txt"))
        try Data(#"{"pictures":[],"written":["..","../precious.txt","mine.txt"]}"#.utf8)
            .write(to: scratch("out-picked/pick.json"))
        try Data("mine".utf8).write(to: scratch("out-picked/mine.txt"))
        let half = try Data(contentsOf: scratch("out/00002-7.png"))
        try half.prefix(half.count / 2).write(to: scratch("out/00002-7.png"))
        let outcome = try pick(["--overwrite"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("Left out:") && outcome.output.contains("00002-7.png"))
        #expect(outcome.output.contains("4 pictures in order"))
        #expect(try scratch.listing().isSuperset(of: ["precious.txt", "out-picked/mine.txt"]))
        // What was picked is picked from again, without the sheets.
        let again = try Command.run(["pick", "out-picked", "--keep", "9"], in: scratch.url)
        #expect(again.status != 0)
        #expect(try pick(["--overwrite", "--keep", "3"]).status == 0)
        let nested = try Command.run(["pick", "out-picked", "--keep", "9"], in: scratch.url)
        #expect(nested.output.contains("3 pictures in order"), "\(nested.errors)")
        // A record that names another's picture.
        try Data("mine".utf8).write(to: scratch("out-picked/holiday.jpg"))
        try Data(#"{"pictures":[],"written":["holiday.jpg"]}"#.utf8)
            .write(to: scratch("out-picked/pick.json"))
        #expect(try pick(["--overwrite"]).status == 0)
        #expect(try scratch.listing().contains("out-picked/holiday.jpg"))
    }
}
