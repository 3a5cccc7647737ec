import Files
import Foundation

/// `methods.md`: the table, with the pictures as links relative to the folder.
struct ComparisonMarkdown {
    private let outcome: ComparisonOutcome
    private let folder: ComparisonFolder

    init(_ outcome: ComparisonOutcome, folder: ComparisonFolder) {
        self.outcome = outcome
        self.folder = folder
    }

    func write() throws {
        try AtomicFile.write(Data(text.utf8), to: folder.markdown)
    }

    private var text: String {
        let table = outcome.table
        var parts = [
            "# Methods compared on “\(outcome.settings.subject.name)”",
            outcome.conditions.joined(separator: " "), table.markdown,
            ComparisonColumn.columns(of: table).map { "- **\($0.title)**: \($0.meaning)" }
                .joined(separator: "\n"),
            "## Which method",
            outcome.advice.map { "- **\($0.topic)**: \($0.sentence)" }
                .joined(separator: "\n"),
        ]
        if !outcome.literature.isEmpty {
            parts.append("## What the literature reports")
            parts.append(
                outcome.literature.map {
                    "- \($0.claim): **\($0.outcome.rawValue)** (\($0.figures))."
                }
                .joined(separator: "\n"))
        }
        parts.append("## Pictures")
        parts.append("The same seed in every column.")
        parts.append(pictures)
        return parts.joined(separator: "\n\n") + "\n"
    }

    private var pictures: String {
        let runs = outcome.shown
        let seed = outcome.settings.firstSeed
        let names = ["untrained"] + runs.map(\.method.label)
        let places = ["pictures/untrained"] + runs.map { "pictures/\($0.name)" }
        let prompts = ComparisonPictures.prompts(
            outcome.settings, calling: outcome.settings.subject.name)
        var lines = [
            "| | \(names.joined(separator: " | ")) |",
            "|---|" + names.map { _ in ":---:|" }.joined(),
        ]
        for (file, prompt) in prompts {
            let cells = places.map { "![](\($0)/\(file)-\(seed).png)" }
            lines.append("| \(prompt) | \(cells.joined(separator: " | ")) |")
        }
        return lines.joined(separator: "\n")
    }
}
