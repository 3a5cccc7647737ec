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
        let forecast: RunForecast
        /// Nil where it is not known how much memory there is.
        let fits: Bool?
    }

    /// In the order of their price; the first is what was told.
    let ways: [Way]
    /// The number of the way that a training takes; nil: none fits.
    let chosen: Int?
    /// Nil where the device is not there and no limit was told.
    let room: MemoryRoom?

    init(_ settled: SettledTraining, notify: @escaping (String) -> Void) throws {
        let training = settled.configuration.training
        room = MemoryRoom(on: settled.device, limit: training.deviceMemoryLimit)
        let settings = settled.settings
        var ways: [Way] = []
        for (rung, changed) in settings.memoryRungs(onProcessor: settled.device.isProcessor) {
            let forecast = try settled.forecast(
                changed.configuration(), notify: ways.isEmpty ? notify : { _ in })
            let added = rung.settings.map(\.name).filter { settings[$0] == nil }
            if added.isEmpty, !ways.isEmpty { continue }
            ways.append(
                Way(
                    options: SettledTraining.options(added, changed), forecast: forecast,
                    fits: room?.fits(forecast.memory)))
        }
        self.ways = ways
        chosen = training.fit && room != nil ? ways.firstIndex { $0.fits ?? true } : 0
    }

    /// For people.
    func lines(on device: Device) -> [String] {
        let shown = ways[chosen ?? 0]
        let (memory, disk) = (shown.forecast.memory, shown.forecast.disk)
        var lines = [
            "\(shown.forecast.stepCount) steps on \(shown.forecast.photoCount) photo(s), "
                + "\(shown.forecast.resolution) pixels, on \(device); "
                + "\(count(memory.trainedCount)) weights are trained.", "",
        ]
        if let room {
            let what = room.isToldLimit ? "`device-memory-limit` leaves" : "there are"
            lines.append("Memory: \(what) \(text(room.onDevice)) for tensors.")
        } else {
            lines.append("Memory, on a GPU that is not there:")
        }
        for (index, way) in ways.enumerated() {
            let mark = chosen == index ? "->" : "  "
            let main = way.forecast.memory.mainMemoryPeak
            let beside = device.isProcessor ? "" : ", \(text(main)) of main memory"
            let verdict = way.fits == false ? "  does not fit" : ""
            lines.append(
                "\(mark) \(text(way.forecast.memory.peak))\(beside)  "
                    + "\(way.options.isEmpty ? "as it is" : way.options)\(verdict)")
        }
        lines += ["", "Of it, in a step:"]
        for purpose in memory.purposes {
            let main = purpose.inMainMemory
            let beside = main > 1 << 20 ? ", \(text(main)) in main memory" : ""
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
        return lines
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
