import ArgumentParser
import Evaluation
import Foundation
import RunRecord
import Settings
import StableDiffusion
import Torch

/// `attune doctor`
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "See whether this machine can train and paint, and say what is missing.",
        discussion: """
            A small network is trained for a few steps in each precision, in a process of its own. \
            The exit status is 1 where something does not work.
            """)

    @Option(help: "auto, cpu, cuda, cuda:N or mps.")
    var device = "auto"

    func run() throws {
        let device = try Device(named: device)
        let facts = MachineFacts()
        Self.tell("Engine", "LibTorch \(Compute.libTorchVersion), \(Compute.threadCount) thread(s)")
        Self.tell("Machine", facts.description)
        Self.tell("Disk", disk ?? "it cannot be seen how much is free here")
        var problems = [memoryProblem(facts)].compactMap { $0 }
        if self.device == "auto", let obstacle = Device.cudaObstacle, obstacle != .nothing {
            Self.tell("GPU", "\(obstacle)")
            if case .broken = obstacle { problems.append("\(obstacle)") }
        }
        do {
            Self.tell("Model", "the embedded one is in \(try EmbeddedModel.locate().path)")
        } catch {
            problems.append("\(error)")
        }
        do {
            let machine = try MachineSettings()
            Self.tell("Settings", machine.file.map(\.path) ?? "none; attune config asks for them")
        } catch {
            problems.append(Wording(Self.self).sentence("\(error)"))
        }
        var seconds: [TrainingConfiguration.Precision: Double] = [:]
        for precision in TrainingConfiguration.Precision.allCases where precision != .auto {
            // A processor computes bf16 in its place.
            if device.isProcessor, precision == .fp16 { continue }
            let result = DoctorStep.start(device, precision)
            Self.tell("Step, \(DoctorStep.name(of: precision))", result.text)
            seconds[precision] = result.seconds
            if let problem = result.problem { problems.append(problem) }
        }
        print("")
        guard problems.isEmpty else {
            problems.forEach { print("Problem: \($0)") }
            throw ExitCode(1)
        }
        print(Self.verdict(device, seconds))
    }

    private static func tell(_ title: String, _ text: String) {
        print("\(title.padding(toLength: 12, withPad: " ", startingAt: 0))  \(text)")
        fflush(nil)
    }

    private var disk: String? {
        let here = URL(filePath: FileManager.default.currentDirectoryPath)
        let keys: Set<URLResourceKey> = [.volumeAvailableCapacityKey]
        guard let free = try? here.resourceValues(forKeys: keys).volumeAvailableCapacity else {
            return nil
        }
        let advice = free < 10 << 30 ? "; a trained model of Stable Diffusion takes 4 GB" : ""
        return "\(MemoryUse.text(free)) are free here\(advice)"
    }

    private func memoryProblem(_ facts: MachineFacts) -> String? {
        facts.memory >= 4 << 30
            ? nil
            : "4 GB of main memory are the least for Stable Diffusion; the embedded model runs."
    }

    private static func verdict(
        _ device: Device, _ seconds: [TrainingConfiguration.Precision: Double]
    ) -> String {
        let fastest = seconds.min { $0.value < $1.value }
        guard let fastest, let plain = seconds[.no], fastest.key != .no,
            plain > 1.1 * fastest.value
        else { return "This machine trains and paints on \(device)." }
        let factor = String(format: "%.1f", plain / fastest.value)
        return "This machine trains and paints on \(device); `--mixed-precision \(fastest.key)` is "
            + "the quickest here, \(factor) times as quick as fp32 in this small step."
    }
}
