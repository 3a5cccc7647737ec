import Foundation
import TestSupport
import Testing

/// The program itself, run as a person runs it.
enum Command {
    struct Outcome {
        let status: Int32
        /// Whether it ended by itself, rather than by a signal such as a trap's.
        let isOrderly: Bool
        let output: String
        let errors: String
    }

    struct NotBuilt: Error {}

    /// Runs `attune` to its end.
    ///
    /// - Parameters:
    ///   - folder: the working folder.
    ///   - fileLimit: KiB that no file may exceed, as on a disk that is full; nil: none.
    ///   - program: `attune-miniature` in its place.
    ///   - variables: of the environment, besides the usual ones.
    static func run(
        _ arguments: [String], in folder: URL, fileLimit: Int? = nil, program: String = "attune",
        variables: [String: String] = [:]
    ) throws -> Outcome {
        let process = Process()
        process.executableURL = try executable(program)
        process.arguments = arguments
        if let fileLimit {
            process.arguments =
                ["-c", "ulimit -f \(fileLimit); exec \"$0\" \"$@\"", try executable(program).path]
                + arguments
            process.executableURL = URL(filePath: "/bin/bash")
        }
        process.currentDirectoryURL = folder
        process.environment = environment.merging(variables) { $1 }
        process.standardInput = FileHandle.nullDevice
        // Files, not pipes: a pipe that nobody reads would block the program.
        let logs = try Scratch()
        let streams = try ["output", "errors"].map { name in
            let url = logs(name)
            try Data().write(to: url)
            return (url: url, handle: try FileHandle(forWritingTo: url))
        }
        process.standardOutput = streams[0].handle
        process.standardError = streams[1].handle
        try process.run()
        process.waitUntilExit()
        let texts = try streams.map { stream in
            try stream.handle.close()
            return String(decoding: try Data(contentsOf: stream.url), as: UTF8.self)
        }
        return Outcome(
            status: process.terminationStatus, isOrderly: process.terminationReason == .exit,
            output: texts[0], errors: texts[1])
    }

    static var environment: [String: String] {
        var environment = ProcessInfo.processInfo.environment
        // Help is as wide as the terminal, and says so only through this variable.
        environment["COLUMNS"] = "100"
        environment["OMP_WAIT_POLICY"] = "passive"
        // What accelerate says of the machine that the tests run on is not theirs to know.
        for name in environment.keys where name.hasPrefix("ACCELERATE_") {
            environment[name] = nil
        }
        environment["HF_HOME"] = "/nonexistent"
        return environment
    }

    /// SwiftPM puts the programs beside the bundle of the tests.
    static func executable(_ name: String = "attune") throws -> URL {
        let places = CommandLine.arguments.filter { $0.contains(".xctest") } + [bundlePath]
        for place in places {
            var folder = URL(filePath: place)
            while folder.path != "/" {
                folder.deleteLastPathComponent()
                let candidate = folder.appending(path: name)
                var isFolder: ObjCBool = false
                if FileManager.default.fileExists(atPath: candidate.path, isDirectory: &isFolder),
                    !isFolder.boolValue
                {
                    return candidate
                }
                if folder.lastPathComponent == ".build" { break }
            }
        }
        throw NotBuilt()
    }

    private static var bundlePath: String {
        #if os(Linux)
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "/"
        #else
            Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundlePath ?? "/"
        #endif
    }
}

/// A folder for one test, removed when the test is over.
final class Scratch {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory
            .appending(path: "attune-command-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func callAsFunction(_ name: String) -> URL { url.appending(path: name) }

    /// All files and folders below it, by their paths in it, hidden ones too.
    func listing() throws -> Set<String> {
        Set(try FileManager.default.subpathsOfDirectory(atPath: url.path))
    }

    /// A copy of a fixture that may be changed.
    @discardableResult
    func copy(_ fixture: String, as name: String) throws -> URL {
        let copy = self(name)
        try FileManager.default.copyItem(at: Fixture.url(fixture), to: copy)
        return copy
    }
}

/// Runs a command that must be refused: a status that is not 0, one sentence on the standard
/// error, and nothing written.
///
/// - Parameter words: what the sentence must name.
func expectRefusal(
    _ arguments: [String], in scratch: Scratch, naming words: [String],
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let before = try scratch.listing()
    let outcome = try Command.run(arguments, in: scratch.url)
    #expect(outcome.isOrderly && outcome.status != 0, sourceLocation: sourceLocation)
    expectOneSentence(outcome.errors, naming: words, sourceLocation: sourceLocation)
    let added = try scratch.listing().subtracting(before)
    #expect(added.isEmpty, "written all the same", sourceLocation: sourceLocation)
}

/// The text is one line that begins with `Error:`; where the options themselves were wrong, a line
/// on where to read about them may follow.
func expectOneSentence(
    _ errors: String, naming words: [String], sourceLocation: SourceLocation = #_sourceLocation
) {
    let lines = errors.split(separator: "\n")
    #expect(lines.first?.hasPrefix("Error: ") == true, "\(errors)", sourceLocation: sourceLocation)
    let isUsage = { (line: Substring) in
        line.hasPrefix("  See 'attune") && line.hasSuffix("--help' for more information.")
    }
    #expect(
        lines.count <= 2 && lines.dropFirst().allSatisfy(isUsage), "\(errors)",
        sourceLocation: sourceLocation)
    for word in words {
        #expect(
            lines.first?.contains(word) == true, "no \"\(word)\" in: \(errors)",
            sourceLocation: sourceLocation)
    }
}
