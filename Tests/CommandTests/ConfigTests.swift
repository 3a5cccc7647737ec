import Foundation
import TestSupport
import Testing

/// `attune config`, as a person uses it.
@Suite struct ConfigTests {
    @Test func enterAllTheWayWritesWhatIsThenTaken() throws {
        let scratch = try Scratch()
        let asked = try Command.run(["config", "--config-file", "machine.yaml"], in: scratch.url)
        #expect(asked.status == 0, "\(asked.errors)")
        #expect(asked.output.contains("This machine has") && asked.output.contains("[no]"))
        let text = try String(contentsOf: scratch("machine.yaml"), encoding: .utf8)
        #expect(text.contains("mixed_precision: 'no'\n"))
        let shown = try Command.run(
            ["config", "show", "--config_file", "machine.yaml"], in: scratch.url)
        #expect(shown.output.contains("machine.yaml") && shown.output.contains("device"))
        try expectRefusal(
            ["config", "default", "--config-file", "machine.yaml"], in: scratch,
            naming: ["machine.yaml", "--overwrite"])
        let replaced = try Command.run(
            [
                "config", "default", "--config-file", "machine.yaml", "--overwrite",
                "--mixed-precision", "bf16",
            ], in: scratch.url)
        #expect(replaced.status == 0, "\(replaced.errors)")
        #expect(
            try String(contentsOf: scratch("machine.yaml"), encoding: .utf8)
                .contains("mixed_precision: bf16\n"))
    }

    /// DeepSpeed without offloading, on a disk, or without clipping: nothing is put into its place.
    @Test(arguments: ["none", "nvme"]) func enterLeavesAFileAsItIs(device: String) throws {
        let scratch = try Scratch()
        let text = """
            deepspeed_config:
              gradient_accumulation_steps: 4
              offload_optimizer_device: \(device)
              zero_stage: 3
            distributed_type: DEEPSPEED
            mixed_precision: bf16
            use_cpu: false

            """
        try Data(text.utf8).write(to: scratch("machine.yaml"))
        let asked = try Command.run(["config", "--config-file", "machine.yaml"], in: scratch.url)
        #expect(asked.status == 0, "\(asked.errors)")
        #expect(try String(contentsOf: scratch("machine.yaml"), encoding: .utf8) == text)
    }

    @Test(arguments: ["fsdp_config:\n  fsdp_version: 2\n", "tpu_env:\n- A=1\n"])
    func whatWouldBeLostIsNotWritten(text: String) throws {
        let scratch = try Scratch()
        try Data(text.utf8).write(to: scratch("machine.yaml"))
        let name = String(text.prefix { $0 != ":" })
        try expectRefusal(
            ["config", "--config-file", "machine.yaml"], in: scratch,
            naming: ["machine.yaml", name])
        #expect(try String(contentsOf: scratch("machine.yaml"), encoding: .utf8) == text)
    }

    /// The run says what it took, and its run.yaml repeats it without the file.
    @Test func aTrainingTakesWhatTheFileSays() throws {
        let scratch = try Scratch()
        try writePhotos(in: scratch("photos"), count: 2)
        try Data("mixed_precision: bf16\ngradient_clipping: 1\n".utf8)
            .write(to: scratch("wrong.yaml"))
        try Data("mixed_precision: bf16\nuse_cpu: true\n".utf8).write(to: scratch("machine.yaml"))
        let arguments = [
            "train", "lora", "--model", Fixture.url("models/tiny-sd1").path,
            "--instance-data-dir", "photos", "--instance-prompt", "a photo of sks robot",
            "--output-dir", "out", "--max-train-steps", "1", "--measuring-steps", "0", "--rank",
            "2", "--report-to", "none",
        ]
        try expectRefusal(
            arguments + ["--config-file", "wrong.yaml"], in: scratch,
            naming: ["wrong.yaml", "gradient_clipping"])
        let run = try Command.run(
            arguments + ["--config_file=machine.yaml"], in: scratch.url)
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.output.contains("machine.yaml: --mixed-precision bf16 --device cpu."))
        let settings = try String(contentsOf: scratch("out/run.yaml"), encoding: .utf8)
        #expect(settings.contains("mixed-precision: bf16"))
    }
}

/// `attune doctor`: what works is said, and what does not.
@Suite struct DoctorTests {
    @Test func aMachineThatTrainsIsToldSo() throws {
        let scratch = try Scratch()
        let outcome = try Command.run(["doctor", "--device", "cpu"], in: scratch.url)
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
        for word in ["LibTorch 2.11", "fp32", "bf16", "the loss falls", "trains and paints on cpu"]
        {
            #expect(outcome.output.contains(word), "no \(word)")
        }
        #expect(try scratch.listing().isEmpty)
    }

    @Test func aSettingsFileThatIsWrongIsAProblem() throws {
        let scratch = try Scratch()
        let outcome = try Command.run(
            ["doctor", "--device", "cpu"], in: scratch.url,
            variables: ["ACCELERATE_CONFIG_FILE": "nowhere.yaml"])
        #expect(outcome.status == 1)
        #expect(outcome.output.contains("Problem: ") && outcome.output.contains("nowhere.yaml"))
    }
}
