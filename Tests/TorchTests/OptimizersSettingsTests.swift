import Foundation
import NN
import Testing
import Torch

/// Names, options, rates and warm-ups as people type them.
@Suite struct OptimizersSettingsTests {
    @Test(arguments: [
        ("adamw", OptimizerKind.adamW), ("AdamW", .adamW), ("AdamW8bit", .adamW8bit),
        ("adamw-8bit", .adamW8bit), ("adamw_8bit", .adamW8bit), ("AdaFactor", .adafactor),
        ("Lion", .lion), ("Prodigy", .prodigy), ("AdamWScheduleFree", .adamWScheduleFree),
        ("adamw-schedule-free", .adamWScheduleFree), ("SGD", .sgd),
    ])
    func names(name: String, kind: OptimizerKind) throws {
        #expect(try OptimizerKind(named: name) == kind)
    }

    @Test func unknownNamesAreRefused() {
        #expect(throws: OptimizerError.unknownKind("adam")) {
            try OptimizerKind(named: "adam")
        }
        #expect(
            OptimizerError.unknownKind("adam").description
                == "`optimizer` adam: there is no such optimizer; choose one of adamw, adamw8bit, "
                + "adafactor, lion, prodigy, adamw-schedule-free, sgd.")
    }

    /// Every option that an algorithm has not is refused, and every one that it has is taken.
    @Test(arguments: OptimizerKind.allCases) func optionsOfOthersAreRefused(
        kind: OptimizerKind
    ) throws {
        let examples: [OptimizerSettings.Option: String] = [
            .nesterov: "true", .scaleParameter: "false", .relativeStep: "True",
            .warmupInit: "True", .decouple: "False", .useBiasCorrection: "true",
            .safeguardWarmup: "true", .warmupStepCount: "10", .decayRate: "-0.5",
            .growthRate: "1.02",
        ]
        for option in OptimizerSettings.Option.allCases {
            var settings = OptimizerSettings()
            try settings.set("\(option.rawValue)=\(examples[option] ?? "0.5")")
            #expect(settings.isSet(option))
            if option == .nesterov { settings.momentum = kind == .sgd ? 0.9 : nil }
            if kind.options.contains(option) {
                let parameter = Tensor.ones([2])
                _ = try kind.makeOptimizer(
                    [ParameterGroup(name: "all", parameters: [("weight", parameter)])],
                    settings: settings)
            } else {
                #expect(throws: OptimizerError.foreignOption(option, kind: kind)) {
                    try settings.validate(for: kind)
                }
            }
        }
        #expect(
            OptimizerError.foreignOption(.dCoefficient, kind: .lion).description
                == "d_coef is an option of prodigy, and the optimizer is lion; leave it out or "
                + "choose another `optimizer`.")
    }

    @Test(arguments: [
        ("beta1=1", "beta1 1.0: a number from 0 to below 1 is expected."),
        ("eps=0", "eps 0.0: a positive number is expected."),
        ("weight_decay=-1", "weight_decay -1.0: 0 or a positive number is expected."),
        ("beta2=nan", "beta2 nan: a number from 0 to below 1 is expected."),
        ("d_coef=much", "d_coef much: a number is expected."),
        ("decouple=2", "decouple 2: true or false is expected."),
        ("betas=0.9", "betas 0.9: two numbers are expected."),
        ("eps", "eps : a value is missing; write eps=VALUE."),
    ])
    func valuesOutOfRangeAreRefused(assignment: String, sentence: String) {
        do {
            var settings = OptimizerSettings()
            try settings.set(assignment)
            try settings.validate(for: .prodigy)
            Issue.record("nothing was thrown")
        } catch {
            #expect("\(error)" == sentence)
        }
    }

    @Test func combinationsThatCannotBeAreRefused() throws {
        var nesterov = OptimizerSettings()
        nesterov.nesterov = true
        #expect(throws: OptimizerError.self) { try nesterov.validate(for: .sgd) }
        var warmup = OptimizerSettings()
        warmup.warmupInit = true
        warmup.relativeStep = false
        #expect(throws: OptimizerError.self) { try warmup.validate(for: .adafactor) }

        let half = ParameterGroup(
            name: "half", parameters: [("weight", Tensor.ones([2]))], learningRateScale: 0.5)
        #expect(throws: OptimizerError.self) { try OptimizerKind.prodigy.makeOptimizer([half]) }
        let bf16 = ParameterGroup(
            name: "bf16", parameters: [("weight", Tensor.ones([2], dtype: .bfloat16))])
        for kind in OptimizerKind.allCases where !kind.trainsBFloat16 {
            #expect(throws: OptimizerError.self) { try kind.makeOptimizer([bf16]) }
        }
    }

    @Test func settingsGoThroughJSON() throws {
        var settings = OptimizerSettings()
        for assignment in ["betas=(0.8, 0.95)", "d_coef=2", "decouple=True", "warmup_steps=7"] {
            try settings.set(assignment)
        }
        #expect(settings.beta1 == 0.8)
        #expect(settings.beta2 == 0.95)
        let data = try JSONEncoder().encode(settings)
        #expect(String(decoding: data, as: UTF8.self).contains("\"d_coef\":2"))
        #expect(try JSONDecoder().decode(OptimizerSettings.self, from: data) == settings)
        #expect(OptimizerSettings().adamW == AdamW.Settings())
    }

    @Test func ratesChangeAtTheirSteps() throws {
        let rates = try SteppedLearningRate("0.005:100, 1e-3:1000")
        #expect(
            [0, 99, 100, 999, 1000, 5000].map(rates.rate(at:)) == [
                0.005, 0.005, 1e-3, 1e-3, 1e-3, 1e-3,
            ])
        #expect(rates.endStep == 1000)
        let open = try SteppedLearningRate("0.005:2,0.001:4,1e-5")
        #expect((0..<6).map(open.rate(at:)) == [0.005, 0.005, 0.001, 0.001, 1e-5, 1e-5])
        #expect(open.endStep == nil)
        #expect(try SteppedLearningRate("5e-6").rate(at: 12) == 5e-6)
        #expect(try SteppedLearningRate("0.1:3, 0.2:-1").rate(at: 3) == 0.2)
        let data = try JSONEncoder().encode(open)
        #expect(String(decoding: data, as: UTF8.self) == "\"0.005:2,0.001:4,1e-5\"")
        #expect(try JSONDecoder().decode(SteppedLearningRate.self, from: data) == open)
    }

    @Test(arguments: [
        "", "fast", "0.1:", "0.1:x", "0.1:0", "0.1:10, 0.2:10", "0.1:10, 0.2:5", "0.1, 0.2:5",
        "0.1:10,", "0.1:2:3", "-0.1", "nan", "inf:3",
    ])
    func ratesThatCannotBeReadAreRefused(text: String) {
        #expect(throws: OptimizerError.self) { try SteppedLearningRate(text) }
    }

    @Test func refusedRatesSaySo() {
        let error = #expect(throws: OptimizerError.self) {
            try SteppedLearningRate("0.1:10, 0.2:5")
        }
        #expect(
            error?.description
                == "`learning-rate` \"0.1:10, 0.2:5\": \"5\" is not a step above 10; steps are "
                + "whole numbers that rise.")
    }

    @Test func warmups() throws {
        #expect(try Warmup("100") == .steps(100))
        #expect(try Warmup("10%") == .percent(10))
        #expect(try Warmup("100").stepCount(of: 50) == 100)
        #expect(try Warmup("10%").stepCount(of: 1999) == 199)
        #expect(try Warmup("7%").stepCount(of: 100) == 7)
        #expect(try Warmup(" 2.5 % ").stepCount(of: 1000) == 25)
        #expect(try Warmup("100%").description == "100%")
        for text in ["", "-1", "ten", "1.5", "101%", "-1%", "nan%", "%"] {
            #expect(throws: OptimizerError.self) { try Warmup(text) }
        }
        for warmup in [Warmup.steps(3), .percent(10), .percent(2.5)] {
            let data = try JSONEncoder().encode([warmup])
            #expect(try JSONDecoder().decode([Warmup].self, from: data) == [warmup])
        }
    }
}
