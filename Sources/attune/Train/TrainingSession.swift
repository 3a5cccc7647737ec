import ArgumentParser
import Foundation
import Settings
import Torch
import Training

/// Runs a training whose settings are known: printing, and what Ctrl-C does.
enum TrainingSession {
    static func run(
        _ settled: SettledTraining, processes: ProcessGroup?, printer: TrainingPrinter,
        wording: Wording
    ) throws {
        Compute.allowFastMatmul(settled.configuration.accepted.allowTF32)
        let isFirst = processes?.isFirst ?? true
        let interruption = Interruption(
            message: isFirst
                ? "Ending after this step and saving; press Ctrl-C again to end at once." : "")
        let training = FineTuningRun(
            settled.configuration, device: settled.device,
            cancellation: interruption.cancellation, runFiles: try settled.runFiles(),
            processes: processes,
            report: { event in
                // Of several processes one speaks.
                if isFirst { printer.show(event) }
            })
        if processes == nil {
            training.outOfMemory = { SteppedDown(settled, saved: $0)?.begin(printer, interruption) }
        }
        do {
            try training.run()
        } catch let error as TrainingError {
            printer.finish()
            switch error {
            case .interrupted, .interruptedAtEnd: break
            default: throw error
            }
            if isFirst {
                FileHandle.standardError.write(Data("\(wording.sentence("\(error)"))\n".utf8))
            }
            // What shells give a program that Ctrl-C ended.
            throw ExitCode(130)
        } catch {
            printer.finish()
            throw error
        }
    }
}
