import Foundation
import TestSupport
import Testing
import Torch

/// Several processes that train and paint together, started as a person starts them.
@Suite struct LaunchTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try writePhotos(in: scratch("photos"), count: 3)
    }

    private func training(_ output: String, steps: Int) -> [String] {
        [
            "train", "lora", "--model", Fixture.url("models/tiny-sd1").path,
            "--instance-data-dir", "photos", "--instance-prompt", "sks robot", "--rank", "2",
            "--no-train-text-encoder", "--max-train-steps", String(steps), "--seed", "1",
            "--train-batch-size", "1", "--measuring-steps", "0", "--output-dir", output,
            "--device", "cpu",
        ]
    }

    @Test func twoProcessesTrain() throws {
        let outcome = try Command.run(
            ["launch", "--num-processes", "2"] + training("out", steps: 2), in: scratch.url)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(
            outcome.output.contains(
                "2 processes train together, 1 example(s) each: 2 in a batch."))
        #expect(outcome.output.components(separatedBy: "The trained model is in").count == 3)
        #expect(try scratch.listing().contains("out/out.safetensors"))
    }

    @Test func fourPaintWhatOnePaints() throws {
        func paint(_ output: String) -> [String] {
            [
                "generate", "--model", Fixture.url("models/tiny-sd1").path, "--prompt", "a robot",
                "--count", "7", "--batch-size", "2", "--steps", "2", "--seed", "5", "--output",
                output, "--device", "cpu",
            ]
        }
        let alone = try Command.run(paint("one"), in: scratch.url)
        #expect(alone.status == 0, "\(alone.errors)")
        let outcome = try Command.run(
            ["launch", "--num_processes", "4"] + paint("four"), in: scratch.url)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let names = try FileManager.default.contentsOfDirectory(atPath: scratch("one").path)
        #expect(names.count == 9)
        for name in names {
            #expect(
                try Data(contentsOf: scratch("one/\(name)"))
                    == Data(contentsOf: scratch("four/\(name)")), "\(name)")
        }
    }

    /// One that is killed ends the others, and its name and reason are told.
    @Test func whoIsKilledIsNamed() throws {
        let command = try RunningCommand(
            ["launch", "--num-processes", "2"] + training("out", steps: 100_000), in: scratch.url)
        try command.wait(for: "training 1/")
        kill(try #require(command.children().last), SIGKILL)
        #expect(command.end() == 1)
        #expect(
            command.text.contains("Error: process 1 on ")
                && command.text.contains(" has ended: it was killed (signal 9)"),
            "\(command.text)")
    }

    /// With weights in parts the others wait for those of the one that is killed.
    @Test func whoIsKilledWithAPartOfTheWeightsIsNamed() throws {
        let command = try RunningCommand(
            [
                "launch", "--num-processes", "3", "train", "dreambooth", "--model",
                Fixture.url("models/tiny-sd1").path, "--instance-data-dir", "photos",
                "--instance-prompt", "sks robot", "--max-train-steps", "100000",
                "--train-batch-size", "1", "--measuring-steps", "0", "--zero-stage", "3",
                "--output-dir", "out", "--device", "cpu",
            ], in: scratch.url)
        try command.wait(for: "training 1/")
        kill(try #require(command.children().last), SIGKILL)
        #expect(command.end() == 1)
        #expect(command.text.contains("Error: process 2 on "), "\(command.text)")
    }

    @Test func controlCGoesToAllAndTheySave() throws {
        let command = try RunningCommand(
            ["launch", "--num-processes", "2"] + training("out", steps: 100_000), in: scratch.url)
        try command.wait(for: "training 1/")
        command.send(SIGINT)
        #expect(command.end() == 130)
        #expect(command.text.contains("saved in"), "\(command.text)")
        #expect(try scratch.listing().contains { $0.hasPrefix("out/checkpoint-") })
    }

    /// What srun says is enough.
    @Test func srunNeedsNoLauncher() throws {
        let port = try ProcessStore(keptAt: 0).port
        func variables(_ rank: Int) -> [String: String] {
            [
                "SLURM_PROCID": String(rank), "SLURM_NTASKS": "2", "SLURM_LOCALID": String(rank),
                "SLURM_STEP_ID": "0", "SLURM_JOB_ID": "1", "SLURM_STEP_NODELIST": "localhost",
                "MASTER_PORT": String(port),
            ]
        }
        let other = try RunningCommand(
            training("out", steps: 2), in: scratch.url, variables: variables(1))
        let outcome = try Command.run(
            training("out", steps: 2), in: scratch.url, variables: variables(0))
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(other.end() == 0, "\(other.text)")
        #expect(outcome.output.contains("2 in a batch"))
    }

    @Test func aPortInUseIsRefused() throws {
        let store = try ProcessStore(keptAt: 0)
        try expectRefusal(
            ["launch", "--num-processes", "2", "--main-process-port", String(store.port)]
                + training("out", steps: 2), in: scratch,
            naming: [":\(store.port)", "another program listens", "--main-process-port"])
    }

    @Test(arguments: [
        (["launch"], "say what to start"),
        (["launch", "demo"], "launch demo"),
        (["launch", "--num-processes", "0", "train", "lora"], "--num-processes 0"),
        (["launch", "--num-processes", "3", "--num-machines", "2", "train"], "--num-processes 3"),
        (["launch", "--num-processes", "4", "--num-machines", "2", "train"], "--main-process-ip"),
        (["launch", "--num-processes", "2", "--machine-rank", "1", "train"], "--machine-rank 1"),
    ]) func wrongOptionsAreNamed(arguments: [String], words: String) throws {
        try expectRefusal(arguments, in: scratch, naming: [words])
    }

    /// The file of accelerate says how many.
    @Test func theFileOfAccelerateIsTaken() throws {
        try Data("distributed_type: MULTI_CPU\nnum_processes: 2\nuse_cpu: true\n".utf8).write(
            to: scratch("machine.yaml"))
        // Without a seed one is drawn, the same for both.
        var told = training("out", steps: 1)
        let place = try #require(told.firstIndex(of: "--seed"))
        told.removeSubrange(place...place + 1)
        let outcome = try Command.run(
            ["launch", "--config-file", "machine.yaml"] + told, in: scratch.url)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("2 processes train together"))
    }
}
