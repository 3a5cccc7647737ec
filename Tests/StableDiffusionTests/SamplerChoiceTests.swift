import Foundation
import StableDiffusion
import Testing
import Torch

/// Which sampler paints where the model names one that is not here.
@Suite struct SamplerChoiceTests {
    private func configuration(_ keys: String) throws -> SchedulerConfiguration {
        let betas = #""beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear""#
        return try SchedulerConfiguration(
            json: Data("{\(keys), \(betas), \"steps_offset\": 1}".utf8), file: "file")
    }

    /// The classes whose samplers are missing, as diffusers 0.36 has them, and what is nearest.
    static let foreign: [(String, SamplerKind)] = [
        ("DPMSolverSinglestepScheduler", .dpmPlusPlus2M), ("SASolverScheduler", .dpmPlusPlus2M),
        ("TCDScheduler", .ddim), ("DDIMParallelScheduler", .ddim), ("DDPMParallelScheduler", .ddpm),
        ("SomebodysOwnScheduler", .ddim),
    ]

    @Test(arguments: SamplerKind.allCases) func everyClassThatIsHereIsTakenAsItIs(
        kind: SamplerKind
    ) throws {
        guard let name = kind.className else { return }
        let choice = try SamplerChoice(for: configuration(#""_class_name": "\#(name)""#))
        #expect(choice.kind.className == name && choice.notice == nil)
        _ = try choice.sampler(stepCount: 20)
    }

    @Test func stochasticDPMIsAKeyOfTheFile() throws {
        let choice = try SamplerChoice(
            for: configuration(
                #""_class_name": "DPMSolverMultistepScheduler", "use_beta_sigmas": true, "#
                    + #""algorithm_type": "sde-dpmsolver++""#))
        #expect(choice.kind == .dpmPlusPlus2MSDE && choice.notice == nil)
        #expect(choice.label == "DPM++ 2M SDE Beta")
    }

    /// Files as people have them, and A1111's name of what paints.
    static let files: [(String, String)] = [
        (#""_class_name": "EulerDiscreteScheduler", "use_karras_sigmas": true"#, "Euler Karras"),
        (
            #""_class_name": "EulerDiscreteScheduler", "use_exponential_sigmas": true"#,
            "Euler Exponential"
        ),
        (
            #""_class_name": "EulerDiscreteScheduler", "use_beta_sigmas": true, "#
                + #""timestep_spacing": "trailing", "final_sigmas_type": "sigma_min""#, "Euler Beta"
        ),
        (#""_class_name": "EulerAncestralDiscreteScheduler""#, "Euler a"),
        (#""_class_name": "HeunDiscreteScheduler", "use_karras_sigmas": true"#, "Heun Karras"),
        (
            #""_class_name": "LMSDiscreteScheduler", "use_exponential_sigmas": true"#,
            "LMS Exponential"
        ),
        (#""_class_name": "KDPM2DiscreteScheduler", "use_beta_sigmas": true"#, "DPM2 Beta"),
        (
            #""_class_name": "KDPM2AncestralDiscreteScheduler", "use_karras_sigmas": true"#,
            "DPM2 a Karras"
        ),
        (
            #""_class_name": "DPMSolverMultistepScheduler", "use_karras_sigmas": true, "#
                + #""algorithm_type": "sde-dpmsolver++", "solver_order": 2"#, "DPM++ 2M SDE Karras"
        ),
        (
            #""_class_name": "DPMSolverMultistepScheduler", "solver_order": 1, "#
                + #""final_sigmas_type": "sigma_min", "timestep_spacing": "leading""#, "DPM++ 2M"
        ),
        (
            #""_class_name": "DPMSolverMultistepScheduler", "use_exponential_sigmas": true, "#
                + #""solver_type": "heun", "euler_at_final": true"#, "DPM++ 2M Exponential"
        ),
        (
            #""_class_name": "DPMSolverSDEScheduler", "use_karras_sigmas": true"#,
            "DPM++ SDE Karras"
        ),
        (
            #""_class_name": "UniPCMultistepScheduler", "use_karras_sigmas": true, "#
                + #""solver_order": 3, "solver_type": "bh2""#, "UniPC Karras"
        ),
        (
            #""_class_name": "DEISMultistepScheduler", "solver_order": 3, "use_beta_sigmas": true"#,
            "DEIS Beta"
        ),
        (#""_class_name": "LCMScheduler""#, "LCM"), (#""_class_name": "DDPMScheduler""#, "DDPM"),
        (#""_class_name": "DDIMScheduler", "timestep_spacing": "trailing""#, "DDIM"),
        (#""_class_name": "PNDMScheduler", "skip_prk_steps": true"#, "PLMS"),
    ]

    @Test(arguments: files) func filesAreFollowedToTheLetter(keys: String, label: String) throws {
        let choice = try SamplerChoice(for: configuration(keys))
        #expect(choice.label == label && choice.notice == nil)
        let sampler = try choice.sampler(stepCount: 20)
        #expect(sampler.timesteps.allSatisfy { 0...999 ~= $0 })
    }

    @Test(arguments: foreign) func nearestSamplerPaintsAndIsTold(name: String, kind: SamplerKind)
        throws
    {
        let configuration = try configuration(#""_class_name": "\#(name)""#)
        let choice = try SamplerChoice(for: configuration)
        #expect(choice.kind == kind)
        let notice = try #require(choice.notice)
        #expect(notice.contains(name) && notice.contains(kind.label), "\(notice)")
        #expect(!notice.contains("--"), "\(notice)")
        #expect(try choice.sampler(stepCount: 30).timesteps.count == 30)
        // What is trained does not depend on it.
        #expect(
            NoiseSchedule(configuration).alphasCumulative
                == NoiseSchedule(.stableDiffusion()).alphasCumulative)
    }

    static let keys: [(String, SamplerKind)] = [
        (#""_class_name": "DPMSolverMultistepScheduler", "solver_order": 3"#, .dpmPlusPlus2M),
        (
            #""_class_name": "DPMSolverMultistepScheduler", "algorithm_type": "dpmsolver""#,
            .dpmPlusPlus2M
        ),
        (
            #""_class_name": "DPMSolverMultistepScheduler", "algorithm_type": "sde-dpmsolver""#,
            .dpmPlusPlus2MSDE
        ),
        (#""_class_name": "PNDMScheduler", "prediction_type": "sample""#, .ddim),
        (#""_class_name": "EulerAncestralDiscreteScheduler", "prediction_type": "sample""#, .euler),
        (
            #""_class_name": "UniPCMultistepScheduler", "predict_x0": false, "#
                + #""use_karras_sigmas": true"#, .uniPC
        ),
    ]

    @Test(arguments: keys) func keysOfASamplerThatIsHereAreReplacedAndTold(
        keys: String, kind: SamplerKind
    ) throws {
        let choice = try SamplerChoice(for: configuration(keys))
        #expect(choice.kind == kind)
        #expect(choice.notice?.contains(kind.label) == true)
        _ = try choice.sampler(stepCount: 20)
    }

    @Test func keysThatNothingIsNearToAreRefusedByName() throws {
        let unknown = try configuration(
            #""_class_name": "EulerDiscreteScheduler", "timestep_type": "other""#)
        let error = #expect(throws: SamplerError.self) { try SamplerChoice(for: unknown) }
        #expect(error?.description.contains("timestep_type is other") == true)
        for (keys, word) in [
            (#""use_flow_sigmas": true"#, "use_flow_sigmas"),
            (#""use_dynamic_shifting": true"#, "use_dynamic_shifting"),
        ] {
            let error = #expect(throws: SamplerError.self) { try configuration(keys) }
            #expect(error?.description.contains(word) == true)
        }
    }

    /// Schedulers that say nothing of betas belong to networks that were trained otherwise.
    @Test(arguments: ["EDMEulerScheduler", "FlowMatchEulerDiscreteScheduler", "KarrasVeScheduler"])
    func otherNoiseIsRefusedByName(name: String) {
        let json = Data(#"{"_class_name": "\#(name)", "sigma_min": 0.002}"#.utf8)
        let error = #expect(throws: SamplerError.self) {
            try SchedulerConfiguration(json: json, file: "scheduler_config.json")
        }
        #expect(error?.description.contains(name) == true)
    }

    @Test(arguments: [
        ("HeunDiscreteScheduler", 0.00085, BetaSchedule.linear),
        ("LCMScheduler", 0.00085, .scaledLinear), ("UniPCMultistepScheduler", 0.0001, .linear),
        ("DDIMScheduler", 0.0001, .linear),
    ])
    func absentBetasAreThoseOfTheClass(name: String, start: Double, schedule: BetaSchedule) throws {
        let json = Data(#"{"_class_name": "\#(name)"}"#.utf8)
        let configuration = try SchedulerConfiguration(json: json, file: "file")
        #expect(configuration.betaStart == start && configuration.betaSchedule == schedule)
    }

    @Test func filesOfOtherClassesDoNotCutLatents() throws {
        func cuts(_ keys: String) throws -> Bool { try configuration(keys).clipsSample }
        #expect(try cuts(#""_class_name": "DDIMScheduler""#))
        #expect(try !cuts(#""_class_name": "DDIMScheduler", "clip_sample": false"#))
        #expect(try !cuts(#""_class_name": "DPMSolverMultistepScheduler""#))
        #expect(try cuts(#""_class_name": "PNDMScheduler", "clip_sample": true"#))
    }
}
