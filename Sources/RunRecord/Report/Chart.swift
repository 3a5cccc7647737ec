import Foundation

/// Curves over the steps of a run, as SVG that stands in a page and takes its colours.
package struct Chart {
    /// A line.
    package struct Line {
        /// Which of the page's colours, and how it is drawn.
        package enum Look: String {
            case first
            case second
            case third
            case quiet
            /// Thin and grey, for what is noisy.
            case noise
        }

        let points: [(step: Double, value: Double)]
        let look: Look
        /// Whether every point is a reading that one may point at.
        let hasDots: Bool

        /// A line; what is not finite is left out.
        package init(_ points: [(step: Double, value: Double)], _ look: Look, hasDots: Bool) {
            self.points = points.filter { $0.step.isFinite && $0.value.isFinite }
            self.look = look
            self.hasDots = hasDots
        }
    }

    /// A point that is named.
    package struct Mark {
        let step: Double
        let value: Double
        let text: String

        /// A mark; see the members.
        package init(step: Double, value: Double, text: String) {
            self.step = step
            self.value = value
            self.text = text
        }
    }

    private let title: String
    private let lines: [Line]
    private let mark: Mark?
    private let height: Double
    private let width: Double
    private let label: (Double) -> String
    private let steps: ClosedRange<Double>
    private let values: ClosedRange<Double>

    private static let left = 62.0
    private static let right = 16.0
    private static let top = 14.0
    private static let bottom = 26.0

    /// - Parameters:
    ///   - title: for those who hear the page.
    ///   - lastStep: where the axis of the steps ends.
    ///   - beginsAtZero: whether the axis of the values holds 0.
    ///   - label: how values are written.
    package init(
        _ title: String, _ lines: [Line], lastStep: Int, mark: Mark? = nil,
        beginsAtZero: Bool = false, width: Double = 940, height: Double = 300,
        label: @escaping (Double) -> String = { String(format: "%g", $0) }
    ) {
        self.title = title
        self.lines = lines
        self.mark = mark
        self.width = width
        self.height = height
        self.label = label
        steps = 0...Double(max(1, lastStep))
        let all = lines.flatMap(\.points).map(\.value) + (beginsAtZero ? [0] : [])
        let low = all.min() ?? 0
        let high = all.max() ?? 1
        // A flat line stands in the middle.
        let room = high > low ? (high - low) * 0.08 : max(abs(high) * 0.1, 1e-12)
        values = (beginsAtZero && low >= 0 ? low : low - room)...(high + room)
    }

    /// The drawing.
    package var svg: String {
        var parts = [
            "<svg class=\"chart\" viewBox=\"0 0 \(Self.text(width)) \(Self.text(height))\" "
                + "role=\"img\" aria-label=\"\(HTML.escaped(title))\">"
        ]
        for value in Self.ticks(values, count: height > 200 ? 5 : 3) {
            let y = Self.text(y(value))
            parts.append(
                "<line class=\"grid\" x1=\"\(Self.text(Self.left))\" "
                    + "x2=\"\(Self.text(width - Self.right))\" y1=\"\(y)\" y2=\"\(y)\"/>"
                    + "<text x=\"\(Self.text(Self.left - 10))\" y=\"\(y)\" dy=\".35em\" "
                    + "text-anchor=\"end\">\(HTML.escaped(label(value)))</text>")
        }
        for step in Self.ticks(steps, count: 6) where step == step.rounded() {
            parts.append(
                "<text x=\"\(Self.text(x(step)))\" y=\"\(Self.text(height - 6))\" "
                    + "text-anchor=\"middle\">\(Int(step))</text>")
        }
        if let mark { parts.append(drawing(of: mark)) }
        parts += lines.filter { !$0.points.isEmpty }.map(drawing(of:))
        if let mark {
            parts.append(
                "<circle class=\"mark\" cx=\"\(Self.text(x(mark.step)))\" "
                    + "cy=\"\(Self.text(y(mark.value)))\" r=\"7\"/>")
        }
        return parts.joined(separator: "\n") + "</svg>"
    }

    private func drawing(of line: Line) -> String {
        let places = line.points.map { "\(Self.text(x($0.step))),\(Self.text(y($0.value)))" }
        var result =
            "<polyline class=\"\(line.look.rawValue)\" points=\"\(places.joined(separator: " "))\"/>"
        // A line of one point would not be seen.
        guard line.hasDots || places.count == 1 else { return result }
        for point in line.points {
            result +=
                "<circle class=\"\(line.look.rawValue)\" cx=\"\(Self.text(x(point.step)))\" "
                + "cy=\"\(Self.text(y(point.value)))\" r=\"3.5\"><title>step \(Int(point.step)): "
                + "\(HTML.escaped(label(point.value)))</title></circle>"
        }
        return result
    }

    private func drawing(of mark: Mark) -> String {
        let place = x(mark.step)
        let isRight = place > width * 0.7
        let side = Self.text(place + (isRight ? -8 : 8))
        return
            "<line class=\"mark\" x1=\"\(Self.text(place))\" x2=\"\(Self.text(place))\" "
            + "y1=\"\(Self.text(Self.top))\" y2=\"\(Self.text(height - Self.bottom))\"/>"
            + "<text class=\"mark\" x=\"\(side)\" y=\"\(Self.text(Self.top + 8))\" "
            + "text-anchor=\"\(isRight ? "end" : "start")\">\(HTML.escaped(mark.text))</text>"
    }

    private func x(_ step: Double) -> Double {
        let share = (step - steps.lowerBound) / (steps.upperBound - steps.lowerBound)
        return Self.left + share * (width - Self.left - Self.right)
    }

    private func y(_ value: Double) -> Double {
        let share = (value - values.lowerBound) / (values.upperBound - values.lowerBound)
        return height - Self.bottom - share * (height - Self.top - Self.bottom)
    }

    /// Round numbers in a range, about as many as asked for.
    static func ticks(_ range: ClosedRange<Double>, count: Int) -> [Double] {
        let rough = (range.upperBound - range.lowerBound) / Double(max(1, count))
        let power = pow(10, floor(log10(rough)))
        let step = ([1, 2, 5].map { $0 * power }.first { $0 >= rough }) ?? 10 * power
        let (low, high) = (range.lowerBound / step, range.upperBound / step)
        // Nothing round lies in a range that is too wide or too narrow for its numbers.
        guard abs(low) < 1e15, abs(high) < 1e15 else { return [] }
        let (first, last) = (Int(low.rounded(.up)), Int(high.rounded(.down)))
        return first <= last ? (first...last).map { Double($0) * step } : []
    }

    private static func text(_ number: Double) -> String {
        String(format: "%g", (number * 10).rounded() / 10)
    }
}
