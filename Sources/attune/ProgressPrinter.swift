import Comparison
import Foundation

/// Shows how far something is: a bar that redraws itself on a terminal, plain lines elsewhere.
final class ProgressPrinter {
    private let isTerminal: Bool
    private let clock = ContinuousClock()
    private var title = ""
    private var start: ContinuousClock.Instant
    private var startDone = 0
    private var lastShown: ContinuousClock.Instant?
    private var barIsShown = false
    /// Elsewhere than on a terminal a line is printed this often at most.
    private let lineInterval = Duration.seconds(10)
    private let barInterval = Duration.milliseconds(100)

    private let wording: Wording?
    private let isSilent: Bool

    /// - Parameters:
    ///   - wording: of the command, for sentences of the libraries.
    ///   - isSilent: shows nothing.
    init(wording: Wording? = nil, isSilent: Bool = false) {
        self.wording = wording
        self.isSilent = isSilent
        isTerminal = isatty(STDOUT_FILENO) != 0
        start = clock.now
    }

    /// Shows that `done` of `total` are done; a new title begins a new bar.
    ///
    /// - Parameter detail: what else is worth knowing, such as the loss.
    func update(_ title: String, done: Int, total: Int, detail: String = "") {
        let now = clock.now
        if title != self.title {
            finish()
            self.title = title
            start = now
            startDone = done
            lastShown = nil
        }
        let isLast = done >= total
        if let lastShown, !isLast, now - lastShown < (isTerminal ? barInterval : lineInterval) {
            return
        }
        lastShown = now
        var text = "\(title) \(done)/\(total)"
        if isTerminal { text += " " + Self.bar(done, total, width: 24) }
        if !detail.isEmpty { text += " · \(detail)" }
        if let left = timeLeft(now, done, total) { text += " · \(left) left" }
        if isTerminal {
            write("\r\u{1B}[K" + Self.cut(text, to: Self.columns - 1))
            barIsShown = true
            if isLast { finish() }
        } else {
            write(text + "\n")
        }
    }

    /// Prints a line above the bar.
    func line(_ text: String) {
        let text = wording?.sentence(text) ?? text
        if barIsShown { write("\r\u{1B}[K") }
        write(text + "\n")
        barIsShown = false
        lastShown = nil
    }

    /// Shows what a comparison tells.
    func show(_ event: ComparisonEvent) {
        if case .progress(let title, let done, let total) = event {
            update(title, done: done, total: total)
        }
        if let text = event.line { line(text) }
    }

    /// Leaves the bar as it stands; what follows begins on a new line.
    func finish() {
        if barIsShown { write("\n") }
        barIsShown = false
        title = ""
    }

    private func timeLeft(
        _ now: ContinuousClock.Instant, _ done: Int, _ total: Int
    ) -> String? {
        let passed = (now - start) / .seconds(1)
        guard done > startDone, done < total, passed > 1 else { return nil }
        return Self.time(passed / Double(done - startDone) * Double(total - done))
    }

    /// `42 s`, `3 min 05 s` or `2 h 10 min`.
    static func time(_ seconds: Double) -> String {
        // What takes longer than anybody waits has no number.
        guard seconds < 1e9 else { return "years" }
        let whole = Int(seconds.rounded())
        func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return "\(whole / 60) min \(padded(whole % 60)) s" }
        return "\(whole / 3600) h \(padded(whole % 3600 / 60)) min"
    }

    private static func bar(_ done: Int, _ total: Int, width: Int) -> String {
        let filled =
            total > 0 ? min(width, Int(Double(width) * Double(done) / Double(total))) : width
        return String(repeating: "█", count: filled)
            + String(repeating: "░", count: width - filled)
    }

    private static var columns: Int {
        var size = winsize()
        let status = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size)
        return status == 0 && size.ws_col > 20 ? Int(size.ws_col) : 80
    }

    private static func cut(_ text: String, to count: Int) -> String {
        text.count <= count ? text : String(text.prefix(count - 1)) + "…"
    }

    private func write(_ text: String) {
        if !isSilent { Terminal.write(text) }
    }
}
