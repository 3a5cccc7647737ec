import ArgumentParser
import Comparison
import Foundation

/// `attune compare-one FOLDER`, which `attune compare` runs.
struct CompareOneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare-one",
        abstract: "One training of attune compare; it is run by that command.",
        shouldDisplay: false)

    @Argument(help: "A folder with task.json.")
    var folder: String

    func run() throws {
        let folder = URL(filePath: folder)
        let task = try ComparisonTask(in: folder)
        Self.endWithParent()
        let progress = ProgressPrinter(wording: Wording(CompareCommand.self))
        defer { progress.finish() }
        try task.perform(in: folder, report: progress.show)
    }

    /// The comparison holds the other end of the standard input: when it ends, however it ends,
    /// nobody waits for this training any more.
    private static func endWithParent() {
        var ends = sigset_t()
        sigemptyset(&ends)
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_DFL)
            sigaddset(&ends, number)
        }
        // The thread that started the comparison may hold them back, and programs inherit that.
        pthread_sigmask(SIG_UNBLOCK, &ends, nil)
        DispatchQueue.global().async {
            while !FileHandle.standardInput.availableData.isEmpty {}
            _exit(130)
        }
    }
}
