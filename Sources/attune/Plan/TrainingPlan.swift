import Foundation
import Settings
import Torch
import Training

/// What `attune plan` says of a training.
struct TrainingPlan: Codable {
    /// One way to train it, and what that takes.
    struct Way: Codable {
        /// What is added to the settings, as it would be typed; empty: nothing.
        let options: String
        let memory: MemoryForecast
        let disk: DiskForecast
        /// Of one step; nil: the device is not there.
        let secondsPerStep: Double?
        /// Nil where it is not known how much memory there is.
        let fits: Bool?
    }

    /// In the order of their price; the first is what was told.
    let ways: [Way]
    /// The number of the way that a training takes; nil: none fits.
    let chosen: Int?
    /// Nil where the device is not there and no limit was told.
    let room: MemoryRoom?
    let stepCount: Int
    let photoCount: Int
    /// On the method for so many photos.
    let advice: String
    /// The side of the square that sizes are made from, in pixels.
    let resolution: Int

    /// Seconds in which operations are measured, for all ways together.
    private static let budget = 4.0

    init(_ settled: SettledTraining, notify: @escaping (String) -> Void) throws {
        let training = settled.configuration.training
        room = MemoryRoom(
            on: settled.device, limit: training.deviceMemoryLimit,
            folder: settled.diskFolder)
        let settings = settled.settings
        var ways: [Way] = []
        var first: RunForecast?
        let device = settled.device
        let isThere = device.isProcessor || device.memory != nil
        let all = settings.memoryRungs(onProcessor: device.isProcessor)
        for changed in all {
            let forecast = try settled.forecast(
                changed.configuration(), notify: ways.isEmpty ? notify : { _ in })
            let added = settings.names(addedBy: changed)
            first = first ?? forecast
            let seconds =
                isThere
                ? forecast.secondsPerStep(on: device, budget: Self.budget / Double(all.count))
                : nil
            ways.append(
                Way(
                    options: SettledTraining.options(added, changed), memory: forecast.memory,
                    disk: forecast.disk, secondsPerStep: seconds,
                    fits: room?.fits(forecast.memory)))
        }
        stepCount = first?.stepCount ?? 0
        photoCount = first?.photoCount ?? 0
        advice =
            PhotoAdvice(
                settings.method,
                photoCount: photoCount / max(1, settled.configuration.subjects.count)
            ).sentence
        resolution = first?.resolution ?? 0
        self.ways = ways
        chosen = training.fit && room != nil ? ways.firstIndex { $0.fits ?? true } : 0
    }

    /// For people.
    func lines(on device: Device) -> [String] {
        let shown = ways[chosen ?? 0]
        let (memory, disk) = (shown.memory, shown.disk)
        var lines = [
            "\(stepCount) steps on \(photoCount) photo(s), \(resolution) pixels, on \(device); "
                + "\(count(memory.trainedCount)) weights are trained.", advice, "",
        ]
        if let room {
            let what = room.isToldLimit ? "`device-memory-limit` leaves" : "there are"
            lines.append("Memory: \(what) \(text(room.onDevice)) for tensors.")
        } else {
            lines.append("Memory, on a GPU that is not there:")
        }
        for (index, way) in ways.enumerated() {
            let mark = chosen == index ? "->" : "  "
            let main = way.memory.mainMemoryPeak
            let disk = way.memory.diskPeak
            let beside =
                (device.isProcessor ? "" : ", \(text(main)) of main memory")
                + (disk > 0 ? ", \(text(disk)) on a disk" : "")
            let verdict = way.fits == false ? "  does not fit" : ""
            let pace = way.secondsPerStep.map { ", \(Self.time($0)) a step" } ?? ""
            lines.append(
                "\(mark) \(text(way.memory.peak))\(beside)\(pace)  "
                    + "\(way.options.isEmpty ? "as it is" : way.options)\(verdict)")
        }
        lines += ["", "Of it, in a step:"]
        for purpose in memory.purposes {
            let beside = [(purpose.inMainMemory, "in main memory"), (purpose.onDisk, "on a disk")]
                .filter { $0.0 > 1 << 20 }.map { ", \(text($0.0)) \($0.1)" }.joined()
            lines.append("   \(padded(purpose.name)) \(text(purpose.onDevice))\(beside)")
        }
        for phase in memory.phases where phase.name != "training" {
            lines.append("   \(padded("while \(phase.name)")) \(text(phase.inUse))")
        }
        lines += ["", "Disk: \(text(disk.total)), of which \(text(disk.result)) are the result"]
        if disk.checkpointCount > 0 {
            lines.append(
                "      and \(disk.checkpointCount) saved state(s) of \(text(disk.checkpoint)).")
        }
        if memory.diskPeak > 0 {
            lines.append(
                "      and, while it trains, \(text(memory.diskPeak)) in place of memory.")
        }
        if let seconds = shown.secondsPerStep {
            lines += ["", "Time: about \(Self.time(seconds * Double(stepCount))) for the steps."]
        }
        return lines
    }

    /// `0.42 s`, `12 s`, `7 min`, `3.5 h`
    private static func time(_ seconds: Double) -> String {
        switch seconds {
        case ..<10: String(format: "%.2f s", seconds)
        case ..<120: String(format: "%.0f s", seconds)
        case ..<7200: String(format: "%.0f min", seconds / 60)
        default: String(format: "%.1f h", seconds / 3600)
        }
    }

    private func padded(_ name: String) -> String {
        name.padding(toLength: 24, withPad: " ", startingAt: 0)
    }

    private func text(_ bytes: Int) -> String { ByteCount(bytes).text }

    private func count(_ number: Int) -> String {
        number < 1_000_000
            ? "\(number)" : String(format: "%.1f million", Double(number) / 1e6)
    }
}
