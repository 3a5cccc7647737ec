import ArgumentParser
import Evaluation
import Foundation
import Settings
import Torch
import Training

/// A training step in a process of its own: a library that crashes takes nothing else with it.
enum DoctorStep {
    struct Result {
        let text: String
        var seconds: Double?
        var problem: String?
    }

    static func name(of precision: TrainingConfiguration.Precision) -> String {
        precision == .no ? "fp32" : precision.rawValue
    }

    static func start(_ device: Device, _ precision: TrainingConfiguration.Precision) -> Result {
        let what = "a training step in \(name(of: precision)) on \(device)"
        let process = Process()
        process.executableURL = OwnProgram.url
        process.arguments = ["doctor-step", "\(device)", precision.rawValue]
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        do {
            try process.run()
        } catch {
            return Result(text: "not started", problem: "\(what) could not be started")
        }
        let said = output.fileHandleForReading.readDataToEndOfFile()
        let complaint = String(
            decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus == 0,
            let probe = try? JSONDecoder().decode(StepProbe.self, from: said)
        else {
            let line = complaint.split(separator: "\n").first.map(String.init)
            return Result(
                text: "it does not work",
                problem: "\(what) does not work: \(line ?? "it ended without a word")")
        }
        guard probe.isSound else {
            return Result(
                text: "it gives no sound numbers",
                problem:
                    "\(what) gives numbers that are not sound (loss \(probe.loss)); use another "
                    + "precision")
        }
        return Result(
            text: String(format: "%.3f s, and the loss falls", probe.seconds),
            seconds: probe.seconds)
    }
}

/// `attune doctor-step DEVICE PRECISION`, which `attune doctor` runs.
struct DoctorStepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor-step",
        abstract: "One step of attune doctor; it is run by that command.", shouldDisplay: false)

    @Argument(help: "auto, cpu, cuda, cuda:N or mps.")
    var device: String

    @Argument(help: "no, fp16 or bf16.")
    var precision: TrainingConfiguration.Precision

    func run() throws {
        let device = try Device(named: device)
        let dtype: DType =
            switch precision {
            case .no, .auto: .float32
            case .bf16: .bfloat16
            case .fp16: .float16
            }
        let probe = try StepProbe(dtype: dtype, device: device)
        let json = try JSONEncoder().encode(probe)
        FileHandle.standardOutput.write(json)
    }
}
