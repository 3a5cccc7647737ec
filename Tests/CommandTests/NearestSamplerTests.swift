import Foundation
import TestSupport
import Testing

/// Models whose scheduler names a sampler that is not here.
@Suite struct NearestSamplerTests {
    private func model(_ scheduler: String, in scratch: Scratch) throws {
        let url = try scratch.copy("models/tiny-sd1", as: "m")
            .appending(path: "scheduler/scheduler_config.json")
        let parsed = try JSONSerialization.jsonObject(with: Data(contentsOf: url))
        var object = try #require(parsed as? [String: Any])
        object["_class_name"] = scheduler
        try JSONSerialization.data(withJSONObject: object).write(to: url)
    }

    @Test func generateTellsAndPaints() throws {
        let scratch = try Scratch()
        try model("SASolverScheduler", in: scratch)
        let paint = ["generate", "--model", "m", "--prompt", "p", "--steps", "2", "--seed", "1"]
        let told = try Command.run(paint + ["--output", "out"], in: scratch.url)
        #expect(told.status == 0, "\(told.errors)")
        #expect(
            (told.output + told.errors).contains("SASolverScheduler, which Attune does not"))
        let asked = try Command.run(
            paint + ["--output", "other", "--sampler", "DPM++ 2M"], in: scratch.url)
        #expect(asked.status == 0 && !(asked.output + asked.errors).contains("SASolver"))
        #expect(
            try Data(contentsOf: scratch("out/00000-1.png"))
                == Data(contentsOf: scratch("other/00000-1.png")))
    }

    @Test func schedulesAreAskedForByNameOrOption() throws {
        let scratch = try Scratch()
        _ = try scratch.copy("models/tiny-sd1", as: "m")
        func paint(_ folder: String, _ options: [String]) throws -> Data {
            let outcome = try Command.run(
                ["generate", "--model", "m", "--prompt", "p", "--steps", "3", "--seed", "1"]
                    + ["--output", folder] + options, in: scratch.url)
            #expect(outcome.status == 0, "\(outcome.errors)")
            return try Data(contentsOf: scratch("\(folder)/00000-1.png"))
        }
        let byName = try paint("a", ["--sampler", "Heun Karras"])
        #expect(try paint("b", ["--sampler", "heun", "--schedule", "Karras"]) == byName)
        #expect(try paint("c", ["--sampler", "heun"]) != byName)
        try expectRefusal(
            ["generate", "--model", "m", "--prompt", "p", "--schedule", "odd"], in: scratch,
            naming: ["--schedule odd", "karras"])
    }

    /// Class pictures and validation pictures alike, and what is wrong is found before step 1.
    @Test func trainingTellsAndPaints() throws {
        let scratch = try Scratch()
        try model("DPMSolverSinglestepScheduler", in: scratch)
        try writePhotos(in: scratch("photos"), count: 1)
        let outcome = try Command.run(
            BadOptionTests.training(model: "m") + [
                "--with-prior-preservation", "--class-data-dir", "class", "--class-prompt", "robot",
                "--num-class-images", "1", "--class-image-steps", "1", "--validation-prompt", "p",
                "--validation-steps", "1", "--num-validation-images", "1",
            ], in: scratch.url)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let said = outcome.output + outcome.errors
        #expect(
            said.contains("DPMSolverSinglestepScheduler, which Attune does not have"), "\(said)")
        #expect(!said.contains("--sampler"))
        let written = try scratch.listing()
        #expect(written.contains { $0.hasPrefix("class/") })
        #expect(written.contains("out/validation/step-1-0.png"))
    }

    @Test func otherNoiseIsRefused() throws {
        let scratch = try Scratch()
        let url = try scratch.copy("models/tiny-sd1", as: "m")
            .appending(path: "scheduler/scheduler_config.json")
        try Data(#"{"_class_name": "EDMEulerScheduler", "sigma_data": 0.5}"#.utf8).write(to: url)
        try writePhotos(in: scratch("photos"), count: 1)
        for command in [
            ["generate", "--model", "m", "--prompt", "p", "--output", "out"],
            BadOptionTests.training(model: "m"),
        ] {
            try expectRefusal(
                command, in: scratch, naming: ["scheduler_config.json", "EDMEulerScheduler"])
        }
    }

    @Test(arguments: [
        ["--repeat", "0"], ["--batch", "0"], ["--size", "0"], ["--size", "100"],
        ["--warmup", "-1"],
    ])
    func benchIsRefusedByName(options: [String]) throws {
        let scratch = try Scratch()
        try expectRefusal(
            ["bench", "--config", "tiny"] + options, in: scratch, naming: [options[0]])
    }
}
