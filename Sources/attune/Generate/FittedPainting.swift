import ArgumentParser
import Foundation
import Painting
import Settings
import StableDiffusion
import Torch
import Training

/// How pictures are painted in the memory that there is.
struct FittedPainting {
    let offload: WeightOffload
    let batchSize: Int
    /// What was chosen because all would not fit; nil: nothing was.
    private(set) var notice: String?

    /// Pictures at once where there is memory enough: more gain little.
    private static let usualBatchSize = 4

    /// Takes the quickest way that fits; batches shrink before weights move.
    ///
    /// - Parameters:
    ///   - offload: what was asked for; nil: as fits.
    ///   - batchSize: likewise.
    ///   - overlays: what will be laid over the model.
    /// - Throws: a sentence where nothing fits; what a forecast throws.
    init(
        _ source: ModelSource, _ settings: GenerationSettings, count: Int, precision: DType,
        on device: Device, offload: WeightOffload?, batchSize: Int?,
        overlays: [Overlay], limit: ByteCount?
    ) throws {
        var offloads = offload.map { [$0] } ?? WeightOffload.allCases
        // There everything is in main memory as it is.
        if device.isProcessor { offloads = [.none] }
        let most = min(Self.usualBatchSize, count)
        let sizes = batchSize.map { [$0] } ?? [most] + [2, 1].filter { $0 < most }
        let hasChoice = offloads.count > 1 || sizes.count > 1
        guard hasChoice, let room = MemoryRoom(on: device, limit: limit) else {
            self.init(offload: offloads[0], batchSize: sizes[0])
            return
        }
        var first: PaintingForecast?
        var least: PaintingForecast?
        // Layers that lie beside weights are kept in fp32, twice what files have at most.
        let beside = try overlays.reduce(0) { sum, overlay in
            sum + 2 * (try overlay.file.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0)
        }
        for (offload, size) in offloads.flatMap({ offload in sizes.map { (offload, $0) } }) {
            let forecast = try PaintingForecast(
                source, settings, batchSize: size, precision: precision, like: device,
                offload: offload)
            first = first ?? forecast
            if forecast.peak < least?.peak ?? .max { least = forecast }
            guard
                room.has(
                    onDevice: forecast.peak + beside, inMainMemory: forecast.mainMemoryPeak)
            else { continue }
            self.init(offload: offload, batchSize: size)
            if let first, first != forecast {
                var taken = ["--batch-size \(size)"]
                if offload != .none { taken.append("--offload \(offload.rawValue)") }
                notice =
                    "Painting would need \(ByteCount(first.peak).text) of memory and there are "
                    + "\(ByteCount(room.onDevice).text): taken to save some: "
                    + "\(taken.joined(separator: " ")) (\(ByteCount(forecast.peak).text))."
            }
            return
        }
        guard !device.isProcessor else {
            // What a processor has too little of, the disk may give.
            self.init(offload: .none, batchSize: sizes.last ?? 1)
            notice =
                "Painting needs \(ByteCount(least?.peak ?? 0).text) of memory and there are "
                + "\(ByteCount(room.onDevice).text): it may be slow, or end."
            return
        }
        let need = least.map { ByteCount($0.peak).text } ?? ""
        throw ValidationError(
            "These pictures need \(need) of memory at least and there are "
                + "\(ByteCount(room.onDevice).text): paint smaller ones (--width, --height), or try "
                + "it all the same with --offload sequential --batch-size 1.")
    }

    /// As another process chose.
    ///
    /// - Parameter text: what its ``text`` was.
    init?(_ text: String) {
        let parts = text.split(separator: " ")
        guard parts.count == 2, let offload = WeightOffload(rawValue: String(parts[0])),
            let size = Int(parts[1])
        else { return nil }
        self.init(offload: offload, batchSize: size)
    }

    /// For other processes.
    var text: String { "\(offload.rawValue) \(batchSize)" }

    private init(offload: WeightOffload, batchSize: Int) {
        self.offload = offload
        self.batchSize = batchSize
    }
}
