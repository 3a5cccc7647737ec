import ArgumentParser
import Files
import Foundation
import Training

/// A training that could not be done, with the sentence in which its process ended.
struct CompareTrainingError: Error, CustomStringConvertible {
    let title: String
    let reason: String

    var description: String { "\(title): \(reason)" }
}

/// Runs trainings in processes of their own.
struct CompareTraining {
    let cancellation: Cancellation

    /// Trains, unless the folder holds the outcome of this very task.
    ///
    /// - Parameter folder: emptied and filled.
    /// - Throws: `ExitCode` 130 when cancelled, else one sentence.
    func run(_ task: CompareTask, in folder: CompareFolder, at place: URL) throws
        -> (outcome: CompareTask.Outcome, isNew: Bool)
    {
        if let done = Self.outcome(of: task, at: place) { return (done, false) }
        try folder.remove(place)
        try Folder.create(place)
        try folder.write(task, to: CompareTask.file(in: place))
        let errors = place.appending(path: "errors.txt")
        try AtomicFile.write(Data(), to: errors)

        let process = Process()
        process.executableURL = Self.program
        process.arguments = ["compare-one", place.path]
        // Its other end closes when this process ends, however it ends; then training ends too.
        let lifeline = Pipe()
        process.standardInput = lifeline
        let log = try FileHandle(forWritingTo: errors)
        process.standardError = log
        do {
            try process.run()
        } catch {
            throw CompareTrainingError(
                title: task.title,
                reason: "the program \(Self.program.path) could not be started again")
        }
        while process.isRunning {
            if cancellation.isRequested { process.terminate() }
            usleep(50_000)
        }
        process.waitUntilExit()
        try? log.close()
        try? lifeline.fileHandleForWriting.close()
        // Ctrl-C may reach the training before this process.
        let isInterrupted =
            process.terminationReason == .uncaughtSignal
            && [SIGINT, SIGTERM].contains(process.terminationStatus)
        if cancellation.isRequested || isInterrupted { throw ExitCode(130) }
        guard process.terminationStatus == 0, process.terminationReason == .exit,
            let outcome = Self.outcome(of: task, at: place)
        else {
            throw CompareTrainingError(
                title: task.title, reason: Self.reason(process, errors: errors))
        }
        return (outcome, true)
    }

    private static func outcome(of task: CompareTask, at place: URL) -> CompareTask.Outcome? {
        func read<Value: Decodable>(_ file: URL, as type: Value.Type) -> Value? {
            guard let bytes = try? WholeFile.read(file, limit: 10_000_000) else { return nil }
            return try? JSONDecoder().decode(type, from: bytes)
        }
        guard read(CompareTask.file(in: place), as: CompareTask.self) == task else { return nil }
        return read(CompareTask.outcome(in: place), as: CompareTask.Outcome.self)
    }

    private static func reason(_ process: Process, errors: URL) -> String {
        let bytes = (try? WholeFile.read(errors, limit: 1_000_000)) ?? Data()
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        if process.terminationReason == .uncaughtSignal {
            let number = process.terminationStatus
            return number == SIGKILL
                ? "the system ended the training, probably for want of memory; leave the method "
                    + "out with --methods"
                : "the training was ended by signal \(number)"
        }
        let sentence = lines.first { $0.hasPrefix("Error: ") } ?? lines.last
        return sentence.map { String($0.hasPrefix("Error: ") ? $0.dropFirst(7) : $0) }
            ?? "the training ended with status \(process.terminationStatus)"
    }

    /// This program itself.
    private static var program: URL {
        #if os(Linux)
            // The name it was started under may be relative, and the folder another by now.
            let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            if let link { return URL(filePath: link) }
        #endif
        return Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0])
    }
}
