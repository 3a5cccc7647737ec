import Foundation
import Imaging
import TestSupport
import Testing

/// `attune samplers`
@Suite struct SamplersTests {
    @Test func allAreListedWithTheirNames() throws {
        let scratch = try Scratch()
        let outcome = try Command.run(["samplers"], in: scratch.url)
        #expect(outcome.status == 0 && outcome.errors.isEmpty)
        for word in [
            "restart", "dpm++-3m-sde", "DPM++ 2M SDE", "dpmpp_2m_sde", "UniPCMultistepScheduler",
            "sgm-uniform", "use_karras_sigmas", "CALLS",
        ] {
            #expect(outcome.output.contains(word), "\(word)")
        }
    }

    @Test func aSheetShowsOnePromptByAll() throws {
        let scratch = try Scratch()
        _ = try scratch.copy("models/tiny-sd1", as: "m")
        let command = ["samplers", "--model", "m", "--prompt", "p", "--steps", "2"]
        let outcome = try Command.run(command + ["--output", "all.png"], in: scratch.url)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("18 samplers in"), "\(outcome.output)")
        let sheet = try PhotoReader.read(scratch("all.png"))
        #expect(sheet.width > 4 * 192)
        try expectRefusal(
            command + ["--output", "all.png"], in: scratch, naming: ["--output all.png"])
        try expectRefusal(command, in: scratch, naming: ["--output"])
        try expectRefusal(
            command + ["--output", "all.txt"], in: scratch, naming: ["--output all.txt", ".png"])
        try expectRefusal(
            command + ["--output", "b.png", "--schedule", "karas"], in: scratch,
            naming: ["--schedule karas", "did you mean karras"])
        try expectRefusal(
            ["samplers", "--steps", "3"], in: scratch, naming: ["--steps", "--prompt"])
    }
}
