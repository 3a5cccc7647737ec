import Datasets
import Evaluation
import Foundation
import RunRecord

/// Shows a run's events to a person.
final class TrainingPrinter {
    private let progress: ProgressPrinter
    private var error: Double?
    private var pace: Double?

    /// - Parameter wording: of the command that trains.
    init(wording: Wording) { progress = ProgressPrinter(wording: wording) }

    func show(_ event: TrainingEvent) {
        switch event {
        case .notice(let sentence):
            progress.line("Note: \(sentence)")
        case .found(let data): progress.line("\(data)")
        case .skippedFiles(let folder, let entries):
            progress.line("Skipped in \(folder):")
            for entry in entries { progress.line("  \(entry.name): \(entry.reason)") }
        case .preparing(let what, let done, let total):
            progress.update(what, done: done, total: total)
        case .started(let first, let total):
            progress.finish()
            progress.line(
                first == 0
                    ? "Training \(total) step(s)." : "Going on after step \(first) of \(total).")
        case .step(let record, let run):
            progress.update(
                "training", done: record.step, total: run.total,
                detail: detail(record, run.memory))
        case .measured(let reading, let before):
            error = reading.error
            guard reading.step > 0 else { return }
            let photos = reading.trainError == nil ? "the photos" : "held-out photos"
            let trained =
                reading.trainError.map { ", on those it trains on \(Self.short($0))" } ?? ""
            progress.line(
                "Step \(reading.step): error on \(photos) \(Self.short(reading.error)) "
                    + "(\(Self.short(before.error)) before)\(trained), drift of the class "
                    + "\(String(format: "%.1f", reading.drift * 100)) %")
        case .planned, .bestSaved: break
        case .verdict(let sentence):
            progress.finish()
            progress.line(sentence)
        case .stepSkipped(let step, let reason):
            progress.line("Step \(step) is tried again with other pictures: \(reason).")
        case .checkpointSaved(let path, _):
            progress.line("Saved \(path)")
        case .validationPainted(let step, let pictures):
            progress.line(
                "Painted \(pictures.count) picture(s) after step \(step): "
                    + (pictures.first.map { $0.deletingLastPathComponent().path } ?? ""))
        case .modelSaved(let path):
            progress.finish()
            progress.line("The trained model is in \(path)")
        }
    }

    func finish() { progress.finish() }

    /// The loss, the curve's last value, the speed and the memory.
    private func detail(_ record: StepRecord, _ memory: Int?) -> String {
        // The mean of about the last twenty steps.
        pace = pace.map { $0 + (record.seconds - $0) / 20 } ?? record.seconds
        var parts = ["loss \(Self.short(record.loss))"]
        if let error { parts.append("error \(Self.short(error))") }
        if let pace, pace > 0 {
            parts.append(
                pace <= 1
                    ? String(format: "%.1f steps/s", 1 / pace)
                    : String(format: "%.1f s/step", pace))
        }
        if let memory { parts.append(MemoryUse.text(memory)) }
        return parts.joined(separator: " · ")
    }

    private static func short(_ value: Double) -> String { String(format: "%.4f", value) }
}
