import Foundation
import RunRecord
import Settings
import Torch
import Training

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A training whose memory has run out, begun anew in the next way that needs less: by this program
/// itself, in the place of this process, from the last step that was done.
struct SteppedDown {
    /// What the program is started with.
    let arguments: [String]
    /// For people.
    let notice: String

    /// Nil where there is no way that needs less, or none was to be taken.
    init?(_ settled: SettledTraining, saved: FineTuningRun.SavedState?) {
        guard settled.configuration.training.fit else { return nil }
        var settings = settled.settings
        let resume = "resume-from-checkpoint"
        if let saved {
            guard (try? settings.set(resume, to: saved.path)) != nil else { return nil }
        }
        let ways = settings.memoryRungs(onProcessor: settled.device.isProcessor)
        guard ways.count > 1 else { return nil }
        let added = settings.names(addedBy: ways[1])
        // What this process added by itself would not be added again.
        let all = settled.told.names(addedBy: ways[1]).filter { $0 != resume }
        var options = SettledTraining.arguments(all, ways[1])
        if let saved { options += ["--\(resume)", saved.path] }
        arguments = CommandLine.arguments + options
        notice =
            "Out of memory: the run "
            + (saved.map { "goes on after step \($0.step)" } ?? "begins again")
            + " with \(SettledTraining.options(added, ways[1])) (`no-fit` lets it end instead)."
    }

    /// Replaces this process; where that fails, or somebody asked to end, returns.
    func begin(_ printer: TrainingPrinter, _ interruption: Interruption) {
        guard !interruption.cancellation.isRequested else { return }
        printer.finish()
        printer.show(.notice(notice))
        let program = OwnProgram.url.path
        var pointers = arguments.map { strdup($0) }
        pointers.append(nil)
        Interruption.restoreSignals(keepingIgnoredHangup: interruption.ignoresHangup)
        execv(program, pointers)
    }
}
