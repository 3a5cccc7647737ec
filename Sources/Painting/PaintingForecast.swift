public import StableDiffusion
public import Torch

/// What painting would hold, found by painting on a device where nothing has contents.
public struct PaintingForecast: Sendable, Equatable {
    /// The most that is reserved on the device for tensors, in bytes.
    public let peak: Int
    /// The most that tensors have at once in main memory beside a GPU, in bytes; 0 on a processor.
    public let mainMemoryPeak: Int

    /// Calls of the network after which a sampler keeps all that it ever keeps.
    private static let stepCount = 6

    /// Of a model only headers are read.
    ///
    /// - Parameters:
    ///   - device: where the pictures would be painted.
    ///   - batchSize: how many at once.
    /// - Throws: as ``StableDiffusion/Pipeline/generate(_:seeds:progress:)``.
    public init(
        _ source: ModelSource, _ settings: GenerationSettings, batchSize: Int, precision: DType,
        like device: Device, offload: WeightOffload
    ) throws {
        let place = Device.meta(device.isProcessor ? .main : .gpu)
        place.emptyCache()
        let all = [place, place.mainMemory]
        all.forEach { $0.resetPeakMemory() }
        let before = all.map { $0.memoryInUse?.inUse ?? 0 }
        var settings = settings
        settings.stepCount = min(settings.stepCount, Self.stepCount)
        _ = try Pipeline(source, precision: precision, device: place, offload: offload)
            .generate(settings, seeds: Array(consecutiveSeeds(from: 0, count: batchSize)))
        peak = (place.memoryInUse?.peakReserved ?? 0) - before[0]
        mainMemoryPeak =
            device.isProcessor ? 0 : (place.mainMemory.memoryInUse?.peakInUse ?? 0) - before[1]
    }
}
