import Files
public import Foundation
import Training

/// A training that could not be done, with the sentence in which its process ended.
public struct ComparisonTrainingError: Error, Sendable, CustomStringConvertible {
    /// Which training.
    public let title: String
    /// Why it ended.
    public let reason: String

    /// The sentence for people.
    public var description: String { "\(title): \(reason)" }
}

/// A program that does one training of a comparison, so that the peak of memory is its own.
///
/// It is started with the folder of a ``ComparisonTask`` behind its arguments, and is to do what
/// ``ComparisonTask/perform(in:report:)`` of that task does. Its standard input stays open as long as anybody
/// waits for it.
public struct ComparisonWorker: Sendable {
    private let program: URL
    private let arguments: [String]

    /// - Parameter arguments: what comes before the folder.
    public init(program: URL, arguments: [String]) {
        self.program = program
        self.arguments = arguments
    }

    /// Trains, unless the folder holds the outcome of this very task.
    ///
    /// - Parameter folder: emptied and filled.
    /// - Throws: `CancellationError` when cancelled, else one sentence.
    func run(
        _ task: ComparisonTask, in folder: ComparisonFolder, at place: URL,
        cancellation: Cancellation
    ) throws -> (outcome: ComparisonTask.Outcome, isNew: Bool) {
        if let done = Self.outcome(of: task, at: place) { return (done, false) }
        try folder.remove(place)
        try Folder.create(place)
        try folder.write(task, to: ComparisonTask.file(in: place))
        let errors = place.appending(path: "errors.txt")
        try AtomicFile.write(Data(), to: errors)

        let process = Process()
        process.executableURL = program
        process.arguments = arguments + [place.path]
        // Its other end closes when this process ends, however it ends; then training ends too.
        let lifeline = Pipe()
        process.standardInput = lifeline
        let log = try FileHandle(forWritingTo: errors)
        process.standardError = log
        do {
            try process.run()
        } catch {
            throw ComparisonTrainingError(
                title: task.title,
                reason: "the program \(program.path) could not be started again")
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
        if cancellation.isRequested || isInterrupted {
            // It begins anew the next time, and may have been writing when it was ended.
            try? folder.remove(place)
            throw CancellationError()
        }
        guard process.terminationStatus == 0, process.terminationReason == .exit,
            let outcome = Self.outcome(of: task, at: place)
        else {
            throw ComparisonTrainingError(
                title: task.title, reason: Self.reason(process, errors: errors))
        }
        return (outcome, true)
    }

    private static func outcome(of task: ComparisonTask, at place: URL) -> ComparisonTask.Outcome? {
        func read<Value: Decodable>(_ file: URL, as type: Value.Type) -> Value? {
            guard let bytes = try? WholeFile.read(file, limit: 10_000_000) else { return nil }
            return try? JSONDecoder().decode(type, from: bytes)
        }
        guard read(ComparisonTask.file(in: place), as: ComparisonTask.self) == task else {
            return nil
        }
        return read(ComparisonTask.outcome(in: place), as: ComparisonTask.Outcome.self)
    }

    private static func reason(_ process: Process, errors: URL) -> String {
        let bytes = (try? WholeFile.read(errors, limit: 1_000_000)) ?? Data()
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        if process.terminationReason == .uncaughtSignal {
            let number = process.terminationStatus
            return number == SIGKILL
                ? "the system ended the training, probably for want of memory; leave the method "
                    + "out with `methods`"
                : "the training was ended by signal \(number)"
        }
        let sentence = lines.first { $0.hasPrefix("Error: ") } ?? lines.last
        return sentence.map { String($0.hasPrefix("Error: ") ? $0.dropFirst(7) : $0) }
            ?? "the training ended with status \(process.terminationStatus)"
    }
}
