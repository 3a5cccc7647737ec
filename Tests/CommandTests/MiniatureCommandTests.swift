import Foundation
import Testing

/// `attune-miniature` with wishes that would cost what is there, or that no run can have.
@Suite struct MiniatureCommandTests {
    @Test(arguments: [
        (
            ["train", "--scenes", "m", "--output", "m"],
            ["--output m", "it is the folder of the sc"]
        ),
        (["train", "--scenes", "m/scenes", "--output", "m"], ["--output m", "it holds"]),
        (
            ["train", "--scenes", "scenes", "--output", "m", "--parts", "unet"],
            ["--output m", "unet", "--overwrite"]
        ),
        (["evaluate", "--model", "m", "--grid", "m/grid.ppm"], ["--grid m/grid.ppm", "inside"]),
        (["evaluate", "--model", "m", "--grid", "grid.ppm"], ["--grid grid.ppm", "--overwrite"]),
        (["subjects", "--output", "photos"], ["--output photos", "robot/01.jpg", "--overwrite"]),
        (["subjects", "--output", "o", "--only", "robto"], ["--only robto", "woman, paper"]),
        (["evaluate", "--model", "m", "--count", "0"], ["--count 0"]),
        (["evaluate", "--model", "m", "--count", "-1"], ["--count -1"]),
        (["train", "--scenes", "s", "--output", "o", "--steps", "0"], ["--steps 0"]),
        (["train", "--scenes", "s", "--output", "o", "--batch-size", "-1"], ["--batch-size -1"]),
        (["scenes", "--output", "o", "--count", "9223372036854775807"], ["--count 92"]),
    ])
    func areRefused(arguments: [String], words: [String]) throws {
        let scratch = try Scratch()
        for folder in ["m/scenes", "m/unet", "scenes", "photos/robot"] {
            try FileManager.default.createDirectory(
                at: scratch(folder), withIntermediateDirectories: true)
        }
        for file in ["grid.ppm", "photos/robot/01.jpg"] { try Data().write(to: scratch(file)) }
        // What looks like an option is joined to its own.
        var joined: [String] = []
        for argument in arguments {
            if argument.hasPrefix("-1"), let option = joined.popLast() {
                joined.append("\(option)=\(argument)")
            } else {
                joined.append(argument)
            }
        }
        let before = try scratch.listing()
        let outcome = try Command.run(joined, in: scratch.url, program: "attune-miniature")
        #expect(outcome.isOrderly && outcome.status != 0)
        for word in words {
            #expect(outcome.errors.contains(word), "no \"\(word)\" in: \(outcome.errors)")
        }
        #expect(try scratch.listing() == before)
    }
}
