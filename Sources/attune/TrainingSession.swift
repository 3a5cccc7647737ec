import ArgumentParser
import FineTuning
import Foundation
import Torch

/// Runs a training whose options are parsed: printing, and what Ctrl-C does.
enum TrainingSession {
    static func run(
        _ configuration: FineTuningConfiguration, on device: Device, accepted: DiffusersOptions
    ) throws {
        Compute.allowFastMatmul(accepted.allowTf32)
        let printer = TrainingPrinter()
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
