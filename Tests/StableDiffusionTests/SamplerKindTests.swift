import Foundation
import StableDiffusion
import TestSupport
import Testing
import Torch

/// Names, configurations and what is refused.
@Suite struct SamplerKindTests {
    @Test(
        arguments: [
            // Those of this program and of its older versions.
            ("ddpm", .ddpm, nil), ("euler-karras", .euler, .karras),
            ("dpm++-2m-karras", .dpmPlusPlus2M, .karras), ("Heun", .heun, nil),
            ("Restart Karras", .restart, .karras),
            // A1111's, of all its versions.
            ("DDIM", .ddim, nil), ("PLMS", .pndm, nil), ("Euler", .euler, nil),
            ("Euler a", .eulerAncestral, nil), ("LMS Karras", .lms, .karras),
            ("DPM2", .dpm2, nil), ("DPM2 a", .dpm2Ancestral, nil),
            ("DPM2 a Karras", .dpm2Ancestral, .karras),
            ("DPM2 a Polyexponential", .dpm2Ancestral, .polyexponential),
            ("DPM++ 2S a", .dpmPlusPlus2SAncestral, nil),
            ("DPM++ 2S a Karras", .dpmPlusPlus2SAncestral, .karras),
            ("DPM++ 2M", .dpmPlusPlus2M, nil), ("DPM++ 2M Karras", .dpmPlusPlus2M, .karras),
            ("DPM++ SDE", .dpmPlusPlusSDE, nil), ("DPM++ SDE Karras", .dpmPlusPlusSDE, .karras),
            ("DPM++ 2M SDE Karras", .dpmPlusPlus2MSDE, .karras),
            ("DPM++ 2M SDE Exponential", .dpmPlusPlus2MSDE, .exponential),
            ("DPM++ 2M SDE SGM Uniform", .dpmPlusPlus2MSDE, .sgmUniform),
            ("DPM++ 3M SDE Exponential", .dpmPlusPlus3MSDE, .exponential),
            ("UniPC", .uniPC, nil), ("LCM", .lcm, nil), ("Restart", .restart, nil),
            ("k_euler_a", .eulerAncestral, nil), ("k_lms", .lms, nil),
            // ComfyUI's.
            ("euler_ancestral", .eulerAncestral, nil), ("dpm_2", .dpm2, nil),
            ("dpm_2_ancestral", .dpm2Ancestral, nil), ("heun", .heun, nil), ("lms", .lms, nil),
            ("dpmpp_2s_ancestral", .dpmPlusPlus2SAncestral, nil),
            ("dpmpp_2m", .dpmPlusPlus2M, nil), ("dpmpp_sde", .dpmPlusPlusSDE, nil),
            ("dpmpp_2m_sde", .dpmPlusPlus2MSDE, nil), ("dpmpp_2m_sde_gpu", .dpmPlusPlus2MSDE, nil),
            ("dpmpp_3m_sde", .dpmPlusPlus3MSDE, nil), ("uni_pc", .uniPC, nil),
            ("uni_pc_bh2", .uniPC, nil), ("deis", .deis, nil), ("lcm", .lcm, nil),
            // diffusers'.
            ("PNDMScheduler", .pndm, nil), ("DDIMScheduler", .ddim, nil),
            ("EulerDiscreteScheduler", .euler, nil),
            ("EulerAncestralDiscreteScheduler", .eulerAncestral, nil),
            ("HeunDiscreteScheduler", .heun, nil), ("LMSDiscreteScheduler", .lms, nil),
            ("KDPM2DiscreteScheduler", .dpm2, nil),
            ("KDPM2AncestralDiscreteScheduler", .dpm2Ancestral, nil),
            ("DPMSolverMultistepScheduler", .dpmPlusPlus2M, nil),
            ("DPMSolverSDEScheduler", .dpmPlusPlusSDE, nil),
            ("UniPCMultistepScheduler", .uniPC, nil), ("DEISMultistepScheduler", .deis, nil),
            ("LCMScheduler", .lcm, nil), ("sde-dpmsolver++", .dpmPlusPlus2MSDE, nil),
        ] as [(String, SamplerKind, SamplingSchedule?)])
    func namesAreUnderstood(
        name: String, kind: SamplerKind, schedule: SamplingSchedule?
    ) throws {
        let found = try SamplerKind.withSchedule(named: name)
        #expect(found.kind == kind && found.schedule == schedule)
        // In files, too.
        let json = Data(#"{"prompt": "p", "sampler": "\#(name)"}"#.utf8)
        let settings = try JSONDecoder().decode(GenerationSettings.self, from: json)
        #expect(settings.sampler == kind && settings.schedule == schedule)
        let again = try JSONDecoder().decode(
            GenerationSettings.self, from: JSONEncoder().encode(settings))
        #expect(again == settings)
    }

    @Test(
        arguments: [
            ("karras", .karras), ("Karras", .karras), ("sgm_uniform", .sgmUniform),
            ("SGM Uniform", .sgmUniform), ("normal", .uniform), ("simple", .simple),
            ("beta", .beta), ("exponential", .exponential), ("Automatic", .automatic),
            ("use_karras_sigmas", .karras), ("use_beta_sigmas", .beta),
            ("Polyexponential", .polyexponential),
        ] as [(String, SamplingSchedule)])
    func namesOfSchedulesAreUnderstood(name: String, schedule: SamplingSchedule) throws {
        #expect(try SamplingSchedule(named: name) == schedule)
    }

    @Test(arguments: [
        ("dpmpp_2m_sd", "dpm++-2m-sde?"), ("Eular a", "euler-ancestral?"),
        ("EulerDiscreetScheduler", "euler?"), ("huen", "heun?"), ("Heunn Karras", "heun karras?"),
        ("UniPCMultistepSchedular", "unipc?"), ("restrat", "restart?"),
    ])
    func unknownNamesAreAnsweredWithTheNearest(name: String, nearest: String) {
        let error = #expect(throws: SamplerError.self) {
            _ = try SamplerKind.withSchedule(named: name)
        }
        #expect(error?.description.contains("did you mean \(nearest)") == true)
        #expect(
            SamplerError.unknownSchedule("karas").description.contains("did you mean karras?"))
    }

    @Test func schedulesHaveNames() throws {
        for schedule in SamplingSchedule.allCases {
            #expect(try SamplingSchedule(named: schedule.label) == schedule)
        }
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
        for name in ["heunish", "", "+", "Karras"] {
            #expect(throws: SamplerError.unknown(name)) { try SamplerKind(named: name) }
            #expect(throws: SamplerError.unknown(name)) {
                try SamplerKind.withSchedule(named: name)
            }
        }
        #expect(throws: SamplerError.noSchedule("karras", sampler: "ddim")) {
            try SamplerKind.withSchedule(named: "DDIM Karras")
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
        .heun, .dpm2, .dpm2Ancestral, .dpmPlusPlus2SAncestral, .dpmPlusPlusSDE, .restart,
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
                    #expect(times.allSatisfy { 0...999 ~= $0 }, "\(kind) \(spacing) \(count)")
                    // Where 0 is nearer to 0.1 than the lowest sigma is, it goes up from there.
                    if kind == .restart, spacing == .trailing, 20..<25 ~= count { continue }
                    #expect(times.count == expected, "\(kind) \(spacing) \(count)")
                    // With fresh noise, the middle of a step lies far down.
                    if [.dpm2Ancestral, .dpmPlusPlus2SAncestral].contains(kind) { continue }
                    // It goes up again.
                    if kind == .restart, count >= 20 { continue }
                    #expect(zip(times, times.dropFirst()).allSatisfy { $0 >= $1 })
                }
            }
        }
    }
}
