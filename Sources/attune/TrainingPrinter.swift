import FineTuning
import Foundation

/// Shows a run's events to a person.
final class TrainingPrinter {
    private let progress = ProgressPrinter()

    func show(_ event: TrainingEvent) {
        switch event {
        case .notice(let sentence):
            progress.line("Note: \(sentence)")
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
        case .step(let record, let total):
            progress.update(
                "training", done: record.step, total: total,
                detail: "loss \(Self.short(record.loss)) · rate \(record.learningRate)")
        case .measured(let reading, let before):
            guard reading.step > 0 else { return }
            progress.line(
                "Step \(reading.step): error on the photos \(Self.short(reading.error)) "
                    + "(\(Self.short(before.error)) before), drift of the class "
                    + "\(String(format: "%.1f", reading.drift * 100)) %")
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

    private static func short(_ value: Double) -> String { String(format: "%.4f", value) }
}
