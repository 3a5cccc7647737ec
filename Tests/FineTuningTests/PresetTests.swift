import Settings
import Testing

/// What is settled where nobody says anything.
@Suite struct PresetTests {
    private func completed(
        _ told: [String: String], by method: TrainingMethod = .lora, isSmall: Bool = true
    ) throws -> (settings: RunSettings, taken: [String]) {
        var settings = RunSettings(method)
        if method == .textualInversion {
            try settings.set("train-data-dir", to: "photos")
            try settings.set("placeholder-token", to: "<x>")
        } else {
            try settings.set("instance-data-dir", to: "photos")
        }
        for (name, value) in told { try settings.set(name, to: value) }
        let taken = try settings.complete(isSmall: isSmall)
        return (settings, taken)
    }

    /// A list of rates without an end says nothing of the run's length.
    @Test func ratesWithoutAnEndLeaveTheSteps() throws {
        let open = try completed(["learning-rate": "1e-3:50, 1e-4"])
        #expect(open.taken.contains("max-train-steps"))
        #expect(try open.settings.configuration().training.stepCount(exampleCount: 2) == 150)
        let closed = try completed(["learning-rate": "1e-3:50, 1e-4:70"])
        #expect(!closed.taken.contains("max-train-steps"))
        #expect(try closed.settings.configuration().training.stepCount(exampleCount: 2) == 70)
    }

    /// Half the rate is half the rate for both networks.
    @Test func theTextEncodersRateFollows() throws {
        let usual = try completed([:])
        let half = try completed(["learning-rate": "5e-4"])
        let stages = try completed(["learning-rate": "5e-4:10, 1e-4"])
        let (whole, rate) = (
            try usual.settings.configuration().training, try half.settings.configuration().training
        )
        #expect(whole.learningRate == 1e-3)
        #expect(rate.textEncoderLearningRate == whole.textEncoderLearningRate.map { $0 / 2 })
        #expect(
            try stages.settings.configuration().training.textEncoderLearningRate
                == rate.textEncoderLearningRate)
        let own = try completed(["learning-rate": "5e-4", "text-encoder-lr": "3e-5"])
        #expect(try own.settings.configuration().training.textEncoderLearningRate == 3e-5)
    }

    @Test func whatIsToldIsKept() throws {
        let told = try completed(["max-train-steps": "7", "learning-rate": "2e-4"])
        #expect(told.settings["max-train-steps"] == "7")
        #expect(told.settings["learning-rate"] == "2e-4")
        #expect(!told.taken.contains("train-batch-size"))
        let off = try completed(["train-text-encoder": "no"])
        #expect(try !off.settings.configuration().trainTextEncoder)
        let rate = try completed(["text-encoder-lr": "1e-6"], isSmall: false)
        #expect(try rate.settings.configuration().trainTextEncoder)
        let word = try completed([:], by: .textualInversion)
        #expect(word.settings["num-vectors"] == "4")
    }

    /// Prodigy finds the rate, and one for all.
    @Test func prodigyFindsTheRate() throws {
        let settings = try completed(["optimizer": "Prodigy"]).settings
        #expect(settings["learning-rate"] == "1.0")
        #expect(settings["text-encoder-lr"] == nil)
    }

    @Test func typedCountsBeforeTheFile() throws {
        var file = RunSettings(.lora)
        for (name, value) in [("rank", "4"), ("optimizer", "lion"), ("max-train-steps", "9")] {
            try file.set(name, to: value)
        }
        var typed = RunSettings(.lora)
        for (name, value) in [("rank", "8"), ("use-8bit-adam", "true"), ("num-train-epochs", "2")] {
            try typed.set(name, to: value)
        }
        let both = typed.completed(by: file)
        #expect(both["rank"] == "8")
        #expect(both["optimizer"] == nil)
        #expect(both["max-train-steps"] == nil)
    }
}
