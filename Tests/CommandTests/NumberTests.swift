import Foundation
import Testing

/// Numbers of `attune bench`, `compare` and `demo` that no run can have.
@Suite struct NumberTests {
    @Test(arguments: [
        ["bench", "--repeat", "0"], ["bench", "--repeat", "9223372036854775807"],
        ["bench", "--warmup", "-1"], ["bench", "--warmup", "9223372036854775807"],
        ["bench", "--batch", "0"], ["bench", "--size", "0"], ["bench", "--size", "-64"],
        ["bench", "--size", "100"], ["bench", "--size", "9223372036854775807"],
        ["demo", "--steps", "9223372036854775807"],
    ])
    func areRefused(arguments: [String]) throws {
        try expectRefusal(
            arguments, in: try Scratch(),
            naming: ["\(arguments[1])", arguments[2]])
    }

    @Test func aSubjectWithoutLetters() throws {
        try expectRefusal(
            ["demo", "--subject=- -"], in: try Scratch(), naming: ["--subject \"- -\""])
    }

    @Test(arguments: ["seeds", "pictures", "sampling-steps"])
    func ofCompare(name: String) throws {
        try expectRefusal(
            [
                "compare", "--instance-data-dir", "photos", "--instance-prompt", "a sks robot",
                "--class-prompt", "a robot", "--\(name)", "9223372036854775807",
            ], in: try Scratch(), naming: ["--\(name) 9223372036854775807", "1000"])
    }

    /// The command that `compare` runs by itself reads a file that anybody may write.
    @Test func aTaskWithoutSubjects() throws {
        let scratch = try Scratch()
        for text in ["{}", "[]", "no JSON"] {
            try Data(text.utf8).write(to: scratch("task.json"))
            try expectRefusal(["compare-one", "."], in: scratch, naming: ["task.json"])
        }
    }
}
