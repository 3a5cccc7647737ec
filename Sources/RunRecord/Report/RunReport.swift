import Evaluation
import Files
package import Foundation
import Imaging

/// `report.html`: what a run learned and forgot, in one file with everything inside, to be opened
/// by a double click or sent on. It can be looked at while the run goes on.
package final class RunReport {
    let description: RunDescription
    /// Pictures of earlier pages, which are encoded once.
    private var encoded: [URL: String] = [:]

    /// Rows of previews on the page: more would make it heavy.
    static let previewLimit = 10
    /// Photos on the page.
    static let photoLimit = 60

    /// The report of one run.
    package init(_ description: RunDescription) { self.description = description }

    /// Where it is written.
    package var url: URL { description.output.appendingPathComponent("report.html") }

    /// Writes the page as things stand.
    package func write(_ record: RunRecord, memory: Int?) throws {
        try AtomicFile.write(Data(page(record, memory: memory).utf8), to: url)
    }

    /// The page.
    ///
    /// - Parameter memory: the most memory that the run has had, in bytes.
    package func page(_ record: RunRecord, memory: Int?) -> String {
        HTML.page(
            title: description.name,
            head: record.state == .running
                ? "<meta http-equiv=\"refresh\" content=\"60\">\n" : "",
            body: [
                header(record, memory), curves(record), previews(record), files(record),
                photos(record), notices(record), settings(),
            ].joined(separator: "\n"))
    }

    private func header(_ record: RunRecord, _ memory: Int?) -> String {
        let subject = [
            description.methodName, description.modelName, description.device,
        ].map(HTML.escaped).joined(separator: " · ")
        return """
            <header>
            <p class="kicker">\(subject)</p>
            <h1>\(HTML.escaped(description.name))</h1>
            <p class="verdict \(verdictClass(record))">\(HTML.sentence(unbroken(verdict(record))))</p>
            <div class="tiles">\(tiles(record, memory))</div>
            </header>
            """
    }

    private func verdict(_ record: RunRecord) -> String {
        switch record.state {
        case .running:
            let start = "The run is at step \(record.step) of \(description.stepCount)."
            return record.curve.verdict.map { "\(start) So far: \($0)" } ?? start
        case .ended(let reason):
            return "The run ended early, after step \(record.step): \(reason)"
        case .done:
            return record.verdict ?? record.curve.verdict
                ?? "Done. Nothing was measured, so whether it learned cannot be said."
        }
    }

    /// A number stays with its sign.
    private func unbroken(_ text: String) -> String { text.replacing(" %", with: "\u{A0}%") }

    private func verdictClass(_ record: RunRecord) -> String {
        switch record.state {
        case .running: "running"
        case .ended: "bad"
        case .done: record.curve.outcome.map { $0.isGood } ?? true ? "" : "bad"
        }
    }

    private func tiles(_ record: RunRecord, _ memory: Int?) -> String {
        var tiles: [(String, String)] = [
            (
                "\(record.step)",
                record.step == description.stepCount ? "steps" : "of \(description.stepCount) steps"
            )
        ]
        let readings = record.curve.readings
        if let first = readings.first, let last = readings.last, readings.count > 1,
            first.error > 0
        {
            let change = (last.error - first.error) / first.error * 100
            tiles.append(
                (
                    "\(change > 0 ? "+" : "−")\(String(format: "%.1f", abs(change))) %",
                    last.trainError == nil ? "error on photos" : "held-out error"
                ))
            tiles.append((Self.percent(last.drift), "drift of the class"))
        }
        if let best = record.curve.best, best.step > 0, readings.count > 1 {
            tiles.append(("\(best.step)", "best step"))
        }
        if record.seconds > 0 {
            tiles.append((Self.time(record.seconds), Self.speed(record)))
        }
        if let memory { tiles.append((MemoryUse.text(memory), "memory at most")) }
        return tiles.map {
            "<div class=\"tile\"><b>\(HTML.escaped($0.0))</b>"
                + "<small>\(HTML.escaped($0.1))</small></div>"
        }.joined()
    }

    private func settings() -> String {
        var rows = [
            ("Method", description.methodName),
            ("Model", "\(description.modelName) (\(description.modelHash))"),
            ("Device", description.device),
            ("Steps", "\(description.stepCount)"),
        ]
        rows += description.settingRows.filter { !["method", "model"].contains($0.0) }
        return "<section><h2>Settings</h2>\n\(HTML.table(rows))</section>"
    }

    private func notices(_ record: RunRecord) -> String {
        guard !record.notices.isEmpty else { return "" }
        let lines = record.notices.map { "<p>\(HTML.sentence($0))</p>" }
        return "<section><h2>Notes of the run</h2>\n\(lines.joined(separator: "\n"))</section>"
    }

    /// A picture of the disk, made small, or nil where it cannot be read any more.
    ///
    /// - Parameters:
    ///   - side: its shorter side at most, in pixels.
    ///   - asPhoto: as JPEG whatever its size.
    func image(_ url: URL, side: Int, asPhoto: Bool) -> String? {
        if let known = encoded[url] { return known }
        guard let picture = try? PhotoReader.read(url) else { return nil }
        let scale = min(1, Double(side) / Double(min(picture.width, picture.height)))
        let small =
            scale < 1
            ? picture.resized(
                width: max(1, Int(Double(picture.width) * scale)),
                height: max(1, Int(Double(picture.height) * scale))) : picture
        let result = try? HTML.image(small, asPhoto: asPhoto || scale < 1 || side > 256)
        encoded[url] = result
        return result
    }

    static func percent(_ share: Double) -> String { String(format: "%.1f %%", share * 100) }

    static func time(_ seconds: Double) -> String {
        if seconds < 60 { return String(format: seconds < 10 ? "%.1f s" : "%.0f s", seconds) }
        let minutes = Int((seconds / 60).rounded())
        return minutes < 60 ? "\(minutes) min" : "\(minutes / 60) h \(minutes % 60) min"
    }

    static func speed(_ record: RunRecord) -> String {
        let rate = Double(record.steps.count) / max(record.seconds, 1e-9)
        return rate >= 1
            ? String(format: "%.1f steps/s", rate) : String(format: "%.1f s/step", 1 / rate)
    }
}
