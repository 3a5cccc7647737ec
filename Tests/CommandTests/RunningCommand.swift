import Foundation
import TestSupport

/// The program while it runs, watched by what it prints: a test that waits for words waits for a
/// phase, whatever the machine's speed.
final class RunningCommand {
    /// It ended before it printed what was waited for.
    struct Ended: Error, CustomStringConvertible {
        let words: String
        let text: String

        var description: String { "ended before it printed \"\(words)\":\n\(text)" }
    }

    /// All that it printed so far, on both streams.
    private(set) var text = ""
    private let process = Process()
    private let output: FileHandle
    /// What was waited for is not found again.
    private var place = 0

    /// - Parameter variables: of the environment, besides the usual ones.
    init(_ arguments: [String], in folder: URL, variables: [String: String] = [:]) throws {
        process.executableURL = try Command.executable()
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.environment = Command.environment.merging(variables) { $1 }
        process.standardInput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        output = pipe.fileHandleForReading
        try process.run()
        try pipe.fileHandleForWriting.close()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// Waits until it prints something, beyond what was waited for before.
    ///
    /// - Throws: ``Ended``.
    func wait(for words: String) throws {
        while true {
            let new = text.utf8.dropFirst(place)
            if let found = String(Substring(new)).range(of: words) {
                place += String(Substring(new))[..<found.upperBound].utf8.count
                return
            }
            guard read() else { throw Ended(words: words, text: text) }
        }
    }

    /// The processes that it has started, in that order.
    func children() throws -> [Int32] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }
            .filter { number in
                let status = try? String(contentsOfFile: "/proc/\(number)/status", encoding: .utf8)
                return status?.contains("PPid:\t\(process.processIdentifier)\n") ?? false
            }.sorted()
    }

    /// Whether it has not ended.
    var isRunning: Bool { process.isRunning }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Waits for the end.
    ///
    /// - Returns: as the shell has it: 128 and the number of a signal that it died of.
    func end() -> Int32 {
        while read() {}
        process.waitUntilExit()
        let isSignal = process.terminationReason == .uncaughtSignal
        return process.terminationStatus + (isSignal ? 128 : 0)
    }

    private func read() -> Bool {
        let bytes = output.availableData
        text += String(decoding: bytes, as: UTF8.self)
        return !bytes.isEmpty
    }
}
