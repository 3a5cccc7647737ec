import RunRecord
import Files
public import Foundation
import NN
import Torch

/// The checkpoints of one run, side by side in its output folder.
///
/// A checkpoint is written to a hidden temporary folder, synced and renamed; one that is taken
/// away is renamed first. So whenever the process dies, `checkpoint-N` is whole or absent.
public struct CheckpointFolder {
    /// The output folder.
    public let output: URL
    /// What resumed runs are compared with, by the names of the options.
    public let settings: [String: String]
    /// How many are kept; nil: all.
    public let totalLimit: Int?
    private let configuration: Data

    /// - Parameter configuration: written beside the state, for people to read.
    public init(
        _ output: URL, settings: [String: String], totalLimit: Int?,
        configuration: some Encodable
    ) throws {
        self.output = output
        self.settings = settings
        self.totalLimit = totalLimit
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        self.configuration = try encoder.encode(configuration)
    }

    /// Where the checkpoint after so many steps stands.
    public func url(step: Int) -> URL { Self.url(in: output, step: step) }

    /// The steps of which an output folder has checkpoints, in ascending order.
    public static func steps(in output: URL) -> [Int] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: output.path)) ?? []
        return names.compactMap(step(ofName:)).sorted()
    }

    /// The checkpoint of the most steps; nil: there is none.
    var newest: URL? { Self.steps(in: output).last.map(url) }

    /// Finds what `--resume-from-checkpoint` names: `latest`, the name of a checkpoint in the
    /// output folder, or a path.
    ///
    /// - Returns: nil for `latest` where there is none.
    public static func find(_ name: String, in output: URL) throws -> TrainingCheckpoint? {
        if name == "latest" {
            return try steps(in: output).last.map {
                try TrainingCheckpoint(url(in: output, step: $0))
            }
        }
        return try TrainingCheckpoint(
            isPath(name) ? URL(fileURLWithPath: name) : output.appendingPathComponent(name))
    }

    /// Whether what `--resume-from-checkpoint` names is neither `latest` nor the name of a
    /// checkpoint in the output folder.
    static func isPath(_ name: String) -> Bool { name != "latest" && step(ofName: name) == nil }

    /// Puts away what a killed process left: a checkpoint that only lacked its name gets it, the
    /// rest is removed.
    public static func recover(in output: URL) {
        let manager = FileManager.default
        let names = (try? manager.contentsOfDirectory(atPath: output.path)) ?? []
        for name in names where name.hasPrefix(".checkpoint-") && name.hasSuffix(".tmp") {
            let leftover = output.appendingPathComponent(name)
            let parts = name.dropFirst().split(separator: ".")
            let whole = leftover.appendingPathComponent(TrainingCheckpoint.File.state)
            if parts.count == 3, parts[1] == "writing", step(ofName: String(parts[0])) != nil,
                manager.fileExists(atPath: whole.path)
            {
                // Fails where the checkpoint is there: then that one counts.
                _ = rename(leftover.path, output.appendingPathComponent(String(parts[0])).path)
            }
            try? manager.removeItem(at: leftover)
        }
        TemporaryName.removeLeftovers(in: output)
        BestState(output).recover()
    }

    /// - Parameters:
    ///   - remembered: the state of the optimizer.
    ///   - contents: what a parameter holds, where that may lie in another process.
    func write(
        _ state: TrainingState, parameters: [(name: String, tensor: Tensor)],
        remembered: [(name: String, tensor: Tensor)], generator: Generator,
        contents: (Tensor) throws -> Tensor = { $0 }
    ) throws {
        let destination = url(step: state.step)
        let temporary = hidden(state.step, "writing")
        let manager = FileManager.default
        try? manager.removeItem(at: temporary)
        try Folder.create(temporary)
        do {
            typealias File = TrainingCheckpoint.File
            func file(_ name: String) -> URL { temporary.appendingPathComponent(name) }
            try SafetensorsWriter.write(
                parameters, to: file(File.parameters), contents: contents)
            try SafetensorsWriter.write(remembered, to: file(File.optimizer))
            try SafetensorsWriter.write(
                [(TrainingCheckpoint.generatorKey, generator.state)], to: file(File.generators))
            try AtomicFile.write(configuration, to: file(File.configuration))
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            // Last, so that a folder that has it is whole.
            try AtomicFile.write(encoder.encode(state), to: file(File.state))
            synchronize(temporary)
            // A run that went back to an older checkpoint passes the newer ones again.
            if manager.fileExists(atPath: destination.path) { remove(step: state.step) }
            guard rename(temporary.path, destination.path) == 0 else {
                throw FileError(.write, destination, errorNumber: errno)
            }
        } catch {
            try? manager.removeItem(at: temporary)
            throw (error as? FileError)?.relocated(from: temporary, to: destination) ?? error
        }
        synchronize(output)
        if let totalLimit {
            // The one just written is never among them, nor what stands there of later steps.
            let older = Self.steps(in: output).filter { $0 < state.step }
            for step in older.dropLast(totalLimit - 1) { remove(step: step) }
        }
    }

    private func remove(step: Int) {
        let doomed = hidden(step, "removing")
        try? FileManager.default.removeItem(at: doomed)
        if rename(url(step: step).path, doomed.path) == 0 {
            try? FileManager.default.removeItem(at: doomed)
        }
    }

    private func hidden(_ step: Int, _ purpose: String) -> URL {
        output.appendingPathComponent(".checkpoint-\(step).\(purpose).tmp")
    }

    /// Best effort: the files are on the disk already, their names should be too.
    private func synchronize(_ folder: URL) {
        let descriptor = open(folder.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    static func url(in output: URL, step: Int) -> URL {
        output.appendingPathComponent("checkpoint-\(step)")
    }

    static func step(ofName name: String) -> Int? {
        let prefix = "checkpoint-"
        guard name.hasPrefix(prefix), let step = Int(name.dropFirst(prefix.count)), step >= 0,
            name == "\(prefix)\(step)"
        else { return nil }
        return step
    }
}
