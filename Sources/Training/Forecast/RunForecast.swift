import Foundation
import Settings
public import Torch

/// What a run will need, before anything of it is loaded, computed or written.
public struct RunForecast {
    /// What it will hold.
    public let memory: MemoryForecast
    /// What it will write.
    public let disk: DiskForecast
    /// The operations of a step with two batches at most.
    let step: OperationRecord
    /// How many times these are a step, about.
    let stepsPerRecord: Double
    /// Steps of the whole run.
    public let stepCount: Int
    /// Photos that are trained on.
    public let photoCount: Int
    /// The side of the square that sizes are made from, in pixels.
    public let resolution: Int
}

extension RunForecast {
    /// How long a step takes on a device, in seconds, where others leave it alone.
    ///
    /// - Parameter budget: as in ``OperationRecord/seconds(on:budget:)``.
    public func secondsPerStep(on device: Device, budget: Double) -> Double {
        step.seconds(on: device, budget: budget).seconds * stepsPerRecord
    }
}

/// What a run will write, in bytes.
public struct DiskForecast: Codable, Sendable, Equatable {
    /// What was trained, at the end.
    public let result: Int
    /// One saved state.
    public let checkpoint: Int
    /// Saved states that are there together.
    public let checkpointCount: Int
    /// Class pictures that are still to be painted.
    public let classPictures: Int

    /// All of it; while something is replaced, the new and the old are both there.
    public var total: Int { result + checkpoint * (checkpointCount + 1) + classPictures }
}

extension DiskForecast {
    /// A painted photo takes about so much as PNG.
    private static let bytesPerPixel = 1.6

    /// - Parameters:
    ///   - trained: bytes of what is trained, as it is trained.
    ///   - state: bytes of the optimizer's state.
    ///   - unchanged: bytes of the model's files that are written as they are.
    init(
        _ configuration: FineTuningConfiguration, stepCount: Int, side: Int, trained: Int,
        state: Int, unchanged: Int
    ) {
        let every = configuration.training.checkpointingSteps
        let count = every > 0 ? stepCount / every : 0
        result = trained + unchanged
        checkpoint = trained + state
        checkpointCount = min(count, configuration.training.checkpointsTotalLimit ?? count)
        let pictures = configuration.missingClassImageCount
        classPictures = Int(Double(pictures * side * side) * Self.bytesPerPixel)
    }
}

extension FineTuningConfiguration {
    /// Class pictures that are still to be painted, about: whatever lies in their folders counts.
    var missingClassImageCount: Int {
        classFolders.reduce(0) { sum, folder in
            let there = (try? FileManager.default.contentsOfDirectory(atPath: folder.name)) ?? []
            return sum + max(0, numClassImages - there.count)
        }
    }
}
