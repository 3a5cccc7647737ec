import Evaluation
import Foundation
import Imaging
import Settings
package import Torch

/// Keeps what a run tells: `training.jsonl`, TensorBoard's event files, `report.html` and `provenance.json`.
///
/// A run is worth more than its records: where one of these cannot be written any more, that is
/// told once, and the run goes on without it.
package final class RunRecorder {
    /// What has happened so far.
    package private(set) var record = RunRecord()
    private let device: Device
    private let notify: (String) -> Void
    private var log: TrainingLog?
    private var report: RunReport?
    private var board: TensorBoardFile?

    /// - Parameter notify: takes a sentence when something cannot be recorded any more.
    package init(device: Device, notify: @escaping (String) -> Void) {
        self.device = device
        self.notify = notify
    }

    /// The run is known, and its folder is there: from now on files are written.
    ///
    /// - Parameter log: of the run, with what an earlier run left in it.
    package func begin(_ description: RunDescription, log: TrainingLog) {
        self.log = log
        let output = description.output
        let step = log.keptSteps.last?.step ?? 0
        let best = BestState(output)
        attempt("best") { try best.removeBeyond(step: step) }
        record.resume(
            log.keptSteps, log.keptReadings, Self.previews(in: output, upTo: step),
            best: best.read().map { (best.url, $0.step) })
        attempt("provenance.json") {
            try Provenance(description).write(to: output.appendingPathComponent("provenance.json"))
        }
        report = RunReport(description)
        guard description.configuration.training.record.reportTo == .tensorBoard else { return }
        attempt("TensorBoard's event file") {
            let folder = URL(
                fileURLWithPath: description.configuration.training.record.loggingDir,
                relativeTo: output)
            board = try TensorBoardFile(in: folder, afterStep: step)
            try board?.append(.text(tag: "settings", Self.markdown(description)), step: step)
        } orElse: {
            board = nil
        }
    }

    /// Takes in what is told.
    package func add(_ event: TrainingEvent) {
        log?.add(event)
        record.add(event)
        if let board {
            attempt("TensorBoard's event file") {
                try Self.write(event, to: board, lastStep: record.step)
            } orElse: {
                self.board = nil
            }
        }
        if case .measured = event { writeReport() }
    }

    /// The run is over.
    ///
    /// - Parameter reason: why, where it did not come to its end.
    package func end(_ reason: String? = nil) {
        record.end(reason.map { .ended($0) } ?? .done)
        writeReport()
    }

    private func writeReport() {
        guard let report else { return }
        attempt("report.html") {
            try report.write(record, memory: MemoryUse.peak(on: device))
        } orElse: {
            self.report = nil
        }
    }

    private func attempt(
        _ what: String, _ body: () throws -> Void, orElse giveUp: () -> Void = {}
    ) {
        do {
            try body()
        } catch {
            giveUp()
            notify("\(what) is written no more, the run goes on: \(error)")
        }
    }

    /// The names are those of `training.jsonl`.
    private static func write(
        _ event: TrainingEvent, to board: TensorBoardFile, lastStep: Int
    ) throws {
        func scalars(_ values: [(String, Double?)], step: Int) throws {
            for (tag, value) in values {
                if let value { try board.append(.scalar(tag: tag, value), step: step) }
            }
        }
        switch event {
        case .step(let step, _):
            try scalars(
                [
                    ("loss", step.loss), ("lr", step.learningRate),
                    ("grad_norm", step.gradientNorm), ("seconds", step.seconds),
                ], step: step.step)
        case .measured(let reading, _):
            try scalars(
                [
                    ("photo_error", reading.error), ("train_error", reading.trainError),
                    ("drift", reading.drift),
                ], step: reading.step)
        case .validationPainted(let step, let pictures):
            for (index, url) in pictures.enumerated() {
                let size = try PhotoReader.size(url)
                try board.append(
                    .picture(
                        tag: "validation/\(index)", width: size.width, height: size.height,
                        png: try Data(contentsOf: url)), step: step)
            }
        case .verdict(let sentence):
            try board.append(.text(tag: "verdict", sentence), step: lastStep)
        default: break
        }
    }

    private static func markdown(_ description: RunDescription) -> String {
        func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }
        let rows = description.settingRows.map { "| \(cell($0.0)) | \(cell($0.1)) |" }
        return (["| setting | value |", "|---|---|"] + rows).joined(separator: "\n")
    }

    /// Pictures that an earlier run painted: `validation/step-N-I.png`.
    private static func previews(in output: URL, upTo last: Int) -> [(Int, [URL])] {
        guard last > 0 else { return [] }
        let folder = output.appendingPathComponent("validation")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        var found: [Int: [(Int, URL)]] = [:]
        for name in names where name.hasPrefix("step-") && name.hasSuffix(".png") {
            let numbers = name.dropFirst(5).dropLast(4).split(separator: "-").compactMap { Int($0) }
            guard numbers.count == 2, numbers[0] <= last else { continue }
            found[numbers[0], default: []].append(
                (numbers[1], folder.appendingPathComponent(name)))
        }
        return found.sorted { $0.key < $1.key }.map { step, pictures in
            (step, pictures.sorted { $0.0 < $1.0 }.map(\.1))
        }
    }
}
