public import Settings
public import Torch

/// A training with the settings with which it fits into the memory that there is.
public struct FittedTraining {
    /// The settings, with what was added.
    public let settings: RunSettings
    /// The names of what was added; none where it fits as it was told.
    public let added: [String]
    /// What it will need.
    public let forecast: RunForecast
    /// What it would need as it was told.
    public let untouched: RunForecast

    /// Takes the cheapest way that fits.
    ///
    /// - Parameters:
    ///   - settings: complete.
    ///   - room: what the memory forecast of a run may have at its peak.
    ///   - choosesWays: false: takes the settings as they are, and only looks.
    ///   - processCount: how many train together; what one alone can do is no way of theirs.
    ///   - keepsNumbers: takes no way that changes what comes out.
    ///   - forecast: what a run would hold.
    /// - Throws: ``MemoryError/tooLittle(_:)`` where none does; what a plan of the run throws.
    public init(
        _ settings: RunSettings, on device: Device, room: MemoryRoom, choosesWays: Bool = true,
        keepsNumbers: Bool = false, processCount: Int = 1,
        forecast foretell: (FineTuningConfiguration) throws -> RunForecast
    ) throws {
        var first: RunForecast?
        var best: (settings: RunSettings, forecast: RunForecast)?
        for fitted in settings.memoryRungs(onProcessor: device.isProcessor)
        where !keepsNumbers || settings.hasSameNumbers(as: fitted) {
            let training = try fitted.configuration().training
            if fitted != settings, (try? training.checkParallel(processCount: processCount)) == nil
            {
                continue
            }
            let forecast = try foretell(fitted.configuration())
            first = first ?? forecast
            if !choosesWays || room.fits(forecast.memory) {
                self.settings = fitted
                added = settings.names(addedBy: fitted)
                self.forecast = forecast
                untouched = first ?? forecast
                return
            }
            if best.map({ room.excess(forecast.memory) < room.excess($0.forecast.memory) }) ?? true
            {
                best = (fitted, forecast)
            }
        }
        guard let best else { preconditionFailure("the settings themselves are a way") }
        throw MemoryError.tooLittle(
            needed: best.forecast.memory, room: room,
            advice: try Self.smaller(best.settings, best.forecast, room, foretell)
                ?? (settings.method == .dreamBooth
                    ? "train a small file beside the model (lora), or a smaller model"
                    : "train a smaller model"))
    }

    /// The nearest smaller run that would fit, as advice.
    private static func smaller(
        _ settings: RunSettings, _ forecast: RunForecast, _ room: MemoryRoom,
        _ foretell: (FineTuningConfiguration) throws -> RunForecast
    ) throws -> String? {
        var changes: [(name: String, text: String)] = []
        if try settings.configuration().training.trainBatchSize > 1 {
            changes.append(("train-batch-size", "1"))
        }
        let step = forecast.resolution >= 256 ? 64 : 8
        let sides = [1, 0.875, 0.75, 0.625, 0.5].map {
            Int(Double(forecast.resolution) * $0) / step * step
        }
        for side in sides where side > 0 {
            let tried =
                side == forecast.resolution ? changes : changes + [("resolution", String(side))]
            guard !tried.isEmpty else { continue }
            var smaller = settings
            for (name, text) in tried { try smaller.set(name, to: text) }
            // What cannot be for another reason is no advice.
            guard let found = try? foretell(smaller.configuration()), room.fits(found.memory)
            else { continue }
            return "it fits with "
                + tried.map { "`\($0.name)` \($0.text)" }.joined(separator: ", ")
        }
        return nil
    }
}

/// Memory that a training has too little of.
public enum MemoryError: Error, Sendable, Equatable, CustomStringConvertible {
    /// No way of training it fits; `advice` says what would.
    case tooLittle(needed: MemoryForecast, room: MemoryRoom, advice: String)

    /// The sentence for people.
    public var description: String {
        switch self {
        case .tooLittle(let needed, let room, let advice):
            let (need, have, place) =
                needed.peak > room.onDevice
                ? (needed.peak, room.onDevice, "on the device")
                : needed.mainMemoryPeak > room.inMainMemory
                    ? (needed.mainMemoryPeak, room.inMainMemory, "in main memory")
                    : (needed.diskRoom, room.onDisk, "on the disk of `nvme-path`")
            let what =
                needed.peak > room.onDevice && room.isToldLimit
                ? "`device-memory-limit` allows" : "there are"
            return "this training needs \(ByteCount(need).text) \(place) at least and \(what) "
                + "\(ByteCount(have).text): \(advice); or try it all the same with `no-fit`."
        }
    }
}
