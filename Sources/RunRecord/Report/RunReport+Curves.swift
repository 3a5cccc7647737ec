import Evaluation
import Foundation
import NN
import Settings

extension RunReport {
    /// The curves of a run, each with what it says.
    func curves(_ record: RunRecord) -> String {
        guard !record.steps.isEmpty else { return "" }
        let last = max(record.step, record.state == .done ? record.step : description.stepCount)
        let learning = learning(record, last: last)
        let others = [forgetting(record, last: last), rate(record, last: last)]
            .filter { !$0.isEmpty }
        return """
            <section><h2>Curves</h2>
            \(learning)
            <div class="panels">\(others.joined(separator: "\n"))</div></section>
            """
    }

    private func learning(_ record: RunRecord, last: Int) -> String {
        let noisy = Chart(
            "The loss of each step",
            [Chart.Line(Self.thinned(record.steps) { $0.loss }, .noise, hasDots: false)],
            lastStep: last, height: 120
        ).svg
        let readings = record.curve.readings
        guard !readings.isEmpty else {
            return """
                <div class="panel"><h3>The loss of each step</h3>
                <p>Mostly decided by which timestep was drawn; nothing else was measured.</p>
                \(noisy)</div>
                """
        }
        let isHeldOut = readings.contains { $0.trainError != nil }
        var lines: [Chart.Line] = []
        if isHeldOut {
            lines.append(
                Chart.Line(
                    readings.compactMap { reading in
                        reading.trainError.map { (Double(reading.step), $0) }
                    }, .quiet, hasDots: true))
        }
        lines.append(
            Chart.Line(readings.map { (Double($0.step), $0.error) }, .first, hasDots: true))
        let mark = record.curve.best.flatMap { best in
            best.step > 0
                ? Chart.Mark(
                    step: Double(best.step), value: best.error, text: "best: step \(best.step)")
                : nil
        }
        let keys =
            isHeldOut
            ? "<p class=\"keys\"><span><i></i>held-out photos</span>"
                + "<span><i class=\"quiet\"></i>photos it trains on</span></p>" : ""
        let explanation =
            isHeldOut
            ? "The error on photos that training never sees, with the same noise every time. "
                + "Where it rises while the other falls, the photos are learned by heart."
            : "The error on the photos, with the same noise every time. They are the ones that "
                + "it trains on, since there are too few to keep some aside: that they are "
                + "learned by heart does not show here."
        return """
            <div class="panel"><h3>Is it learning?</h3>
            <p>\(explanation)</p>
            \(keys)
            \(Chart("The error on the photos", lines, lastStep: last, mark: mark).svg)
            <small>The loss of each step, which mostly says which timestep was drawn:</small>
            \(noisy)</div>
            """
    }

    private func forgetting(_ record: RunRecord, last: Int) -> String {
        let readings = record.curve.readings
        guard !readings.isEmpty else { return "" }
        let chart = Chart(
            "The drift of the class",
            [Chart.Line(readings.map { (Double($0.step), $0.drift) }, .second, hasDots: true)],
            lastStep: last, beginsAtZero: true, width: 460, height: 210,
            label: { String(format: "%g %%", ($0 * 1000).rounded() / 10) })
        let prompts = description.configuration.subjects.compactMap(\.classPrompt)
        let prompt =
            prompts.isEmpty
            ? "the empty prompt" : prompts.map { "“\($0)”" }.joined(separator: ", ")
        return """
            <div class="panel"><h3>Is it forgetting?</h3>
            <p>How far the prediction for \(HTML.escaped(prompt)) has moved from the untrained \
            model’s.</p>
            \(chart.svg)</div>
            """
    }

    private func rate(_ record: RunRecord, last: Int) -> String {
        let chart = Chart(
            "The learning rate",
            [Chart.Line(Self.thinned(record.steps) { $0.learningRate }, .third, hasDots: false)],
            lastStep: last, beginsAtZero: true, width: 460, height: 210)
        let optimizer = description.configuration.training.optimizer.rawValue
        let curve = description.configuration.training.lrScheduler.rawValue
        return """
            <div class="panel"><h3>Learning rate</h3>
            <p>\(HTML.escaped(optimizer)), \(HTML.escaped(curve)).</p>
            \(chart.svg)</div>
            """
    }

    /// At most so many points of a long run, each the mean of its neighbours.
    static func thinned(
        _ steps: [StepRecord], limit: Int = 400, _ value: (StepRecord) -> Double
    ) -> [(step: Double, value: Double)] {
        guard steps.count > limit else { return steps.map { (Double($0.step), value($0)) } }
        return (0..<limit).map { index in
            let part = steps[(index * steps.count / limit)..<((index + 1) * steps.count / limit)]
            let count = Double(part.count)
            return (
                part.reduce(0) { $0 + Double($1.step) } / count,
                part.reduce(0) { $0 + value($1) } / count
            )
        }
    }
}
