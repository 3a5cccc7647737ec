import Foundation
import StableDiffusion
import TestSupport
import Testing
import Torch

/// Names, configurations and what is refused.
@Suite struct SamplerKindTests {
    @Test(arguments: [
        ("ddpm", SamplerKind.ddpm), ("DDIM", .ddim), ("PLMS", .pndm), ("PNDMScheduler", .pndm),
        ("Euler", .euler), ("Euler a", .eulerAncestral), ("euler_ancestral", .eulerAncestral),
        ("k_euler_a", .eulerAncestral), ("EulerDiscreteScheduler", .euler),
        ("EulerAncestralDiscreteScheduler", .eulerAncestral), ("DPM++ 2M", .dpmPlusPlus2M),
        ("dpmpp_2m", .dpmPlusPlus2M), ("DPMSolverMultistepScheduler", .dpmPlusPlus2M),
        ("dpmpp_2m_sde", .dpmPlusPlus2MSDE), ("DPM++ 2S a", .dpmPlusPlus2SAncestral),
        ("dpm_2_ancestral", .dpm2Ancestral), ("dpmpp_2s_ancestral", .dpmPlusPlus2SAncestral),
        ("KDPM2DiscreteScheduler", .dpm2), ("DPM2 a", .dpm2Ancestral), ("uni_pc", .uniPC),
        ("UniPCMultistepScheduler", .uniPC), ("k_lms", .lms), ("dpmpp_3m_sde", .dpmPlusPlus3MSDE),
    ])
    func namesAreUnderstood(name: String, kind: SamplerKind) throws {
        #expect(try SamplerKind(named: name) == kind)
    }

    @Test(
        arguments: [
            ("DPM++ 2M Karras", .dpmPlusPlus2M, .karras), ("euler-karras", .euler, .karras),
            ("dpm++-2m-karras", .dpmPlusPlus2M, .karras), ("Heun", .heun, nil),
            ("DPM++ 3M SDE Exponential", .dpmPlusPlus3MSDE, .exponential),
            ("DPM++ 2M SDE SGM Uniform", .dpmPlusPlus2MSDE, .sgmUniform),
            ("DPM2 a Polyexponential", .dpm2Ancestral, .polyexponential),
        ] as [(String, SamplerKind, SamplingSchedule?)])
    func namesWithSchedulesAreDivided(
        name: String, kind: SamplerKind, schedule: SamplingSchedule?
    ) throws {
        let found = try SamplerKind.withSchedule(named: name)
        #expect(found.kind == kind && found.schedule == schedule)
    }

    @Test func schedulesHaveNames() throws {
        for schedule in SamplingSchedule.allCases {
            #expect(try SamplingSchedule(named: schedule.label) == schedule)
        }
        #expect(try SamplingSchedule(named: "sgm_uniform") == .sgmUniform)
        #expect(try SamplingSchedule(named: "normal") == .uniform)
        #expect(throws: SamplerError.unknownSchedule("odd")) { try SamplingSchedule(named: "odd") }
        let error = #expect(throws: SamplerError.self) {
            _ = try SamplerChoice(.ddim, schedule: .karras, for: .stableDiffusion())
                .sampler(stepCount: 5)
        }
        #expect(error == .noSchedule("karras", sampler: "ddim"))
    }

    @Test func everyNameAndLabelIsItsOwn() throws {
        for kind in SamplerKind.allCases {
            #expect(try SamplerKind(named: kind.rawValue) == kind)
            #expect(try SamplerKind(named: kind.label) == kind)
        }
    }

    @Test func unknownSamplerIsAnsweredWithTheList() {
        for name in ["heunish", "", "+", "Karras", "DDIM Karras"] {
            #expect(throws: SamplerError.unknown(name)) { try SamplerKind(named: name) }
            #expect(throws: SamplerError.unknown(name)) {
                try SamplerKind.withSchedule(named: name)
            }
        }
        let sentence = SamplerError.unknown("heunish").description
        #expect(sentence.contains("heunish"))
        for kind in SamplerKind.allCases { #expect(sentence.contains(kind.rawValue)) }
    }

    @Test func theModelsOwnConfigurationDecides() throws {
        func kind(_ path: String) throws -> SamplerKind {
            let url = Fixture.url(path)
            let choice = try SamplerChoice(
                for: SchedulerConfiguration(json: Data(contentsOf: url), file: url.path))
            #expect(choice.notice == nil)
            return choice.kind
        }
        #expect(try kind("models/tiny-sd1/scheduler/scheduler_config.json") == .pndm)
        #expect(try kind("models/tiny-sd2/scheduler/scheduler_config.json") == .ddim)
        var configuration = SchedulerConfiguration()
        configuration.className = "DPMSolverMultistepScheduler"
        configuration.usesKarrasSigmas = true
        let choice = try SamplerChoice(for: configuration)
        #expect(choice.kind == .dpmPlusPlus2M && choice.schedule == .karras)
        #expect(choice.label == "DPM++ 2M Karras")
        #expect(try SamplerChoice(.euler, for: configuration).kind == .euler)
    }

    @Test func keysOfAnotherClassCarryOverAndItsDefaultsDoNot() throws {
        let url = Fixture.url("models/tiny-sd1/scheduler/scheduler_config.json")
        let configuration = try SchedulerConfiguration(
            json: Data(contentsOf: url), file: url.path)
        // The file has steps_offset 1 and no timestep_spacing.
        let ddim = try SamplerKind.ddim.makeSampler(configuration, stepCount: 4)
        #expect(ddim.timesteps == [751, 501, 251, 1])
        let pndm = try SamplerKind.pndm.makeSampler(configuration, stepCount: 4)
        #expect(pndm.timesteps == [751, 501, 501, 251, 1])
        let euler = try SamplerKind.euler.makeSampler(configuration, stepCount: 4)
        #expect(euler.timesteps == [999, 666, 333, 0])
    }

    @Test func configurationReadsWhatPythonWrites() throws {
        let json =
            Data(
                #"{"_class_name": "DPMSolverMultistepScheduler", "lambda_min_clipped": -Infinity,"#
                    .utf8)
            + Data(#" "trained_betas": null, "use_karras_sigmas": null, "unheard_of": [1]}"#.utf8)
        let configuration = try SchedulerConfiguration(json: json, file: "file")
        #expect(configuration.lambdaMinClipped == -.infinity)
        #expect(configuration.timestepSpacing == nil)
        let again = try SchedulerConfiguration(
            json: JSONEncoder().encode(configuration), file: "file")
        #expect(again == configuration)
    }

    @Test(arguments: [
        (#"{"beta_schedule": "cosine"}"#, "beta_schedule"),
        (#"{"prediction_type": "flow_prediction"}"#, "prediction_type"),
        (#"{"num_train_timesteps": "many"}"#, "num_train_timesteps"),
        (#"{"num_train_timesteps": 0}"#, "num_train_timesteps"),
        (#"{"trained_betas": [0.1]}"#, "trained_betas"),
        (#"{"beta_end": 2}"#, "beta_end"),
        (#"{"steps_offset": -1}"#, "steps_offset"),
        (#"{"sigma_min": 0}"#, "sigma_min"),
        ("[", "JSON"), ("[]", "JSON"), ("", "JSON"),
    ])
    func wrongConfigurationIsNamed(json: String, word: String) {
        let error = #expect(throws: SamplerError.self) {
            try SchedulerConfiguration(json: Data(json.utf8), file: "folder/scheduler_config.json")
        }
        let sentence = error?.description ?? ""
        #expect(sentence.contains(word), "\(sentence)")
        #expect(sentence.contains("folder/scheduler_config.json"), "\(sentence)")
    }

    static let refusals: [(SamplerKind, String, @Sendable (inout SchedulerConfiguration) -> Void)] =
        [
            (
                .heun, "use_karras_sigmas",
                { ($0.usesBetaSigmas, $0.usesKarrasSigmas) = (true, true) }
            ),
            (.dpm2, "prediction_type", { $0.predictionType = .sample }),
            (.uniPC, "predict_x0", { $0.predictsClean = false }),
            (.deis, "solver_order", { $0.solverOrder = 4 }),
            (.dpmPlusPlus2MSDE, "algorithm_type", { $0.algorithmType = "sde-dpmsolver" }),
            (.euler, "interpolation_type", { $0.interpolationType = "cubic" }),
            (.euler, "timestep_type", { $0.timestepType = "other" }),
            (.euler, "final_sigmas_type", { $0.finalSigmasType = "other" }),
            (.euler, "beta_schedule", { $0.betaSchedule = .sigmoid }),
            (.eulerAncestral, "prediction_type", { $0.predictionType = .sample }),
            (.pndm, "prediction_type", { $0.predictionType = .sample }),
            (.ddpm, "variance_type", { $0.varianceType = "learned_range" }),
            (.dpmPlusPlus2M, "solver_order", { $0.solverOrder = 3 }),
            (.dpmPlusPlus2M, "algorithm_type", { $0.algorithmType = "sde-dpmsolver++" }),
            (.dpmPlusPlus2M, "solver_type", { $0.solverType = "other" }),
            (.dpmPlusPlus2M, "use_flow_sigmas", { $0.usesFlowSigmas = true }),
            (.dpmPlusPlus2M, "lambda_min_clipped", { $0.lambdaMinClipped = 100 }),
        ]

    @Test(arguments: refusals.indices) func keysAreNeverIgnoredSilently(index: Int) {
        let (kind, key, change) = SamplerKindTests.refusals[index]
        var configuration = SchedulerConfiguration.stableDiffusion()
        change(&configuration)
        let error = #expect(throws: SamplerError.self) {
            _ = try kind.makeSampler(configuration, stepCount: 10)
        }
        #expect(error?.description.contains(key) == true)
    }

    @Test func impossibleStepsAreRefused() {
        let configuration = SchedulerConfiguration.stableDiffusion()
        for kind in SamplerKind.allCases {
            for count in [0, -1, 1001] {
                #expect(throws: SamplerError.self) {
                    _ = try kind.makeSampler(configuration, stepCount: count)
                }
            }
        }
        // 1000 steps and an offset of 1 would ask for training step 1000.
        var leading = configuration
        leading.timestepSpacing = .leading
        for kind in [SamplerKind.ddim, .euler, .eulerAncestral] {
            #expect(throws: SamplerError.self) {
                _ = try kind.makeSampler(leading, stepCount: 1000)
            }
        }
        #expect(throws: SamplerError.self) {
            _ = try SamplerKind.dpmPlusPlus2M.makeSampler(leading, stepCount: 999)
        }
        var rungeKutta = configuration
        rungeKutta.skipsPRKSteps = false
        #expect(throws: SamplerError.self) {
            _ = try SamplerKind.pndm.makeSampler(rungeKutta, stepCount: 3)
        }
    }

    @Test func noisePredictionFromNoSignalIsRefused() throws {
        var configuration = SchedulerConfiguration.stableDiffusion()
        configuration.rescalesBetasToZeroSNR = true
        configuration.timestepSpacing = .trailing
        for kind in [SamplerKind.ddpm, .ddim] {
            #expect(throws: SamplerError.noSignal(sampler: kind.rawValue)) {
                _ = try kind.makeSampler(configuration, stepCount: 10)
            }
        }
        configuration.predictionType = .vPrediction
        _ = try SamplerKind.ddim.makeSampler(configuration, stepCount: 10)
    }

    static let callsTwice: Set<SamplerKind> = [
        .heun, .dpm2, .dpm2Ancestral, .dpmPlusPlus2SAncestral, .dpmPlusPlusSDE,
    ]

    @Test func everyStepCountGivesStepsThatTheModelKnows() throws {
        for spacing in TimestepSpacing.allCases {
            var configuration = SchedulerConfiguration.stableDiffusion()
            configuration.timestepSpacing = spacing
            for kind in SamplerKind.allCases {
                for count in Array(1...60) + [99, 250, 333, 500, 998] {
                    if kind == .lcm, count > 50 { continue }
                    let times = try kind.makeSampler(configuration, stepCount: count).timesteps
                    // PNDM takes its second step twice.
                    let expected =
                        SamplerKindTests.callsTwice.contains(kind)
                        ? 2 * count - 1 : count + (kind == .pndm && count > 1 ? 1 : 0)
                    #expect(times.count == expected, "\(kind) \(spacing) \(count)")
                    #expect(times.allSatisfy { 0...999 ~= $0 }, "\(kind) \(spacing) \(count)")
                    // With fresh noise, the middle of a step lies far down.
                    if [.dpm2Ancestral, .dpmPlusPlus2SAncestral].contains(kind) { continue }
                    #expect(zip(times, times.dropFirst()).allSatisfy { $0 >= $1 })
                }
            }
        }
    }
}
