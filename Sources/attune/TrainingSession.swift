import ArgumentParser
import FineTuning
import Foundation
import Torch

/// A command that teaches a subject from photos and a prompt, by one of the methods.
protocol SubjectCommand: ParsableCommand {
    /// What the method is called by in folders, where no other is given.
    static var outputDir: String { get }
    /// The learning rate where none is given.
    static var learningRate: Double { get }

    var subject: SubjectOptions { get }
    var prior: PriorPreservationOptions { get }
    var data: DataOptions { get }
    var loop: TrainingOptions { get }
    var keeping: KeepingOptions { get }
    var accepted: DiffusersOptions { get }

    func method() throws -> FineTuningMethod
}

extension SubjectCommand {
    func run() throws {
        var configuration = FineTuningConfiguration(
            instanceDataDir: subject.instanceDataDir, instancePrompt: subject.instancePrompt)
        configuration.method = try method()
        subject.apply(to: &configuration, outputDir: Self.outputDir)
        prior.apply(to: &configuration)
        data.apply(to: &configuration.data)
        try loop.apply(to: &configuration.training, learningRate: Self.learningRate)
        keeping.apply(to: &configuration)
        try configuration.validate()
        try TrainingSession.run(
            configuration, on: Device(named: subject.device), accepted: accepted)
    }
}

/// Runs a training whose options are parsed: printing, and what Ctrl-C does.
enum TrainingSession {
    static func run(
        _ configuration: FineTuningConfiguration, on device: Device, accepted: DiffusersOptions
    ) throws {
        Compute.allowFastMatmul(accepted.allowTf32)
        let printer = TrainingPrinter(device: device)
        for notice in accepted.notices { printer.show(.notice(notice)) }
        let interruption = Interruption(
            message: "Ending after this step and saving; press Ctrl-C again to end at once.")
        let training = FineTuningRun(
            configuration, device: device, cancellation: interruption.cancellation,
            report: printer.show)
        do {
            try training.run()
        } catch let error as TrainingError {
            printer.finish()
            guard case .interrupted = error else { throw error }
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            // What shells give a program that Ctrl-C ended.
            throw ExitCode(130)
        } catch {
            printer.finish()
            throw error
        }
    }
}
