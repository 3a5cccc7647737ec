import ArgumentParser
import Foundation
import Torch

/// The processes of one machine: started, watched, and ended together.
///
/// It keeps the texts that processes share, on machine 0, so that they outlive any of them: who is
/// killed cannot say so, and this says it for it.
struct Launch {
    private let plan: LaunchPlan
    private let command: [String]
    /// How long the others have to end by themselves once one has.
    private static let grace: Duration = .seconds(8)

    init(_ plan: LaunchPlan, command: [String]) {
        self.plan = plan
        self.command = command
    }

    /// - Throws: `ProcessError`, or `ExitCode` where a process has said itself why it ended.
    func run() throws {
        let kept =
            plan.machineRank == 0 && plan.processCount > 1
            ? try ProcessStore(keptAt: plan.port, host: plan.host) : nil
        let port = kept?.port ?? plan.port
        let logs = FileManager.default.temporaryDirectory
            .appending(path: "attune-launch-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: logs, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: logs) }
        let environment = ProcessInfo.processInfo.environment
        var children: [LaunchedProcess] = []
        let signals = SignalForwarding()
        for local in 0..<plan.localCount {
            let child = try LaunchedProcess(
                rank: plan.firstRank + local, command,
                plan.processCount > 1
                    ? plan.environment(local, port: port, from: environment) : environment,
                errors: logs.appending(path: "errors-\(local).txt"))
            children.append(child)
            signals.add(child.processIdentifier)
        }
        let failed = watch(children, kept, port)
        withExtendedLifetime(kept) {}
        guard let failed else { return }
        let status = failed.exitStatus
        // What process 0 ends with stands on the terminal, and names whoever ended before it.
        let hasSpoken = children.contains {
            $0.rank == 0 && $0.signal == nil && $0.exitStatus != 0
        }
        guard !hasSpoken, status != 130 else { throw ExitCode(failed.signal == nil ? status : 1) }
        throw ProcessError.ended(
            rank: failed.rank, host: ProcessInfo.processInfo.hostName, reason: failed.reason)
    }

    /// Waits for all; the first that ended badly.
    private func watch(
        _ children: [LaunchedProcess], _ kept: ProcessStore?, _ port: Int
    ) -> LaunchedProcess? {
        var failed: LaunchedProcess?
        var limit: ContinuousClock.Instant?
        var hasTerminated = false
        while children.contains(where: \.isRunning) {
            if failed == nil,
                let first = children.first(where: { !$0.isRunning && $0.exitStatus != 0 })
            {
                failed = first
                limit = .now + Self.grace
                tell(first, kept, port)
            }
            if let passed = limit, passed < .now {
                for child in children where child.isRunning {
                    kill(child.processIdentifier, hasTerminated ? SIGKILL : SIGTERM)
                }
                hasTerminated = true
                limit = .now + Self.grace
            }
            usleep(20_000)
        }
        return failed ?? children.first { $0.exitStatus != 0 }
    }

    /// Says on behalf of a process why it ended, where it has not said so itself.
    private func tell(_ child: LaunchedProcess, _ kept: ProcessStore?, _ port: Int) {
        guard plan.processCount > 1, child.exitStatus != 130 else { return }
        let store = try? kept ?? ProcessStore(at: plan.host, port: port, patience: .seconds(5))
        guard let store else { return }
        try? ProcessFailure.tell(
            rank: child.rank, host: ProcessInfo.processInfo.hostName, reason: child.reason,
            in: store)
    }
}

/// One of them.
final class LaunchedProcess {
    let rank: Int
    private let process = Process()
    private let errors: URL

    /// Starts it; the first has the terminal, the others keep their errors.
    init(
        rank: Int, _ command: [String], _ environment: [String: String], errors: URL
    ) throws {
        self.rank = rank
        self.errors = errors
        process.executableURL = OwnProgram.url
        process.arguments = command
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        if rank > 0 {
            try Data().write(to: errors)
            process.standardOutput = FileHandle.nullDevice
            process.standardError = try FileHandle(forWritingTo: errors)
        }
        try process.run()
    }

    var processIdentifier: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }

    /// The signal that ended it.
    var signal: Int32? {
        process.terminationReason == .uncaughtSignal ? process.terminationStatus : nil
    }

    /// As the shell has it.
    var exitStatus: Int32 { signal.map { 128 + $0 } ?? process.terminationStatus }

    /// Why it ended.
    var reason: String {
        if let signal {
            return signal == SIGKILL
                ? "it was killed (signal 9), as the system does where memory is short"
                : "it was ended by signal \(signal)"
        }
        let text = (try? String(contentsOf: errors, encoding: .utf8)) ?? ""
        let lines = text.split(separator: "\n")
        let sentence = lines.last { $0.hasPrefix("Error: ") }.map { $0.dropFirst(7) } ?? lines.last
        return sentence.map(String.init) ?? "it ended with status \(exitStatus)"
    }
}

/// Hands Ctrl-C and its like on to other processes, which end in good order.
final class SignalForwarding {
    private var targets: [Int32] = []
    private var sources: [any DispatchSourceSignal] = []
    private let queue = DispatchQueue(label: "signals")

    init() {
        for number in [SIGINT, SIGTERM, SIGHUP] {
            Foundation.signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { [unowned self] in
                for target in targets { kill(target, number) }
            }
            source.resume()
            sources.append(source)
        }
    }

    deinit { for source in sources { source.cancel() } }

    func add(_ target: Int32) { queue.sync { targets.append(target) } }
}
