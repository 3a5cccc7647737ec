extension ComparisonAdvice {
    static func smallest(
        _ rows: [ComparisonTable.Row], _ yardstick: SubjectYardstick? = nil
    ) -> ComparisonAdvice? {
        guard rows.count > 1, let least = rows.min(by: { $0.fileBytes.mean < $1.fileBytes.mean }),
            let most = rows.max(by: { $0.fileBytes.mean < $1.fileBytes.mean }),
            most.fileBytes.mean > least.fileBytes.mean
        else { return nil }
        let likeness = yardstick?.named(least).map { ", " + $0 } ?? ""
        return .init(
            topic: "For a small file",
            sentence:
                "\(least.method.label): \(FigureText.bytes(least.fileBytes.mean))\(likeness); "
                + "\(most.method.label) takes \(FigureText.bytes(most.fileBytes.mean)).")
    }

    static func quickest(
        _ rows: [ComparisonTable.Row], _ yardstick: SubjectYardstick? = nil
    ) -> ComparisonAdvice? {
        guard rows.count > 1, let least = rows.min(by: { $0.seconds.mean < $1.seconds.mean }),
            let most = rows.max(by: { $0.seconds.mean < $1.seconds.mean }),
            most.method != least.method
        else { return nil }
        let likeness = yardstick?.named(least).map { ", " + $0 } ?? ""
        return .init(
            topic: "In a hurry",
            sentence: "\(least.method.label): \(training(least))\(likeness); the longest was "
                + "\(most.method.label) with \(training(most)).")
    }

    /// `42 s for 250 steps of 0.15 s`
    static func training(_ row: ComparisonTable.Row) -> String {
        "\(FigureText.time(row.seconds.mean)) for \(FigureText.count(row.stepCount, "step")) of "
            + FigureText.time(row.secondsPerStep.mean)
    }

    static func memory(
        _ rows: [ComparisonTable.Row], _ table: ComparisonTable
    ) -> ComparisonAdvice? {
        guard let least = rows.min(by: { $0.peakMemory.mean < $1.peakMemory.mean }),
            let most = rows.max(by: { $0.peakMemory.mean < $1.peakMemory.mean })
        else { return nil }
        var sentence: String
        if most.method != least.method, most.peakMemory.mean > least.peakMemory.mean * 1.05 {
            sentence =
                "\(least.method.label) takes least memory in training "
                + "(\(FigureText.bytes(least.peakMemory.mean))), \(most.method.label) most "
                + "(\(FigureText.bytes(most.peakMemory.mean)))"
        } else {
            sentence =
                "memory does not decide: no training took more than "
                + FigureText.bytes(most.peakMemory.mean)
        }
        if let machine = table.machineMemory {
            let tight = rows.filter { $0.peakMemory.mean > memoryShare * Double(machine) }
            let total = FigureText.bytes(Double(machine))
            sentence +=
                tight.isEmpty
                ? "; this machine has \(total), which is enough for each"
                : "; of this machine's \(total) more than \(Int(memoryShare * 100)) % go to "
                    + FigureText.list(tight.map(\.method.label))
        }
        if let device = rows.compactMap(\.peakDeviceMemory).map(\.mean).max() {
            sentence += "; on the GPU the most was \(FigureText.bytes(device))"
        }
        return .init(topic: "For this machine", sentence: capitalized(sentence) + ".")
    }

    /// With how few photos each method does as well as with most.
    static func photos(
        _ table: ComparisonTable, _ yardstick: SubjectYardstick
    ) -> ComparisonAdvice? {
        let sentences = ComparedMethod.allCases.compactMap { method -> String? in
            let rows = table.rows.filter { $0.method == method && yardstick.value($0) != nil }
            // The rows come with the highest count first.
            guard rows.count > 1, let most = rows.first, let reached = yardstick.value(most) else {
                return nil
            }
            let enough =
                rows.last { row in
                    // By the means: seeds that are far apart should not make few photos enough.
                    yardstick.value(row).map { $0.mean >= reached.mean - 2 * yardstick.floor }
                        ?? false
                } ?? most
            let figures = rows.reversed().compactMap { row in
                yardstick.value(row).map { "\(row.photoCount): \(yardstick.text($0))" }
            }
            return "\(method.label) needs \(FigureText.count(enough.photoCount, "photo")) "
                + "(\(yardstick.name) with \(figures.joined(separator: ", ")))"
        }
        guard !sentences.isEmpty else { return nil }
        return .init(
            topic: "For this many photos", sentence: sentences.joined(separator: "; ") + ".")
    }

    /// What can be said where pictures could not be measured.
    static func withoutPictures(
        _ rows: [ComparisonTable.Row], _ table: ComparisonTable
    ) -> [ComparisonAdvice] {
        var result: [ComparisonAdvice?] = [
            .init(
                topic: "What is missing",
                sentence: "The model has no folder clip, so nothing can be said about likeness, "
                    + "prompts and diversity: judge the pictures by eye.")
        ]
        let moved = rows.compactMap { row in row.predictionDrift.map { (row, $0) } }
        if moved.count > 1, let least = moved.min(by: { $0.1.mean < $1.1.mean }),
            let most = moved.max(by: { $0.1.mean < $1.1.mean })
        {
            result.append(
                .init(
                    topic: "To keep other things of the class as they are",
                    sentence: "\(least.0.method.label): the prediction for the class moved least "
                        + "(\(FigureText.percent(least.1.mean))), that of \(most.0.method.label) "
                        + "most (\(FigureText.percent(most.1.mean)))."))
        }
        result += [smallest(rows), quickest(rows), memory(rows, table)]
        return result.compactMap(\.self)
    }

    private static func capitalized(_ sentence: String) -> String {
        sentence.prefix(1).uppercased() + sentence.dropFirst()
    }
}
