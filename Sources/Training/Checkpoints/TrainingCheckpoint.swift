import Files
public import Foundation
public import NN
import Settings
public import Torch

/// What a checkpoint says about its run besides tensors, as `state.json` holds it.
public struct TrainingState: Codable, Sendable, Equatable {
    /// Raised when older checkpoints can no longer be read.
    public static let currentFormat = 1

    /// The version of the files' layout.
    public var format = TrainingState.currentFormat
    /// Steps done.
    public let step: Int
    /// Examples drawn: the place in the order of the data.
    public let exampleCount: Int
    /// The loss scale of fp16.
    public let scale: GradientScale
    /// The settings that decide a run's numbers, by the names of their options.
    public let settings: [String: String]

    /// A state in the current format; see the members.
    public init(step: Int, exampleCount: Int, scale: GradientScale, settings: [String: String]) {
        self.step = step
        self.exampleCount = exampleCount
        self.scale = scale
        self.settings = settings
    }
}

/// A saved state of a run: a folder `checkpoint-N` with all that the rest of the run depends on.
public struct TrainingCheckpoint {
    enum File {
        static let state = "state.json"
        static let configuration = "configuration.json"
        static let parameters = "parameters.safetensors"
        static let optimizer = "optimizer.safetensors"
        static let generators = "generators.safetensors"
    }

    static let generatorKey = "training"

    /// The folder.
    public let url: URL
    /// What `state.json` says.
    public let state: TrainingState

    /// Reads `state.json`; the tensors are read by ``restore(optimizer:generator:)``.
    public init(_ url: URL) throws {
        self.url = url
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw TrainingError.checkpoint(path: url.path, problem: "there is no such folder")
        }
        let data = try WholeFile.read(
            url.appendingPathComponent(File.state), limit: 16 << 20)
        do {
            state = try JSONDecoder().decode(TrainingState.self, from: data)
        } catch {
            throw TrainingError.checkpoint(
                path: url.path, problem: "its \(File.state) is no state of a training run")
        }
        guard state.format == TrainingState.currentFormat else {
            throw TrainingError.checkpoint(
                path: url.path,
                problem: "it has format \(state.format), and \(TrainingState.currentFormat) is "
                    + "what this version reads")
        }
    }

    /// Compares the settings that a resumed run shares with the first one.
    ///
    /// What one of the two does not name, or says is none, counts as not set.
    ///
    /// - Parameters:
    ///   - settings: all of them, by the names of their options.
    ///   - unknown: what is not known yet, and is compared later.
    /// - Throws: ``TrainingError/checkpoint(path:problem:)`` naming one that differs.
    public func require(
        _ settings: [String: String], exceptFor unknown: Set<String> = []
    ) throws(TrainingError) {
        let names = Set(settings.keys).union(state.settings.keys).subtracting(unknown)
        for name in names.sorted() {
            let before = Self.set(state.settings[name])
            let now = Self.set(settings[name])
            guard before != now else { continue }
            let advice =
                before == nil
                ? "leave it away"
                : now == nil ? "give it again" : "give the old one again"
            throw .checkpoint(
                path: url.path,
                problem: "`\(name)` was \(before ?? TrainingConfiguration.unset) and is now "
                    + "\(now ?? TrainingConfiguration.unset); \(advice), or start anew in another `output-dir`"
            )
        }
    }

    private static func set(_ value: String?) -> String? {
        value == TrainingConfiguration.unset || value == "none" ? nil : value
    }

    /// Puts everything back as it was; the tensors of parameters and optimizer are overwritten.
    ///
    /// - Parameter isPart: whether the optimizer remembers a part of what was saved, as one of
    ///   several processes may.
    public func restore(
        optimizer: any Optimizer, generator: Generator, isPart: Bool = false
    ) throws {
        try overwrite(optimizer.parameters, from: File.parameters)
        try overwrite(optimizer.state, from: File.optimizer, isPart: isPart)
        let generators = try SafetensorsFile(url.appendingPathComponent(File.generators))
        guard let saved = generators.tensor(Self.generatorKey), saved.dtype == .uint8,
            saved.shape == generator.state.shape
        else { throw CheckpointError.missing(file: generators.path, key: Self.generatorKey) }
        generator.state = saved
    }

    private func overwrite(
        _ tensors: [(name: String, tensor: Tensor)], from file: String, isPart: Bool = false
    ) throws {
        let saved = try SafetensorsFile(url.appendingPathComponent(file))
        let extra = Set(saved.keys).subtracting(tensors.map(\.name))
        guard extra.isEmpty || isPart else {
            throw CheckpointError.unexpected(file: saved.path, keys: extra.sorted())
        }
        // What lies in another process is restored there.
        for (name, tensor) in tensors where !tensor.isPlaceholder {
            guard let value = saved.tensor(name) else {
                throw CheckpointError.missing(file: saved.path, key: name)
            }
            guard value.shape == tensor.shape else {
                throw CheckpointError.misshapen(
                    file: saved.path, key: name, expected: tensor.shape, found: value.shape)
            }
            withoutGradients { tensor.copy(from: value) }
        }
    }
}
