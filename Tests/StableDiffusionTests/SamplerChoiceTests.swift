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
}
